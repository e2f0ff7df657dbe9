"""Payroll's own record of who works where from when to when, read strictly: the wish behind declarations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dimona_provider.domain.assembly import assemble
from dimona_provider.domain.checking import check
from dimona_provider.domain.committees import Translations
from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.draft import Breach, Draft
from dimona_provider.domain.payroll import payroll_name, read_in
from dimona_provider.domain.record import Fields, Malformed
from dimona_provider.domain.rules import Defect
from dimona_provider.domain.sentences import sentence, severity_of
from dimona_provider.domain.ssin_search import contains_ssin
from dimona_provider.domain.timing import is_too_early
from dimona_provider.domain.worker_types import worker_types

STATUSES = frozenset({"active", "ended", "changed", "withdrawn"})
_OUT_OF_DOMAIN = Breach("00910-008", "start_date")


@dataclass(frozen=True, slots=True)
class Employment:
    """An employment whose every field was read, and whose INs the NSSO would not refuse for their content."""

    reference: str
    """Payroll's own id; proven to hold no SSIN."""
    status: str
    start: DimonaIn
    """
    What it says as an IN, with the joint committee that Dimona accepts.

    A flexi-job over several quarters and occasional work of several days become other INs than this one.
    """
    is_too_early: bool
    """Whether the IN can't be filed yet; a later export plans it."""


def read_reference(raw: object) -> str:
    """
    Read payroll's id of an employment: 1 to 64 printable characters without an SSIN in them.

    Raises ValueError without echoing the input.
    """
    text = str(raw) if isinstance(raw, (str, int)) and not isinstance(raw, bool) else ""
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise ValueError("not a reference of 1 to 64 printable characters")
    if contains_ssin(text):
        raise ValueError("contains a social security number; give each employment an id that names no person")
    return text


def read_employment(
    record: object, today: dt.date, translations_of: Callable[[str], Translations] = lambda _employer: {}
) -> Employment:
    """
    Read one record of payroll's export (docs/payroll.md has it field by field).

    It is checked as ``dimona validate`` checks the IN that comes of it, as if filed on *today*;
    *translations_of* gives the joint committees of an employer's connection, by enterprise number. Raises
    Malformed with all its defects.
    """
    if not isinstance(record, Mapping):
        raise Malformed(None, [Defect("record", "not a JSON object")])
    fields = Fields(record)
    reference = fields.read("employment_id", read_reference)
    status = fields.read("status", _read_status)
    draft = read_in(fields, translations_of)
    is_early = is_too_early(draft, today)
    unreadable = {defect.field for defect in fields.defects}
    breaches = [one for one in check(draft, today) if not _is_planned(draft, one)]
    if is_early and _OUT_OF_DOMAIN in breaches:
        breaches.remove(_OUT_OF_DOMAIN)
    defects = [_defect(one) for one in breaches if severity_of(one.code) == "B"]
    fields.defects.extend(defect for defect in defects if defect.field not in unreadable)
    if status == "ended" and "end_date" not in draft.present:
        fields.defects.append(Defect("end_date", "missing: what has ended has a last day"))
    if fields.defects:
        raise Malformed(reference, fields.defects)
    start = assemble(draft)
    if reference is None or status is None or not isinstance(start, DimonaIn):
        raise AssertionError("a record without defects has every field")
    return Employment(reference, status, start, is_early)


_PLANNED = {
    "FLX": frozenset({"90373-421"}),
    "EXT": frozenset({"00910-459", "90373-341"}),
}
"""What the planner cures: a flexi-job is cut at each quarter, and a long spell becomes ordinary work."""


def _is_planned(draft: Draft, breach: Breach) -> bool:
    worker_type = draft.values.get("features.worker_type", "")
    if breach.code not in _PLANNED.get(worker_type, ()):
        return False
    start, end = draft.values.get("start_date"), draft.values.get("end_date")
    longest = worker_types()[worker_type].longest_days
    return longest is None or (start is not None and end is not None and (end - start).days >= longest)


def _defect(breach: Breach) -> Defect:
    name = payroll_name(breach.field)
    return Defect(name, f"{sentence(breach.code, 'en')} ({breach.code})")


def _read_status(raw: object) -> str:
    if not isinstance(raw, str) or raw not in STATUSES:
        raise ValueError("not one of " + ", ".join(sorted(STATUSES)))
    return raw
