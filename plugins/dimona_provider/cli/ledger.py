"""The commands that make the ledger, and decide what it does not know."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dimona_provider.cli.opening import is_text, locate, now, one_line_errors, opened_ledger, read_reason, say
from dimona_provider.domain.identifiers import DimonaNumber

_REFERENCE = typer.Argument(
    metavar="REFERENCE", callback=is_text, help="The declaration's reference in the ledger."
)


class Outcome(StrEnum):
    """What a letter that nobody knows may have come to."""

    ACCEPTED = "accepted"
    WARNED = "warned"
    REFUSED = "refused"


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
        say(f"the ledger of schema {done.was_version} was copied to {done.backup}", err=quiet)
    if quiet:
        return
    if done.keys_made:
        say(f"keys made at {location.key_file}: back them up, without them the ledger can't be read")
    was = "new" if done.was_version is None else f"was {done.was_version}"
    place = location.url.render_as_string(hide_password=True)
    say(f"ledger ready at {place}, schema {done.version} ({was})")


def resolve(
    reference: Annotated[str, _REFERENCE],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why; names no person.")],
    declaration_id: Annotated[
        str | None, typer.Option("--declaration-id", metavar="N", help="It was filed, as this declaration.")
    ] = None,
    differs: Annotated[
        bool,
        typer.Option("--although-it-differs", help="With N: it counts, although it says something else."),
    ] = False,
    not_filed: Annotated[
        bool, typer.Option("--not-filed", help="It is not at the NSSO: the next run sends it.")
    ] = False,
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", help="What an unknown letter came to, as the NSSO says.")
    ] = None,
) -> None:
    """
    Decide about a declaration that the machine can't bring to its end.

    What is unclear was filed or not; what is held or planned a person may have filed by hand; what has an
    answer with a letter that nobody knows came to an outcome.
    """
    why = read_reason(reason)
    if sum((declaration_id is not None, not_filed, outcome is not None)) != 1:
        raise typer.BadParameter("say one of --declaration-id N, --not-filed and --outcome")
    if differs and declaration_id is None:
        raise typer.BadParameter("goes with --declaration-id N", param_hint="--although-it-differs")
    number = None if declaration_id is None else _read_declaration_id(declaration_id)
    with opened_ledger() as ledger:
        from dimona_provider.domain.outcome import State
        from dimona_provider.ledger import decisions

        if number is not None:
            done = decisions.resolve_filed(
                ledger, reference, number.number, reason=why, now=now(), differs=differs
            )
            what = f", as declaration {number}: its outcome is asked for"
        elif outcome is not None:
            done = decisions.resolve_outcome(ledger, reference, State(outcome), reason=why, now=now())
            what = ""
        else:
            done = decisions.resolve_not_filed(ledger, reference, reason=why, now=now())
            what = ": the next run sends it"
        say(f"{reference} is {done.state}{' already' if done.was_so else what}")
        if number is not None and not number.has_usual_check_digits:
            say(f"dimona: {number} has unusual check digits: is it right?", err=True)


def _read_declaration_id(raw: str) -> DimonaNumber:
    try:
        return DimonaNumber.typed(raw)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--declaration-id") from None
