"""The command that says what a plan would file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from dimona_provider.cli import opening


def plan(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be filed; the only form that there is.")
    ] = False,
    connection: Annotated[str, typer.Option(help="The connection to the NSSO.")] = "dimona_default",
    employer: Annotated[str | None, typer.Option(help="This employer alone.")] = None,
    employment: Annotated[
        list[str] | None, typer.Option(help="This employment alone, by payroll's id; may be given again.")
    ] = None,
    form: Annotated[
        opening.Format,
        typer.Option("--format", help="table for people, json for programs: one object a line."),
    ] = opening.Format.TABLE,
) -> None:
    """
    Say what the next plan would file, each with its reason and its deadline.

    Reads what is staged and what is due. Nothing is filed, and the ledger stays as it is. Only the DAG
    dimona_declare files, so that --dry-run must be said. How many earlier plans have left to be filed is said
    on stderr.
    """
    if not dry_run:
        raise typer.BadParameter("only the DAG dimona_declare files: say --dry-run", param_hint="--dry-run")
    number = opening.read_employer(employer) if employer else None
    with opening.one_line_errors(), opening.opened_ledger() as ledger:
        from dimona_provider.ledger.agenda import Scope
        from dimona_provider.ledger.listing import Which, count
        from dimona_provider.planning.foreseeing import foresee
        from dimona_provider.tasks import routes_from

        scope = Scope(number, frozenset(employment or ())) if number or employment else None
        found = foresee(
            ledger, routes_from(connection, opening.stored_hook()), now=opening.now(), scope=scope
        )
        waiting = count(ledger, Which(states=["planned"], employer=number, employments=employment or ()))
    if waiting:  # whoever reads that nothing would be filed must not overlook what is on its way
        typer.echo(
            f"already planned and not filed yet: {waiting} (`dimona ledger list --state planned`)", err=True
        )
    if form is opening.Format.JSON:
        opening.write(one.as_json() for one in found)
        return
    rows = [(one.employment, one.kind, one.file_by, one.reason) for one in found]
    opening.write(_table(rows))


def _table(rows: Iterable[tuple[str, str, str | None, str]]) -> Iterator[str]:
    rows = list(rows)
    width = max((len(row[0]) for row in rows), default=0)
    for reference, kind, by, reason in rows:
        deadline = f"{dt.datetime.fromisoformat(by):%Y-%m-%d %H:%M}" if by else "-"
        yield f"{reference:<{width}}  {kind:<8}  {deadline:<16}  {reason}\n"
    if not rows:
        yield "nothing would be filed\n"
