"""Why the planner does what it does, in words; none of them can hold a person or a value."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class _Said(StrEnum):
    """A code for the ledger, with the sentence that people read."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> _Said:
        made = str.__new__(cls, code)
        made._value_ = code
        made.sentence = sentence
        return made

    @classmethod
    def of(cls, code: str) -> Self:
        """Return the member with this code; raises ValueError when there is none."""
        found = next((one for one in cls if one == code), None)
        if found is None:
            raise ValueError(f"{cls.__name__} has no such code")
        return found


class Reason(_Said):
    """Why a declaration is filed."""

    NEW = "new", "the employment has no period yet"
    QUARTER = "quarter", "a flexi-job needs a period of its own in every quarter"
    STUDENT = "student", "a student has one period in a quarter, with the hours of all contracts"
    FURTHER = "further", "the period can't be made longer in time, so another one follows it"
    RUN = "run", "occasional work of more than two days in a row is one ordinary period"
    ENDED = "ended", "payroll ends the employment, and its period has no end yet"
    MOVED = "moved", "payroll has other dates or hours than the period"
    REOPENED = "reopened", "payroll takes the end away"
    WITHDRAWN = "withdrawn", "payroll withdraws the employment"
    OTHER_FEATURES = (
        "other_features",
        "worker type, joint committee, employer or user can't change in a period",
    )
    OTHER_START = "other_start", "the start of this kind of period can't change"
    OTHER_FORM = "other_form", "an UPDATE can't add or take away the hours of this kind of period"
    LATER_END = "later_end", "the end of a flexi-job can't move later"
    UNWANTED = "unwanted", "payroll's change leaves this period without an employment"
    REPLACEMENT = "replacement", "takes the place of a period that is cancelled"
    DECIDED = "decided", "a person decided to cancel the period"


class Problem(_Said):
    """Why a wish becomes no declaration, or a period is left alone."""

    TOO_EARLY = "too_early", "too early: the NSSO does not take it yet, and a later plan declares it"
    WINDOW = "window", "it starts later than this connection files ahead; a later plan declares it"
    OVERLAP = "overlap", "it overlaps another period of this worker with this employer"
    RUNS_ON = "runs_on", "with the days around it, occasional work goes on for more than two days"
    LOCKED = "locked", "the NSSO has locked its period: contact the NSSO"
    ABSENT = "absent", "payroll does not name this employment any more; its period is left as it is"
    FIXED = (
        "fixed",
        "cards, statutes or place of work changed; no declaration can say so, and it stays as it is",
    )
    DUPLICATE = "duplicate", "two periods stand for this employment; none of them is cancelled by itself"
    CANCELLED = (
        "cancelled",
        "its period was cancelled by a person: withdraw it in payroll, or declare it yourself",
    )
    ENDLESS = (
        "endless",
        "this flexi-job was declared without an end: end it, so that each quarter gets its own",
    )
    REFUSED = "refused", "the NSSO would refuse what payroll says"
    TOO_LATE = "too_late", "a person decided to cancel its period, and by now it is too late: it stays"
    CIRCULAR = "circular", "its periods would have to change all at once: declare the changes yourself"


class DecisionKind(_Said):
    """What a person is asked."""

    LATE_CANCEL = "late_cancel", "payroll withdraws an employment whose declared start has passed"
    LATE_REPLACEMENT = (
        "late_replacement",
        "payroll changes what only a CANCEL could, and its deadline has passed",
    )
    LATE_START = "late_start", "payroll moves a start later although the declared one has passed"
    LATE_CHANGE = "late_change", "a late change would make the whole period count as declared late"
    RUN_BEGUN = (
        "run_begun",
        "occasional work goes on for more than two days, and its first days can't be cancelled",
    )
    BRAKE = "brake", "unusually many periods of this employer would end or be cancelled at once"
    WARNED = "warned", "the NSSO took it with a warning that changes what the worker may be paid as"
    UNCLEAR = "unclear", "nobody can say whether the NSSO has it, and the machine may not send it again"
    UNREAD = "unread", "the NSSO gave an outcome that this version does not know"
    REFUSED = "refused", "the NSSO refused it for something that may be put right outside of it"


class Option(_Said):
    """What a person may answer."""

    KEEP = "keep", "leave it as it is"
    FILE = "file", "file it all the same; the answer is recorded"
    CORRECT = "correct", "correct payroll's record, and plan again"
    APPROVED = "approved", "the NSSO has approved it in writing; the answer is recorded"
    CANCEL = "cancel", "cancel the period while that is lawful; nobody works in it"
    NOT_FILED = "not_filed", "the NSSO does not have it: look once more, then send it"
    AGAIN = "again", "its cause is gone: file the very same once more"
    ACCEPTED = "accepted", "the NSSO explained it: accepted"
    ACCEPTED_WITH_WARNING = "warned", "the NSSO explained it: accepted with a warning"
    NOT_ACCEPTED = "refused", "the NSSO explained it: refused"


_EFFECTS = {
    Option.FILE: "the next plan files it",
    Option.CANCEL: "the next plan cancels it, if that is still lawful then",
    Option.AGAIN: "the next plan files it again",
    Option.NOT_FILED: "it is looked for once more, and sent if it is not there",
    **dict.fromkeys(
        (Option.ACCEPTED, Option.ACCEPTED_WITH_WARNING, Option.NOT_ACCEPTED), "that is its outcome"
    ),
}


def effect_of(option: str) -> str:
    """
    Say what follows from an answer.

    >>> effect_of("keep"), effect_of("file")
    ('nothing is filed', 'the next plan files it')
    """
    return _EFFECTS.get(Option.of(option), "nothing is filed")
