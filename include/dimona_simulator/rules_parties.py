"""The rules on who declares whom: numbers of the employer, number or identity of the worker (facts, 5)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.identifiers import (
    Born,
    born,
    is_employer_id,
    is_enterprise_number,
    is_provisional,
    is_ssin,
)
from include.dimona_simulator.model import Filing
from include.dimona_simulator.settings import Registers
from include.dimona_simulator.tables import TypeRule

_PERSONS = {"familyName": "00025", "givenName": "00026"}


def number_anomalies(filing: Filing) -> Iterator[str]:
    """Give the numbers with wrong check digits or out of range, of any declaration."""
    number, nsso, ssin = filing.enterprise_number, filing.employer_id, filing.worker.get("ssin")
    if number is not None and not is_enterprise_number(number):
        yield "00014-003"
    if nsso is not None and not is_employer_id(nsso):
        yield f"{employer_zone(nsso)}-003"
    if ssin is not None and not is_ssin(ssin):
        yield "00024-003"


def employer_zone(number: int) -> str:
    """Give the zone of a definitive or provisional NSSO number."""
    return "00948" if is_provisional(number) else "00011"


def employer_anomalies(filing: Filing, registers: Registers) -> Iterator[str]:
    """Give what the registers say of the employer of an IN."""
    number, nsso = filing.enterprise_number, filing.employer_id
    if number is None and nsso is None:
        yield "90256-364"
    if number in registers.unknown_employers:
        yield "00014-235"
    if nsso is not None and str(nsso) in registers.unknown_employers:
        yield f"{employer_zone(nsso)}-235"
    keys = filing.employer_digits
    if not keys.isdisjoint(registers.inactive_employers):
        yield "90373-343"
    for key in sorted(keys & set(registers.employer_anomalies)):
        yield from registers.employer_anomalies[key]


def worker_anomalies(filing: Filing, rule: TypeRule, today: date, registers: Registers) -> Iterator[str]:
    """Give what is wrong with the worker of an IN."""
    worker, ssin = filing.worker, filing.worker.get("ssin")
    if ssin is None:
        if rule.needs_ssin:
            yield "00024-001"
        elif not has_identity(filing):
            yield "90017-363"
    birth = str(worker.get("birthDate", ""))
    if birth and not today.year - tables.OLDEST <= int(birth[:4]) <= today.year:
        yield "00028-003"
    if ssin is None or not is_ssin(ssin):
        return
    yield from _contradictions(worker, born(ssin), registers.persons.get(ssin, {}))
    for code in registers.worker_anomalies.get(ssin, ()):
        if filing.worker_type in tables.ONLY_FOR.get(code, {filing.worker_type}):
            yield code


def has_identity(filing: Filing) -> bool:
    """Tell whether a worker without SSIN is described in full."""
    worker = filing.worker
    address = worker.get("address", {})
    return all(name in worker for name in tables.IDENTITY) and all(name in address for name in tables.ADDRESS)


def _contradictions(worker: Mapping[str, Any], known: Born, person: Mapping[str, Any]) -> Iterator[str]:
    """Compare what was sent beside the SSIN with what the number, or the register, says."""
    for name, zone in _PERSONS.items():
        if name in worker and name in person and _plain(worker[name]) != _plain(person[name]):
            yield f"{zone}-348"
    if "birthDate" in worker and not known.agrees_with(worker["birthDate"]):
        yield "00028-348"
    if "gender" in worker and known.gender not in {None, worker["gender"]}:
        yield "00029-348"


def _plain(name: object) -> str:
    return " ".join(str(name).casefold().split())
