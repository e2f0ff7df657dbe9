"""The rules on the blocks beside dates and worker: committee, type, user enterprise, cards, statutes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.identifiers import is_enterprise_number
from include.dimona_simulator.model import Filing, Span
from include.dimona_simulator.rules_span import need
from include.dimona_simulator.settings import Registers
from include.dimona_simulator.tables import Need, TypeRule


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of an IN, with the rule of its type."""

    block: Mapping[str, Any]
    type: str
    committee: str
    user: Mapping[str, Any] | None
    span: Span
    rule: TypeRule

    @classmethod
    def of(cls, filing: Filing, span: Span) -> "Blocks":
        """Read the blocks of an IN."""
        features, kind = filing.features, filing.worker_type
        committee = str(features.get("jointCommissionNumber", ""))
        rule = tables.rule_of(kind, span.start)
        return cls(filing.block, kind, committee, features.get("userEnterprise"), span, rule)

    @property
    def users_committee(self) -> str | None:
        """Give the joint committee of the enterprise that uses a temporary worker."""
        return (self.user or {}).get("jointCommissionNumber")


def block_anomalies(filing: Filing, span: Span, registers: Registers) -> Iterator[str]:
    """Give what is wrong with the blocks of an IN."""
    blocks = Blocks.of(filing, span)
    yield from _type(blocks, filing, registers)
    yield from _committee(blocks, filing, registers)
    yield from _sub_entity(filing, registers)
    yield from _temporary_work(blocks, registers)
    yield from _cards(blocks)
    yield from _statutes(blocks)
    yield from _place_of_work(blocks)


def committee_of_work(filing: Filing) -> str:
    """Give the committee under which the work is done: the user's, for a temporary worker who has one."""
    committee = str(filing.features.get("jointCommissionNumber", ""))
    user = filing.features.get("userEnterprise") or {}
    return (
        str(user.get("jointCommissionNumber", committee)) if committee == tables.TEMPORARY_WORK else committee
    )


def _type(blocks: Blocks, filing: Filing, registers: Registers) -> Iterator[str]:
    if blocks.type not in tables.WORKER_TYPES:
        yield "00655-003"
        return
    local = not filing.employer_digits.isdisjoint(registers.local_employers)
    until_2021 = local and blocks.span.start < tables.LOCAL_TYPES_UNTIL
    if blocks.type not in tables.LOCAL_TYPES if until_2021 else blocks.type in tables.LOCAL_ONLY:
        yield "00655-350"


def _committee(blocks: Blocks, filing: Filing, registers: Registers) -> Iterator[str]:
    local = not filing.employer_digits.isdisjoint(registers.local_employers)
    yield from need(
        Need.FORBIDDEN if local else Need.REQUIRED,
        "00046",
        present="jointCommissionNumber" in filing.features,
    )
    if blocks.committee and blocks.committee not in tables.JOINT_COMMITTEES:
        yield "00046-003"
    not_for = blocks.committee in tables.COMMITTEES_NOT_FOR.get(blocks.type, ())
    users_not_for = blocks.users_committee in tables.USERS_COMMITTEES_NOT_FOR.get(blocks.type, ())
    if not_for or (blocks.committee == tables.TEMPORARY_WORK and users_not_for):
        yield "90374-349"


def _sub_entity(filing: Filing, registers: Registers) -> Iterator[str]:
    sent = filing.features.get("subEntityNumber")
    employer = next((key for key in filing.employer_digits if key in registers.sub_entities), None)
    yield from need(Need.FORBIDDEN if employer is None else Need.REQUIRED, "00652", present=sent is not None)
    valid = registers.sub_entities[employer] if employer is not None else ()
    if sent is not None and valid and sent not in valid:
        yield "00652-003"


def _temporary_work(blocks: Blocks, registers: Registers) -> Iterator[str]:
    if blocks.committee != tables.TEMPORARY_WORK:
        yield from _no_user(blocks.user)
        return
    if blocks.user is None:
        yield "90107-351"
    else:
        yield from _user(blocks.user, registers)
    if blocks.span.end is None:
        yield "00911-001"


def _user(user: Mapping[str, Any], registers: Registers) -> Iterator[str]:
    number, committee = user.get("enterpriseNumber"), user.get("jointCommissionNumber")
    by_number, by_name = number is not None, "name" in user
    if by_number == by_name:
        yield "90107-352" if by_number else "90107-351"
    else:
        yield from _address(user.get("address"), Need.REQUIRED if by_name else Need.FORBIDDEN)
    if number is not None and not is_enterprise_number(number.zfill(10)):
        yield "00131-003"
    elif number is not None and number.zfill(10) in registers.unknown_employers:
        yield "00131-235"
    if committee is None:
        yield "00046-001"
    elif committee == tables.TEMPORARY_WORK or committee not in tables.JOINT_COMMITTEES:
        yield "00046-003"


def _no_user(user: Mapping[str, Any] | None) -> Iterator[str]:
    if user is None:
        return
    for name, zone in (("enterpriseNumber", "00131"), ("name", "00153"), ("jointCommissionNumber", "00046")):
        if name in user or (name == "enterpriseNumber" and not user):
            yield f"{zone}-005"
    yield from _address(user.get("address"), Need.FORBIDDEN)


def _address(address: Mapping[str, Any] | None, rule: Need) -> Iterator[str]:
    for name, zone in tables.ADDRESS_ZONES.items():
        optional = rule is Need.REQUIRED and name not in tables.ADDRESS
        yield from need(Need.OPTIONAL if optional else rule, zone, present=name in (address or {}))


def _cards(blocks: Blocks) -> Iterator[str]:
    cards = blocks.block.get("constructionControlCards", {})
    first, following = cards.get("firstMonthC32ANumber"), cards.get("nextMonthC32ANumber")
    needed = _need_of_cards(blocks)
    if needed is Need.OPTIONAL and cards:  # both or none
        needed = Need.REQUIRED
    yield from need(needed, "00663", present=first is not None)
    yield from need(needed, "00664", present=following is not None)
    if first is not None and first == following:
        yield "00664-353"


def _need_of_cards(blocks: Blocks) -> Need:
    users = blocks.users_committee
    if tables.CONSTRUCTION in {blocks.committee, users}:
        return Need.REQUIRED
    if blocks.committee == tables.TEMPORARY_WORK and users is None:
        return tables.CARDS_WITH_TEMPORARY_WORK.get(blocks.type, Need.FORBIDDEN)
    return Need.FORBIDDEN


def _statutes(blocks: Blocks) -> Iterator[str]:
    statutes = blocks.block.get("smallStatutesInformation")
    needed = blocks.rule.small_statutes
    if needed is Need.REQUIRED and blocks.span.start < tables.SMALL_STATUTES_SINCE and statutes is None:
        return
    yield from need(needed, "00053", present="workerStatus" in (statutes or {}))
    yield from need(needed, "01231", present="employmentNature" in (statutes or {}))


def _place_of_work(blocks: Blocks) -> Iterator[str]:
    place = blocks.block.get("studentPlaceOfWork")
    if place is None:
        return
    if blocks.type != "STU":
        yield "00776-005"
    else:
        yield from _address(place.get("address"), Need.REQUIRED if "name" in place else Need.FORBIDDEN)
