"""The commands that show the ledger: to people, to programs, to an auditor."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from dimona_provider.cli.opening import (
    Format,
    fail,
    is_text,
    now,
    opened_ledger,
    read_employer,
    read_midnight,
    write,
)
from dimona_provider.domain.outcome import State

_FORMAT = typer.Option("--format", help="json for programs, table for people.")
_REFERENCE = typer.Argument(
    metavar="REFERENCE", callback=is_text, help="The declaration's reference in the ledger."
)
_COLUMNS = {
    "reference": 16,
    "attempt": 7,
    "kind": 6,
    "state": 12,
    "employer": 10,
    "employment": 14,
    "declaration_id": 14,
    "period_id": 12,
    "result": 6,
    "anomalies": 20,
    "file_by": 24,
}


def list_(
    *,
    state: Annotated[list[State] | None, typer.Option("--state", help="May be given several times.")] = None,
    employer: Annotated[str | None, typer.Option("--employer", metavar="N")] = None,
    employment: Annotated[
        list[str] | None,
        typer.Option("--employment", metavar="ID", help="By payroll's id; may be given several times."),
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="B", callback=is_text)] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="DAG/RUN", callback=is_text, help="Of one DAG run.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="YYYY-MM-DD", help="Changed on that day or later.")
    ] = None,
    form: Annotated[Format, _FORMAT] = Format.JSON,
) -> None:
    """
    List the declarations, without personal data: one JSON array, an object for each attempt.

    What was never tried is an object whose attempt is null. What became of a declaration stands with its last
    attempt. Instants are ISO 8601 in UTC.
    """
    from dimona_provider.ledger.listing import Which, entries

    which = Which(
        states=[str(one) for one in state or []],
        employer=None if employer is None else read_employer(employer),
        employments=employment or (),
        batch=batch,
        run=None if run is None else _read_run(run),
        since=None if since is None else read_midnight(since, "--since"),
    )
    with opened_ledger() as ledger:
        render = _json_array if form is Format.JSON else _table
        write(render(entries(ledger, which)))


def show(reference: Annotated[str, _REFERENCE], *, form: Annotated[Format, _FORMAT] = Format.TABLE) -> None:
    """Show a declaration with its attempts, answers and events, in order and without personal data."""
    from dimona_provider.ledger.exporting import records
    from dimona_provider.ledger.listing import Which

    with opened_ledger() as ledger:
        found = next(records(ledger, Which(reference=reference)), None)
        if found is None:
            fail("the ledger knows no such reference: `dimona ledger list` shows them")
        write(iter([json.dumps(found, indent=2) + "\n"]) if form is Format.JSON else _sections(found))


def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file; - writes to stdout.")],
    *,
    with_persons: Annotated[
        bool, typer.Option("--with-persons", help="With the declarations in clear; needs --yes and a FILE.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="I may see these persons' data.")] = False,
) -> None:
    """
    Write all of the ledger as JSON Lines, for an auditor: each declaration with all that hangs on it.

    Without --with-persons no personal data is in it. With it, the file is its owner's alone, and the ledger
    records who made it.
    """
    if with_persons and (file == "-" or not yes):
        raise typer.BadParameter("needs --yes, and a FILE that is not -", param_hint="--with-persons")
    with opened_ledger() as ledger:
        if file == "-":
            write(_all_lines(ledger, with_persons=False))
            return
        with _new_file(Path(file)) as out:
            if with_persons:
                with ledger.write() as connection:
                    ledger.note(connection, now(), "exported with persons")
            for line in _all_lines(ledger, with_persons=with_persons):
                out.write(line.encode())
            out.flush()
            os.fsync(out.fileno())


def _read_run(raw: str) -> Any:
    from dimona_provider.ledger.batches import Run

    dag_id, _, run_id = raw.partition("/")  # a run's id may hold slashes, a DAG's may not
    if not run_id:
        raise typer.BadParameter("not of the form DAG/RUN", param_hint="--run")
    return Run(dag_id, run_id)


def _all_lines(ledger: Any, *, with_persons: bool) -> Iterator[str]:
    from dimona_provider.ledger.exporting import others, records
    from dimona_provider.ledger.listing import Which

    for one in records(ledger, Which(), with_persons=with_persons):
        yield json.dumps(one, ensure_ascii=False) + "\n"
    for one in others(ledger):
        yield json.dumps(one, ensure_ascii=False) + "\n"


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _json_array(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    before = "["
    for one in objects:
        yield f"{before}\n{json.dumps(one)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _table(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield _row({name: name for name in _COLUMNS})
    for one in objects:
        yield _row(one)


def _row(values: dict[str, Any]) -> str:
    return "  ".join(_cell(values[name]).ljust(width) for name, width in _COLUMNS.items()).rstrip() + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = " ".join(value)
    return "-" if value is None or value == "" else str(value)


def _sections(record: dict[str, Any]) -> Iterator[str]:
    for name, value in record.items():
        if not (isinstance(value, list) and name in {"attempts", "answers", "events"}):
            yield f"{name}: {_cell(value)}\n"
    for name in ("attempts", "answers", "events"):
        yield f"\n{name}:\n"
        for number, one in enumerate(record[name], 1):
            told = "  ".join(
                f"{key} {_cell(value)}" for key, value in one.items() if value not in (None, "", [])
            )
            yield f"{number:>3}. {told}\n"
