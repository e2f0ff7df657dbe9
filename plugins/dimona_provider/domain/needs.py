"""Which fields a declaration must and must not carry, by kind, worker type and joint committee."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Breach, Draft, breach, fields_of_declarations, holds, inner_fields
from dimona_provider.domain.tables import csv_table, toml_table
from dimona_provider.domain.worker_types import Need, rule_for, worker_types

_CARDS = "construction_cards"
_BLOCKS = frozenset({_CARDS, "place_of_work", "small_statutes", "user_enterprise"})
_ELSEWHERE = frozenset({"employer", "worker", "declaration", "block"})
"""Optional in follow-ups, and judged by rules of their own in an IN."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be there and what must not be; a forbidden block stands for all in it."""

    required: tuple[str, ...]
    forbidden: frozenset[str]
    whole: frozenset[str] = frozenset()
    """Of what is required, the fields of an optional block: required once the block is there."""


@cache
def limits() -> dict[str, Any]:
    """Return tables/limits.toml."""
    return toml_table("limits.toml")


@cache
def needs_of(kind: Kind, worker_type: str | None, committee: str | None, user: str | None) -> Needs:
    """
    Return what a declaration of *kind* needs; None stands for what is not known.

    *user* is the joint committee of the user enterprise, ``none`` when none is given.
    """
    if kind is Kind.IN:
        return _needs_of_in(worker_type, committee, user)
    row = limits()["kinds"][kind]
    allowed = {*row["required"], *row["optional"]}
    others = {name for name in fields_of_declarations() if name.partition(".")[0] not in _ELSEWHERE}
    forbidden = (inner for name in others - allowed for inner in _forbidden_of(name))
    return Needs(tuple(row["required"]), frozenset(forbidden))


def _needs_of_in(worker_type: str | None, committee: str | None, user: str | None) -> Needs:
    needs = dict(_needs_of_type(worker_type))
    needs |= dict.fromkeys(("start_date", "features.joint_committee", "features.worker_type"), Need.REQUIRED)
    needs["period_id"] = Need.FORBIDDEN
    cards = _need_of_cards(committee, user, worker_type)
    if cards is not None:
        needs[_CARDS] = cards
    if committee == limits()["committees"]["temporary_work"]:
        needs["end_date"] = Need.REQUIRED
    elif committee is not None:
        needs["user_enterprise"] = Need.FORBIDDEN
    required = [name for name, need in needs.items() if need is Need.REQUIRED]
    forbidden = [name for name, need in needs.items() if need is Need.FORBIDDEN]
    whole = _demanded_of(_CARDS) if cards is Need.OPTIONAL else ()
    return Needs(
        (*(name for block in required for name in _demanded_of(block)), *whole),
        frozenset(name for block in forbidden for name in _forbidden_of(block)),
        frozenset(whole),
    )


def _needs_of_type(worker_type: str | None) -> dict[str, Need]:
    if worker_type is None:
        return {}
    rule = worker_types()[worker_type]
    needs = {
        "end_date": rule.end_date,
        "planned_hours": rule.planned_hours,
        "place_of_work": rule.place_of_work,
        "small_statutes": rule.small_statutes,
    }
    if rule.hours in {Need.FORBIDDEN, Need.REQUIRED}:
        needs |= {"start_hour": rule.hours, "end_hour": rule.hours}
    return needs


def _forbidden_of(block: str) -> Iterator[str]:
    """Yield *block* and what is in it; a municipality is one field to the NSSO."""
    yield from (name for name in (block, *inner_fields(block)) if ".municipality." not in name)


def _demanded_of(name: str) -> tuple[str, ...]:
    if name == _CARDS:
        return inner_fields(name)
    if name == "small_statutes":
        return f"{name}.employment_nature", f"{name}.worker_status"
    return (name,)


@cache
def _need_of_cards(committee: str | None, user: str | None, worker_type: str | None) -> Need | None:
    """Return the first row that matches; None when that depends on something that is not known."""
    for row in csv_table("control_cards.csv"):
        wanted = (row["committee"], row["user_committee"], row["worker_type"])
        pairs = [pair for pair in zip(wanted, (committee, user, worker_type), strict=True) if pair[0] != "*"]
        if all(fact in {None, cell} for cell, fact in pairs):
            return None if any(fact is None for _, fact in pairs) else Need(row["need"])
    raise LookupError("the last row of control_cards.csv has to match everything")


def check_needs(draft: Draft) -> Iterator[Breach]:
    """Yield what is missing and what is too much."""
    present, needs = draft.present, _needs(draft)
    for name in needs.required:
        if name not in present and not _is_excused(draft, name, needs):
            yield breach(name, "absent")
    if not needs.forbidden.isdisjoint(present):
        for name in fields_of_declarations():
            is_told_inside = holds(present, name) and not name.endswith(".municipality")
            if name in needs.forbidden and name in present and not is_told_inside:
                yield breach(name, "forbidden")


def forbidden_blocks(draft: Draft) -> frozenset[str]:
    """Return the blocks that have no place in *draft*: being there is what is wrong, not what they hold."""
    return _needs(draft).forbidden & _BLOCKS


def _needs(draft: Draft) -> Needs:
    values, user = draft.values, "user_enterprise.joint_committee"
    rule = rule_for(values.get("features.worker_type"), values.get("start_date"))
    return needs_of(
        draft.kind,
        rule.code if rule else None,
        values.get("features.joint_committee"),
        values.get(user) if user in draft.present else "none",
    )


def _is_excused(draft: Draft, name: str, needs: Needs) -> bool:
    block = name.partition(".")[0]
    if block in draft.present:
        return block in draft.unreadable
    if name in needs.whole:
        return True
    start = draft.values.get("start_date")
    return block == "small_statutes" and start is not None and start < limits()["small_statutes"]["since"]
