"""The command that tells, step by step, whether a connection works. It files nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dimona_provider.cli.opening import (
    Format,
    find_airflow_home,
    is_text,
    one_line_errors,
    stored_hook,
    write,
)

if TYPE_CHECKING:
    from dimona_provider.checks import Check


def check(
    connection: Annotated[
        str, typer.Argument(metavar="CONNECTION", callback=is_text, help="The connection's id.")
    ] = "dimona_default",
    *,
    form: Annotated[Format, typer.Option("--format", help="Of the verdicts.")] = Format.TABLE,
) -> None:
    """
    Say step by step whether a connection works: fields, key, certificate, clock, token, read.

    Fetches a token and reads a declaration that can't exist: nothing is filed or changed. Ends with 1 when a
    step is bad; what is doubtful works, and a person should look at it.
    """
    find_airflow_home()
    with one_line_errors():
        found = stored_hook()(connection).checks()
    write(iter([_as_json(found) if form is Format.JSON else _as_table(found)]))
    if any(one.verdict == "bad" for one in found):
        sys.exit(1)


def _as_table(found: tuple[Check, ...]) -> str:
    return "".join(f"{one.step:<12} {one.verdict:<10} {one.text}\n" for one in found)


def _as_json(found: tuple[Check, ...]) -> str:
    rows = [{"step": one.step, "verdict": one.verdict, "text": one.text} for one in found]
    return json.dumps(rows, indent=2) + "\n"
