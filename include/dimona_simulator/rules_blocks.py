"""The rules on the blocks beside dates and worker: committee, type, user enterprise, cards, statutes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.model import Filing, Span
from include.dimona_simulator.rules_span import need
from include.dimona_simulator.rules_users import (
    address_anomalies,
    content_anomalies,
    forbidden_block,
    no_user_anomalies,
    user_anomalies,
)
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
    until_2021 = blocks.span.start < tables.LOCAL_TYPES_UNTIL
    if local and until_2021 and blocks.type not in tables.LOCAL_TYPES:
        yield "00655-350"
    # Who is a local administration only a register knows; without one nobody can be said not to be.
    if until_2021 and registers.local_employers and not local and blocks.type in tables.LOCAL_ONLY:
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
    if blocks.committee in tables.COMMITTEES_NOT_FOR.get(blocks.type, ()):
        yield "90374-349"


def _sub_entity(filing: Filing, registers: Registers) -> Iterator[str]:
    sent = filing.features.get("subEntityNumber")
    employer = next((key for key in filing.employer_digits if key in registers.sub_entities), None)
    outside = not filing.employer_digits.isdisjoint(registers.employers_without_sub_entities)
    needed = Need.REQUIRED if employer is not None else Need.FORBIDDEN if outside else Need.OPTIONAL
    yield from need(needed, "00652", present=sent is not None)
    valid = registers.sub_entities[employer] if employer is not None else ()
    if sent is not None and valid and sent not in valid:
        yield "00652-003"


def _temporary_work(blocks: Blocks, registers: Registers) -> Iterator[str]:
    if blocks.committee not in tables.JOINT_COMMITTEES:  # refused; whether there is a user depends on it
        yield from content_anomalies(blocks.user or {}, registers)
        return
    if blocks.committee != tables.TEMPORARY_WORK:
        yield from no_user_anomalies(blocks.user)
        return
    if blocks.user is None:
        yield "90107-351"
    else:
        yield from user_anomalies(blocks.user, registers)
    if blocks.span.end is None:
        yield "00911-001"


def _cards(blocks: Blocks) -> Iterator[str]:
    cards = blocks.block.get("constructionControlCards")
    needed = _need_of_cards(blocks)
    if needed is Need.FORBIDDEN:
        yield from forbidden_block(cards, {"firstMonthC32ANumber": "00663", "nextMonthC32ANumber": "00664"})
        return
    sent = cards or {}
    first, following = sent.get("firstMonthC32ANumber"), sent.get("nextMonthC32ANumber")
    if needed is Need.REQUIRED or (needed is Need.OPTIONAL and cards is not None):  # both or none
        yield from need(Need.REQUIRED, "00663", present=first is not None)
        yield from need(Need.REQUIRED, "00664", present=following is not None)
    if first is not None and first == following:
        yield "00664-353"


def _need_of_cards(blocks: Blocks) -> Need | None:
    """Give nothing when it depends on a committee or type that is refused as such."""
    users = blocks.users_committee
    if blocks.committee == tables.CONSTRUCTION:
        return Need.REQUIRED
    if blocks.committee not in tables.JOINT_COMMITTEES or users not in {None, *tables.USERS_COMMITTEES}:
        return None
    if users == tables.CONSTRUCTION:
        return Need.REQUIRED
    if blocks.committee != tables.TEMPORARY_WORK or users is not None:
        return Need.FORBIDDEN
    if blocks.rule is tables.UNKNOWN_TYPE:
        return None
    return tables.CARDS_WITH_TEMPORARY_WORK.get(blocks.type, Need.FORBIDDEN)


def _statutes(blocks: Blocks) -> Iterator[str]:
    statutes = blocks.block.get("smallStatutesInformation")
    needed = blocks.rule.small_statutes
    if needed is Need.FORBIDDEN:
        yield from forbidden_block(statutes, tables.STATUTES_ZONES)
    if needed is not Need.REQUIRED or (blocks.span.start < tables.SMALL_STATUTES_SINCE and statutes is None):
        return
    yield from need(needed, "00053", present="workerStatus" in (statutes or {}))
    yield from need(needed, "01231", present="employmentNature" in (statutes or {}))


def _place_of_work(blocks: Blocks) -> Iterator[str]:
    place = blocks.block.get("studentPlaceOfWork")
    if place is None or blocks.rule is tables.UNKNOWN_TYPE:
        return
    if blocks.type != "STU":
        yield from forbidden_block(place, {"name": "00776"})
        yield from address_anomalies(place.get("address"), Need.FORBIDDEN)
        return
    if "name" not in place:
        yield "00776-003"  # the zone has no code for absent
    if place:
        yield from address_anomalies(place.get("address"), Need.REQUIRED)
