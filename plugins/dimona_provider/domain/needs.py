"""Which fields a declaration must and must not carry, by kind, worker type and joint committee."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Breach, Draft, breach, fields_of_declarations, holds, inner_fields
from dimona_provider.domain.tables import Form, check_section, csv_table, toml_table, wrong
from dimona_provider.domain.worker_types import Need, rule_for, worker_types

_CARDS = "construction_cards"
_CARD_TABLE = "control_cards.csv"
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


_LIMITS = "limits.toml"
_SECTIONS: Mapping[str, Mapping[str, Form]] = {
    "dates": {
        **dict.fromkeys(("earliest_start", "earliest_end", "open_end"), dt.date),
        "years_ahead": int,
    },
    "committees": {"known": list, "temporary_work": str, "day_lump_sum": list},
    "sub_entity": {"required_with": list},
    "small_statutes": {"since": dt.date},
    "kinds": dict.fromkeys((Kind.OUT, Kind.UPDATE, Kind.CANCEL), dict),
}


@cache
def limits() -> dict[str, Any]:
    """Return tables/limits.toml. Raises ConfigurationError for the first thing in it that has no meaning."""
    table = toml_table(_LIMITS)
    check_section(_LIMITS, "sections", table, dict.fromkeys(_SECTIONS, dict), _SECTIONS)
    for section, forms in _SECTIONS.items():
        check_section(_LIMITS, section, table[section], forms, forms)
    for kind, row in table["kinds"].items():
        forms = {"required": list, "optional": list}
        check_section(_LIMITS, f"kinds.{kind}", row, forms, forms)
        for name in (*row["required"], *row["optional"]):
            if name not in fields_of_declarations():
                raise wrong(_LIMITS, f"[kinds.{kind}]", f"{name!r} is no field of fields.csv")
    known = table["committees"]["known"]
    for name in (table["committees"]["temporary_work"], *table["committees"]["day_lump_sum"]):
        if name not in known:
            raise wrong(_LIMITS, "[committees]", f"{name!r} is none of {', '.join(known)}")
    return table


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
def _card_rules() -> tuple[Mapping[str, str], ...]:
    known = ("*", *limits()["committees"]["known"])
    forms = {
        "committee": known,
        "user_committee": (*known, "none"),
        "worker_type": ("*", *worker_types()),
        "need": (Need.REQUIRED, Need.OPTIONAL, Need.FORBIDDEN),
    }
    rows = tuple(csv_table(_CARD_TABLE, forms))
    if not rows or set(rows[-1].values()) - set(Need) != {"*"}:
        raise wrong(_CARD_TABLE, "last line", "it has to match everything: *,*,*")
    return rows


@cache
def _need_of_cards(committee: str | None, user: str | None, worker_type: str | None) -> Need | None:
    """Return the first row that matches; None when that depends on something that is not known."""
    for row in _card_rules():
        wanted = (row["committee"], row["user_committee"], row["worker_type"])
        pairs = [pair for pair in zip(wanted, (committee, user, worker_type), strict=True) if pair[0] != "*"]
        if all(fact in {None, cell} for cell, fact in pairs):
            return None if any(fact is None for _, fact in pairs) else Need(row["need"])
    raise AssertionError("the last row matches everything")


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
