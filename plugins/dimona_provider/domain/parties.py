"""Who and where: the rules on employer, worker, user enterprise, place of work, cards and joint committee."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Breach, Draft, breach, holds, inner_fields
from dimona_provider.domain.needs import forbidden_blocks, limits
from dimona_provider.domain.tables import csv_table
from dimona_provider.domain.worker_types import Need, WorkerType, worker_types

_LEFT_OUT = {"worker.ssin", "worker.initial"}
_OPTIONAL_IN_ADDRESS = ("box_number", "municipality.code", "municipality.name")
IDENTITY = frozenset(
    name
    for name in inner_fields("worker")
    if name not in _LEFT_OUT and name != "worker.address" and not name.endswith(_OPTIONAL_IN_ADDRESS)
)
"""All of these are needed when there is no SSIN (glossary block 90017)."""

_SSIN_OR_IDENTITY = Breach("90017-363", "worker")
_NEITHER_USER = Breach("90107-351", "user_enterprise")
_BOTH_USERS = Breach("90107-352", "user_enterprise")
_SAME_CARD = Breach("00664-353", "construction_cards.next_month")
_CLASH = Breach("90374-349", "features.joint_committee")
_SUB_ENTITY = breach("features.sub_entity", "absent")


def check_employer(draft: Draft) -> Iterator[Breach]:
    """Yield whether a number of the employer is missing (block 90256)."""
    if draft.kind is not Kind.IN and "employer" not in draft.present:
        return
    if "employer" not in draft.unreadable and not holds(draft.present, "employer"):
        yield breach("employer", "absent")


def check_worker(draft: Draft, rule: WorkerType | None) -> Iterator[Breach]:
    """Yield what is missing to know the worker of an IN."""
    if "worker" in draft.unreadable or "worker.ssin" in draft.present:
        return
    if rule is not None and rule.ssin is Need.REQUIRED:
        yield breach("worker.ssin", "absent")
    elif not draft.present >= IDENTITY and "worker.address" not in draft.unreadable:
        yield _SSIN_OR_IDENTITY


def check_features(draft: Draft) -> Iterator[Breach]:
    """Yield what is wrong between joint committee, worker type, employer and cards."""
    values = draft.values
    pair = (values.get("features.joint_committee"), values.get("features.worker_type"))
    if pair in _clashes():
        yield _CLASH
    number = values.get("employer.nsso_number")
    is_public = number is not None and number.number in limits()["sub_entity"]["required_with"]
    if is_public and "features.sub_entity" not in draft.present and "features" not in draft.unreadable:
        yield _SUB_ENTITY
    first = values.get("construction_cards.first_month")
    is_twice = first is not None and first == values.get("construction_cards.next_month")
    if is_twice and "construction_cards" not in forbidden_blocks(draft):
        yield _SAME_CARD


def check_places(draft: Draft, rule: WorkerType | None) -> Iterator[Breach]:
    """Yield what is missing of a user enterprise and of a student's place of work."""
    committee = draft.values.get("features.joint_committee")
    if committee == limits()["committees"]["temporary_work"] and "user_enterprise" not in draft.unreadable:
        yield from _check_user(draft)
    is_allowed = rule is not None and rule.place_of_work is not Need.FORBIDDEN
    if is_allowed and "place_of_work" in draft.present - draft.unreadable:
        yield from _check_place(draft)


def _check_place(draft: Draft) -> Iterator[Breach]:
    has_name = "place_of_work.name" in draft.present
    if not has_name:
        yield breach("place_of_work.name", "absent")
    if has_name or "place_of_work.address" in draft.present:
        yield from check_address(draft, "place_of_work.address")


def _check_user(draft: Draft) -> Iterator[Breach]:
    block = "user_enterprise"
    if block in draft.present and f"{block}.joint_committee" not in draft.present:
        yield breach(f"{block}.joint_committee", "absent")
    has_name = f"{block}.name" in draft.present
    has_address = f"{block}.address" in draft.present
    if f"{block}.enterprise_number" in draft.present:
        if has_name or has_address:
            yield _BOTH_USERS
    elif has_name:
        yield from check_address(draft, f"{block}.address")
    else:
        yield _NEITHER_USER


def check_address(draft: Draft, address: str) -> Iterator[Breach]:
    """Yield what is missing of an address."""
    if address in draft.unreadable:
        return
    for name in inner_fields(address):
        if name not in draft.present and not name.endswith(_OPTIONAL_IN_ADDRESS):
            yield breach(name, "absent")


@cache
def _clashes() -> frozenset[tuple[str, str]]:
    forms = {"committee": limits()["committees"]["known"], "worker_type": tuple(worker_types())}
    return frozenset(
        (row["committee"], row["worker_type"]) for row in csv_table("committee_clashes.csv", forms)
    )
