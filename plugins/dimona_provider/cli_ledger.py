"""The commands that make the ledger, and decide what it does not know."""

from __future__ import annotations

from typing import Annotated

import typer

from dimona_provider.cli_opening import locate, now, one_line_errors, opened_ledger, read_reason
from dimona_provider.domain.identifiers import DimonaNumber

_REFERENCE = typer.Argument(metavar="REFERENCE", help="The declaration's reference in the ledger.")


def init(
    *,
    new_ledger: Annotated[
        bool, typer.Option("--new-ledger", help="Start an empty ledger although there are keys already.")
    ] = False,
    backed_up: Annotated[
        bool, typer.Option("--backed-up", help="Migrate without making a copy: there is a backup.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing when all is well.")] = False,
) -> None:
    """
    Make the ledger and its keys, or bring an older ledger up to date. May be run again at any time.

    Uses the connection dimona_ledger if there is one, else a SQLite file under AIRFLOW_HOME. An older one is
    backed up first: a SQLite file is copied beside itself, for PostgreSQL say --backed-up.
    """
    with one_line_errors():
        location = locate()
        from dimona_provider.ledger.setup import initialise

        done = initialise(
            location.url,
            location.keys,
            location.key_file,
            now=now(),
            new_ledger=new_ledger,
            backed_up=backed_up,
        )
    if done.backup is not None:
        typer.echo(f"the ledger of schema {done.was_version} was copied to {done.backup}", err=quiet)
    if quiet:
        return
    if done.keys_made:
        typer.echo(f"keys made at {location.key_file}: back them up, without them the ledger can't be read")
    was = "new" if done.was_version is None else f"was {done.was_version}"
    place = location.url.render_as_string(hide_password=True)
    typer.echo(f"ledger ready at {place}, schema {done.version} ({was})")


def resolve(
    reference: Annotated[str, _REFERENCE],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why; names no person.")],
    declaration_id: Annotated[
        str | None, typer.Option("--declaration-id", metavar="N", help="It was filed, as this declaration.")
    ] = None,
    not_filed: Annotated[
        bool, typer.Option("--not-filed", help="It is not at the NSSO: the next run sends it.")
    ] = False,
) -> None:
    """Decide about a declaration of which nobody knows whether it arrived (state unclear)."""
    from dimona_provider.ledger import decisions

    why = read_reason(reason)
    if (declaration_id is None) is not not_filed:
        raise typer.BadParameter("say either --declaration-id N or --not-filed")
    number = None if declaration_id is None else _read_declaration_id(declaration_id)
    with opened_ledger() as ledger:
        if number is None:
            decisions.resolve_not_filed(ledger, reference, reason=why, now=now())
            typer.echo(f"{reference} is planned: the next run sends it")
            return
        decisions.resolve_filed(ledger, reference, number.number, reason=why, now=now())
        typer.echo(f"{reference} is sent, as declaration {number}: its outcome is asked for")
        if not number.has_usual_check_digits:
            typer.echo(f"dimona: {number} has unusual check digits: is it right?", err=True)


def _read_declaration_id(raw: str) -> DimonaNumber:
    try:
        return DimonaNumber.parse(raw)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--declaration-id") from None
