"""The commands that need neither Airflow nor the NSSO: validate and explain."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from typer.core import TyperGroup

from dimona_provider.errors import ConfigurationError


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
_SHOWABLE = re.compile(r"[\w./~+ -]{1,200}")


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

    Blank lines are skipped, and counted. Ends with 0 when all are valid, with 1 when one is not, and with 2
    when FILE or an option can't be read.
    """
    day = _read_day(today)
    with _tables():
        # --help must not wait for the tables.
        from dimona_provider import validation  # noqa: PLC0415
    invalid = 0

    def counted(stream: BinaryIO) -> Iterator[validation.Verdict]:
        nonlocal invalid
        for verdict in validation.validate(stream, day):
            invalid += not verdict.is_valid
            yield verdict

    render = validation.as_json_lines if form is Format.JSONL else validation.as_table
    try:
        with _tables(), _opened(file) as stream:
            _write(render(counted(stream), lang.value))
    except BrokenPipeError:
        # Who reads has seen enough, such as head; Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        typer.echo(f"dimona: {_shown(file)} can't be read ({error.strerror})", err=True)
        sys.exit(2)
    sys.exit(1 if invalid else 0)


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="An anomaly code such as 90373-460.")],
    *,
    lang: Annotated[Lang, _LANG] = Lang.EN,
) -> None:
    """Say what an anomaly code of the NSSO means, and what to do next."""
    if not re.fullmatch(r"[0-9]{5}-[0-9]{3}", code):
        typer.echo("dimona: not an anomaly code such as 90373-460", err=True)
        sys.exit(2)
    with _tables():
        from dimona_provider.domain import anomalies  # noqa: PLC0415
        from dimona_provider.domain.sentences import catalogued, sentence  # noqa: PLC0415

        found = anomalies.anomaly(catalogued(code))
        said, next_step = sentence(code, lang.value), anomalies.next_step(found.code, lang.value)
    typer.echo(f"{code}  {said}")
    typer.echo(f"severity: {found.severity}")
    typer.echo(f"bucket: {found.bucket}")
    typer.echo(f"next step: {next_step}")


@contextlib.contextmanager
def _tables() -> Iterator[None]:
    """End with 2 and one line when a table is wrong: nothing that it says can be trusted."""
    try:
        yield
    except ConfigurationError as error:
        typer.echo(f"dimona: {' '.join(str(error).split())}", err=True)
        sys.exit(2)


def _read_day(raw: str | None) -> dt.date:
    from dimona_provider.domain.deadlines import brussels_today  # noqa: PLC0415

    if raw is None:
        return brussels_today(time.time())
    try:
        return dt.datetime.strptime(raw, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        raise typer.BadParameter("not a date YYYY-MM-DD", param_hint="--today") from None


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as stream:
        yield stream


def _write(lines: Iterator[str]) -> None:
    # Bytes, so that é comes out as UTF-8 whatever the terminal is set to.
    out = sys.stdout.buffer
    for line in lines:
        out.write(line.encode())
    out.flush()


def _shown(file: str) -> str:
    """Return the name, unless it may be a declaration given in place of one."""
    from dimona_provider.domain.ssin_search import contains_ssin  # noqa: PLC0415

    return file if _SHOWABLE.fullmatch(file) and not contains_ssin(file) else "FILE"


class OneLineErrors(TyperGroup):
    """A group whose usage errors are one line on stderr, and never repeat what may be a declaration."""

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command as typer does."""
        is_standalone = more.pop("standalone_mode", True)
        more["standalone_mode"] = False
        if not is_standalone:
            return super().main(*args, **more)
        try:
            code = super().main(*args, **more)
        except typer.Abort:
            sys.exit(1)
        except _USAGE_ERROR as error:
            text = error.format_message()
            if text.strip():  # without arguments typer has shown the help, and there is nothing to say
                typer.echo(f"dimona: {_one_line(text)}", err=True)
            sys.exit(error.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


_USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
"""Typer's own or click's, depending on the version of typer."""


def _one_line(text: str) -> str:
    from dimona_provider.domain.ssin_search import contains_ssin  # noqa: PLC0415

    line = " ".join(text.split())
    return "the arguments can't be read; see --help" if contains_ssin(line) or "{" in line else line
