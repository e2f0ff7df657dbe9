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
        yield from _contents(blocks.user or {}, registers)
        return
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
    if "enterpriseNumber" in user:
        if "name" in user or "address" in user:
            yield "90107-352"
    elif "name" in user:
        yield from _address(user.get("address"), Need.REQUIRED)
    else:
        yield "90107-351"
    if "jointCommissionNumber" not in user:
        yield "00046-001"
    yield from _contents(user, registers)


def _contents(user: Mapping[str, Any], registers: Registers) -> Iterator[str]:
    """Give what is wrong with the values of a user enterprise."""
    number, committee = user.get("enterpriseNumber"), user.get("jointCommissionNumber")
    if number is not None and not is_enterprise_number(number.zfill(10)):
        yield "00131-003"
    elif number is not None and number.zfill(10) in registers.unknown_employers:
        yield "00131-235"
    if committee is not None and committee not in tables.USERS_COMMITTEES:
        yield "00046-003"


def _no_user(user: Mapping[str, Any] | None) -> Iterator[str]:
    if user is None:
        return
    for name, zone in (("enterpriseNumber", "00131"), ("name", "00153"), ("jointCommissionNumber", "00046")):
        if name in user or (name == "enterpriseNumber" and not user):
            yield f"{zone}-005"
    yield from _address(user.get("address"), Need.FORBIDDEN)


def _address(address: Mapping[str, Any] | None, rule: Need) -> Iterator[str]:
    if rule is Need.FORBIDDEN and address == {}:
        yield "00517-005"
    for name, zone in tables.ADDRESS_ZONES.items():
        optional = rule is Need.REQUIRED and name not in tables.ADDRESS
        yield from need(Need.OPTIONAL if optional else rule, zone, present=name in (address or {}))


def _cards(blocks: Blocks) -> Iterator[str]:
    cards = blocks.block.get("constructionControlCards")
    needed = _need_of_cards(blocks)
    if needed is Need.FORBIDDEN:
        yield from _forbidden(cards, {"firstMonthC32ANumber": "00663", "nextMonthC32ANumber": "00664"})
        return
    sent = cards or {}
    first, following = sent.get("firstMonthC32ANumber"), sent.get("nextMonthC32ANumber")
    if needed is Need.REQUIRED or (needed is Need.OPTIONAL and cards is not None):  # both or none
        yield from need(Need.REQUIRED, "00663", present=first is not None)
        yield from need(Need.REQUIRED, "00664", present=following is not None)
    if first is not None and first == following:
        yield "00664-353"


def _forbidden(block: Mapping[str, Any] | None, zones: Mapping[str, str]) -> Iterator[str]:
    """Give 005 for each zone of a block that may not be sent, or for its first zone when it is empty."""
    if block is None:
        return
    sent = [zone for name, zone in zones.items() if name in block]
    first = next(iter(zones.values()))
    yield from (f"{zone}-005" for zone in (sent if block else [first]))


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
        yield from _forbidden(statutes, tables.STATUTES_ZONES)
    if needed is not Need.REQUIRED or (blocks.span.start < tables.SMALL_STATUTES_SINCE and statutes is None):
        return
    yield from need(needed, "00053", present="workerStatus" in (statutes or {}))
    yield from need(needed, "01231", present="employmentNature" in (statutes or {}))


def _place_of_work(blocks: Blocks) -> Iterator[str]:
    place = blocks.block.get("studentPlaceOfWork")
    if place is None or blocks.rule is tables.UNKNOWN_TYPE:
        return
    if blocks.type != "STU":
        yield from _forbidden(place, {"name": "00776"})
        yield from _address(place.get("address"), Need.FORBIDDEN)
        return
    if "name" not in place:
        yield "00776-003"  # the zone has no code for absent
    if place:
        yield from _address(place.get("address"), Need.REQUIRED)
