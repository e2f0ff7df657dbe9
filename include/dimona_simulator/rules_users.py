"""The rules on user enterprises and addresses, and on blocks that may not be sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.identifiers import is_enterprise_number
from include.dimona_simulator.rules_span import need
from include.dimona_simulator.settings import Registers
from include.dimona_simulator.tables import Need


def user_anomalies(user: Mapping[str, Any], registers: Registers) -> Iterator[str]:
    """Give what is wrong with the user enterprise of a temporary worker."""
    if "enterpriseNumber" in user:
        if "name" in user or "address" in user:
            yield "90107-352"
    elif "name" in user:
        yield from address_anomalies(user.get("address"), Need.REQUIRED)
    else:
        yield "90107-351"
    if "jointCommissionNumber" not in user:
        yield "00046-001"
    yield from content_anomalies(user, registers)


def content_anomalies(user: Mapping[str, Any], registers: Registers) -> Iterator[str]:
    """Give what is wrong with the values of a user enterprise."""
    number, committee = user.get("enterpriseNumber"), user.get("jointCommissionNumber")
    if number is not None and not is_enterprise_number(number.zfill(10)):
        yield "00131-003"
    elif number is not None and number.zfill(10) in registers.unknown_employers:
        yield "00131-235"
    if committee is not None and committee not in tables.USERS_COMMITTEES:
        yield "00046-003"


def no_user_anomalies(user: Mapping[str, Any] | None) -> Iterator[str]:
    """Give 005 for each zone of a user enterprise where there is no temporary work."""
    if user is None:
        return
    for name, zone in (("enterpriseNumber", "00131"), ("name", "00153"), ("jointCommissionNumber", "00046")):
        if name in user or (name == "enterpriseNumber" and not user):
            yield f"{zone}-005"
    yield from address_anomalies(user.get("address"), Need.FORBIDDEN)


def address_anomalies(address: Mapping[str, Any] | None, rule: Need) -> Iterator[str]:
    """Give what an address lacks, or that it may not be there."""
    if rule is Need.FORBIDDEN and address == {}:
        yield "00517-005"
    for name, zone in tables.ADDRESS_ZONES.items():
        optional = rule is Need.REQUIRED and name not in tables.ADDRESS
        yield from need(Need.OPTIONAL if optional else rule, zone, present=name in (address or {}))


def forbidden_block(block: Mapping[str, Any] | None, zones: Mapping[str, str]) -> Iterator[str]:
    """Give 005 for each zone of a block that may not be sent, or for its first zone when it is empty."""
    if block is None:
        return
    sent = [zone for name, zone in zones.items() if name in block]
    first = next(iter(zones.values()))
    yield from (f"{zone}-005" for zone in (sent if block else [first]))
