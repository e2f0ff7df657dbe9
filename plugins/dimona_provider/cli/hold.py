"""The hold switch as commands: they need the ledger and no working connection to the NSSO."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dimona_provider.cli.opening import (
    Format,
    fail,
    is_text,
    now,
    opened_ledger,
    read_employer,
    read_reason,
    say,
    write,
)

if TYPE_CHECKING:
    from dimona_provider.ledger import Ledger
    from dimona_provider.ledger.switch import Hold

_EMPLOYER = typer.Option("--employer", metavar="N", help="Enterprise or NSSO number.")
_CONNECTION = typer.Option(
    "--connection", metavar="ID", callback=is_text, help="What is filed over this connection."
)
_REASON = typer.Option("--reason", metavar="R", help="Why; names no person.")


def hold(
    *,
    employer: Annotated[str | None, _EMPLOYER] = None,
    connection: Annotated[str | None, _CONNECTION] = None,
    everything: Annotated[bool, typer.Option("--all", help="Stop all sending.")] = False,
    reason: Annotated[str | None, _REASON] = None,
    show: Annotated[bool, typer.Option("--list", help="Only show what is held.")] = False,
    form: Annotated[Format, typer.Option("--format", help="Of --list.")] = Format.TABLE,
) -> None:
    """
    Stop sending, for an employer, for a connection, or for all: nothing more leaves until `dimona release`.

    Senders look before each POST. What is held back stays planned, and deadlines go on: nothing is lost, but
    it may come too late. What was filed is still followed.
    """
    if show:
        _show(form)
        return
    conn_id, number = _scope(connection, employer, everything=everything)
    if reason is None:
        raise typer.BadParameter("say why", param_hint="--reason")
    why = read_reason(reason)
    with opened_ledger() as ledger:
        from dimona_provider.ledger import switch
        from dimona_provider.ledger.holding import held_back

        is_new = switch.place(ledger, why, dimona_conn_id=conn_id, employer=number, now=now())
        said = "held" if is_new else "held already"
        say(f"{said}: {_named(conn_id, number)}; {held_back(ledger)} planned declarations wait")


def release(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="REFERENCE", callback=is_text, help="One held declaration alone."),
    ] = None,
    *,
    reason: Annotated[str, _REASON],
    employer: Annotated[str | None, _EMPLOYER] = None,
    connection: Annotated[str | None, _CONNECTION] = None,
    everything: Annotated[bool, typer.Option("--all", help="What `dimona hold --all` stopped.")] = False,
) -> None:
    """
    Let sending go on, and plan again what the service had refused there: the next run sends it.

    An employer is released on every connection, unless one is named. Other switches stay on.
    """
    why = read_reason(reason)
    if reference is not None:
        if employer or connection or everything:
            raise typer.BadParameter("say a REFERENCE or a scope, not both")
        _release_one(reference, why)
        return
    conn_id, number = _scope(connection, employer, everything=everything)
    with opened_ledger() as ledger:
        from dimona_provider.ledger import holding

        done = holding.release(ledger, dimona_conn_id=conn_id, employer=number, reason=why, now=now())
        said = "released" if done.removed else "was not held"
        say(f"{said}: {_named(conn_id, number)}; {done.planned} held declarations are planned again")
        _warn(done.remaining)


def _release_one(reference: str, why: str) -> None:
    with opened_ledger() as ledger:
        from dimona_provider.ledger import switch
        from dimona_provider.ledger.holding import held_back, state_of

        if switch.release_intent(ledger, reference, reason=why, now=now()):
            say(f"{reference} is planned again: the next run sends it")
            if held_back(ledger):
                _warn(switch.current(ledger))
            return
        state = state_of(ledger, reference)
        if state is None:
            fail("the ledger knows no such reference: `dimona ledger list --state held` shows what is held")
        say(f"{reference} is not held, it is {state}: nothing to release")


def _scope(connection: str | None, employer: str | None, *, everything: bool) -> tuple[str, str]:
    if everything == bool(connection or employer):
        raise typer.BadParameter("say --employer N, --connection ID, or --all for all sending everywhere")
    return connection or "", read_employer(employer) if employer else ""


def _show(form: Format) -> None:
    with opened_ledger() as ledger:
        from dimona_provider.ledger.switch import current

        on = current(ledger)
        if form is Format.JSON:
            write(iter([json.dumps([_plain(one) for one in on], indent=2) + "\n"]))
            return
        for one in on:
            typer.echo(_told(one))
        typer.echo(_waiting(ledger) if on else "nothing is held")


def _waiting(ledger: Ledger) -> str:
    from dimona_provider.ledger.holding import held_back

    return f"{held_back(ledger)} planned declarations wait"


def _plain(one: Hold) -> dict[str, str | None]:
    from dimona_provider.ledger.listing import iso

    return {
        "connection": one.dimona_conn_id or None,
        "employer": one.employer or None,
        "reason": one.reason,
        "placed_by": one.placed_by,
        "placed_at": iso(one.placed_at),
    }


def _told(one: Hold) -> str:
    plain = _plain(one)
    named = _named(one.dimona_conn_id, one.employer)
    return f"{named}: {plain['reason']} ({plain['placed_by']}, {plain['placed_at']})"


def _named(conn_id: str, employer: str) -> str:
    if not conn_id and not employer:
        return "all sending, of every employer over every connection"
    of = f"employer {employer}" if employer else "every employer"
    return f"{of} over {f'connection {conn_id}' if conn_id else 'every connection'}"


def _warn(remaining: Sequence[Hold]) -> None:
    for one in remaining:
        typer.echo(f"dimona: still held: {_told(one)}", err=True)
