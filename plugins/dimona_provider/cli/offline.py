"""The commands that need neither Airflow nor the NSSO: validate and explain."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Never

import typer

from dimona_provider.cli import output
from dimona_provider.cli.output import OneLineErrors

if TYPE_CHECKING:
    from dimona_provider.validation import Verdict

__all__ = ["OneLineErrors", "explain", "validate"]


class Lang(StrEnum):
    """The languages of messages."""

    EN = "en"
    FR = "fr"
    NL = "nl"
    DE = "de"


class Format(StrEnum):
    """What ``validate`` prints."""

    JSONL = "jsonl"
    TABLE = "table"


_LANG = typer.Option("--lang", help="Language of the messages.")


def validate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON Lines of REST bodies; - reads stdin.")],
    *,
    today: Annotated[
        str | None, typer.Option("--today", metavar="YYYY-MM-DD", help="Day of filing. Default: today.")
    ] = None,
    lang: Annotated[Lang, _LANG] = Lang.EN,
    form: Annotated[
        Format, typer.Option("--format", help="jsonl for programs, table for people.")
    ] = Format.JSONL,
) -> None:
    """
    Say what the NSSO would object to in each declaration of FILE, without filing anything.

    A line may hold the body alone, or with its reference as DimonaSubmitOperator takes it. Blank lines are
    skipped, and counted. Ends with 0 when all are valid, with 1 when one is not, and with 2 when FILE or an
    option can't be read or the output can't be written.
    """
    day = _read_day(today)
    with output.tables():
        # --help must not wait for the tables.
        from dimona_provider import validation
        from dimona_provider.cli import verdict_text
    seen = _Seen()
    render = verdict_text.as_json_lines if form is Format.JSONL else verdict_text.as_table
    with output.tables(), _opened(file) as stream:
        output.write(render(seen.through(validation.validate(stream, day), file), lang.value))
    if seen.unusual_periods:
        typer.echo(verdict_text.about_periods(seen.unusual_periods, seen.first, lang.value), err=True)
    sys.exit(1 if seen.invalid else 0)


@dataclass(slots=True)
class _Seen:
    """What went by, for the end."""

    invalid: int = 0
    unusual_periods: int = 0
    first: int = 0

    def through(self, verdicts: Iterator[Verdict], file: str) -> Iterator[Verdict]:
        """Yield *verdicts*; a *file* that can't be read any further ends the command."""
        while True:
            try:
                verdict = next(verdicts, None)
            except OSError as error:
                _fail_to_read(file, error)
            if verdict is None:
                return
            self.invalid += not verdict.is_valid
            if verdict.has_unusual_period:
                self.unusual_periods += 1
                self.first = self.first or verdict.line
            yield verdict


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="An anomaly code such as 90373-460.")],
    *,
    lang: Annotated[Lang, _LANG] = Lang.EN,
) -> None:
    """
    Say what an anomaly code of the NSSO means, and what to do next.

    Ends with 0, also when the catalogue does not know the code and says so, and with 2 when it is no code.
    """
    if not re.fullmatch(r"[0-9]{5}-[0-9]{3}", code):
        output.fail("not an anomaly code such as 90373-460")
    with output.tables():
        from dimona_provider.cli.anomaly_text import explanation

        lines = list(explanation(code, lang.value))
    output.write(lines)


def _read_day(raw: str | None) -> dt.date:
    from dimona_provider.domain.deadlines import brussels_today

    if raw is None:
        return brussels_today(time.time())
    try:
        return dt.datetime.strptime(raw, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        raise typer.BadParameter("not a date YYYY-MM-DD", param_hint="--today") from None


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        if sys.stdin is None:  # it was closed before Python started
            output.fail("the standard input can't be read (it is closed)")
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below; only opening it may fail here
    except (OSError, ValueError) as error:
        _fail_to_read(file, error)
    with stream:
        yield stream


def _fail_to_read(file: str, error: Exception) -> Never:
    why = error.strerror if isinstance(error, OSError) else "no such name"
    output.fail(f"{output.shown(file)} can't be read ({why})")
