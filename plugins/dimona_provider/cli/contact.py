"""The commands of first contact and of reconciliation: import an employer's periods, and show the gaps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dimona_provider.cli.opening import (
    is_text,
    now,
    opened_ledger,
    read_employer,
    read_reason,
    say,
    stored_hook,
    write,
)

if TYPE_CHECKING:
    from dimona_provider.api.settings import Settings
    from dimona_provider.contact.linking import Imported
    from dimona_provider.ledger import Ledger

PROGRESS_EVERY = 20
"""Pages read between two lines on stderr."""
_MOST_AMBIGUOUS = 100


class GapFormat(StrEnum):
    """What ``gaps`` prints."""

    TABLE = "table"
    JSONL = "jsonl"


def import_(
    *,
    employer: Annotated[str, typer.Option("--employer", metavar="NUMBER", help="Enterprise or NSSO number.")],
    conn_id: Annotated[
        str, typer.Option("--conn-id", metavar="ID", callback=is_text, help="The connection to the NSSO.")
    ] = "dimona_default",
    waive: Annotated[
        bool, typer.Option("--waive", help="It needs no import: nobody was ever declared. Needs --reason.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="R", help="Why; names no person.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and match, and keep nothing.")] = False,
) -> None:
    """
    Read all periods of an employer from the NSSO into the ledger, and match them to employments.

    In production nothing is planned for an employer before. May be run again at any time; killed, it goes on
    where it was. With --waive a person says instead that there is nothing to read.
    """
    number = read_employer(employer)
    if waive != (reason is not None) or (waive and dry_run):
        raise typer.BadParameter("--waive and --reason go together, and without --dry-run")
    with opened_ledger() as ledger:
        settings = _settings_of(number, conn_id)
        if waive:
            _waive(ledger, settings.base_url, number, read_reason(str(reason)))
            return
        done = asyncio.run(_import(ledger, settings, number, dry_run=dry_run))
        wrote = "would be imported" if dry_run else "imported"
        say(f"employer {number} at {settings.base_url} {wrote}: {done.line()}")
        for line in _ambiguous_lines(done):
            say(line)


def gaps(
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Leave out what was solved.")] = False,
    form: Annotated[
        GapFormat, typer.Option("--format", help="table for people, jsonl for programs.")
    ] = GapFormat.TABLE,
) -> None:
    """Show where the NSSO's periods differ from ours, as dimona_reconcile found; names no person."""
    from dimona_provider.ledger import gaps as register

    with opened_ledger() as ledger:
        found = register.entries(ledger) if only_open else register.all_entries(ledger)
        write(_table(found) if form is GapFormat.TABLE else _json_lines(found))


def _settings_of(employer: str, conn_id: str) -> Settings:
    """Return the connection that serves an employer. Raises ConfigurationError."""
    hook = stored_hook()
    settings = hook(conn_id).settings()
    other = settings.employers.get(employer)
    return settings if other is None else hook(other).settings()


async def _import(ledger: Ledger, settings: Settings, employer: str, *, dry_run: bool) -> Imported:
    from dimona_provider.clock import SystemClock
    from dimona_provider.contact.importing import import_periods, try_import
    from dimona_provider.pacing import open_line
    from dimona_provider.settling.evidence import Evidence

    clock = SystemClock()
    where = (settings.base_url, employer)
    async with open_line(ledger, settings, clock) as line:
        evidence = Evidence(line.client, line.budget, clock)
        if dry_run:
            return await try_import(ledger, evidence, *where, progress=_progress())
        return await import_periods(ledger, evidence, *where, clock=clock, progress=_progress())


def _progress() -> Callable[[int], None]:
    def tell(pages: int) -> None:
        if pages % PROGRESS_EVERY == 0:
            typer.echo(f"dimona: {pages} pages read", err=True)

    return tell


def _waive(ledger: Ledger, environment: str, employer: str, reason: str) -> None:
    from dimona_provider.ledger import contacts

    if contacts.waive(ledger, environment, employer, reason, now=now()):
        say(f"employer {employer} at {environment} needs no import: {reason}")
    else:
        say(f"employer {employer} at {environment} was imported or waived already")


def _ambiguous_lines(done: Imported) -> Iterator[str]:
    for period, employments in list(done.ambiguous.items())[:_MOST_AMBIGUOUS]:
        yield f"  period {period} fits {', '.join(employments)}"
    if len(done.ambiguous) > _MOST_AMBIGUOUS:
        yield f"  … and {len(done.ambiguous) - _MOST_AMBIGUOUS} more"


def _json_lines(found: Iterator[Any]) -> Iterator[str]:
    from dimona_provider.contact.drift import json_line

    return map(json_line, found)


def _table(found: Iterator[Any]) -> Iterator[str]:
    from dimona_provider.contact.drift import rows

    return (line + "\n" for line in rows(found))
