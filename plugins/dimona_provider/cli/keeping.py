"""The commands that keep the ledger: new keys for it, and what is old out of it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dimona_provider.cli.opening import (
    actor,
    locate,
    now,
    one_line_errors,
    opened_ledger,
    read_midnight,
    say,
)

if TYPE_CHECKING:
    from dimona_provider.hooks import LedgerLocation
    from dimona_provider.ledger.keys import Keyring

_TOLD_EVERY = 10_000


def rotate_key(
    *,
    go_on: Annotated[
        bool, typer.Option("--continue", help="Encrypt everything with the new key; may be run again.")
    ] = False,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Forget the old keys, a day after the rotation.")
    ] = False,
    restarted: Annotated[
        bool, typer.Option("--restarted", help="Every component was restarted since: --drop-old at once.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="For keys in the connection: write the new ones there."),
    ] = None,
) -> None:
    """
    Give the ledger a new encryption key, in three steps.

    Without options it adds the new key, which only decrypts at first. When the key file is on every machine
    and every task that ran has ended, --continue encrypts everything with it. --drop-old forgets the old
    keys. Each step may be killed and run again; tasks go on meanwhile.
    """
    if go_on and drop_old:
        raise typer.BadParameter("say either --continue or --drop-old")
    with one_line_errors():
        location = locate()
        with _locked(location):
            if drop_old:
                _drop_old(location, to, restarted=restarted)
            elif go_on:
                _go_on(location, to)
            else:
                _begin(location, to)


def _begin(location: LedgerLocation, to: Path | None) -> None:
    from dimona_provider.ledger import rotation

    ledger = location.open(actor())
    try:
        put = _save(location, rotation.begin(ledger.keys), to)
        rotation.note_begun(ledger, now=now())
    finally:
        ledger.close()
    say(f"a new key {put}; it only decrypts so far. Back it up, and give it to every machine.")
    say("When every task that runs now has ended: dimona ledger rotate-key --continue")


def _go_on(location: LedgerLocation, to: Path | None) -> None:
    from dimona_provider.ledger import rotation

    location.open(actor()).close()  # never touch the keys of another ledger
    keys = location.keys()
    if keys.next is not None:
        put = _save(location, rotation.promote(keys), to)
        if location.key_file is None:
            say(f"the new key comes first in what {put}; then: dimona ledger rotate-key --continue")
            return
    ledger = location.open(actor())
    try:
        changed = rotation.reencrypt(ledger, _progress("records looked at"), now=now())
    finally:
        ledger.close()
    say(f"every record is under the first key: {changed} encrypted anew")
    if len(ledger.keys.encryption) > 1:
        say("A day from now: dimona ledger rotate-key --drop-old")


def _drop_old(location: LedgerLocation, to: Path | None, *, restarted: bool) -> None:
    from dimona_provider.ledger import rotation

    ledger = location.open(actor())
    try:
        if len(ledger.keys.encryption) == 1 and ledger.keys.next is None:
            say("there is no old key")
            return
        rotation.check_droppable(ledger, restarted=restarted, now=now())
        put = _save(location, rotation.without_old(ledger.keys), to)
        rotation.note_dropped(ledger, now=now())
    finally:
        ledger.close()
    say(f"only the new key {put}; backups from before the rotation need the keys of then")


def _save(location: LedgerLocation, keys: Keyring, to: Path | None) -> str:
    """Put *keys* where they belong; return where that is, for a sentence."""
    from dimona_provider.errors import ConfigurationError
    from dimona_provider.ledger.keys import replace_keys, write_new_keys

    if location.key_file is not None:
        replace_keys(location.key_file, keys)
        return f"is in {location.key_file}"
    if to is None:
        raise ConfigurationError(
            "the keys come with the connection dimona_ledger, where this command can't write: say --to FILE, "
            "put what it writes there into the connection's extra.keys, and delete the file"
        )
    write_new_keys(to, keys)
    return f"is in {to}: put its content into extra.keys of the connection dimona_ledger and delete it"


@contextlib.contextmanager
def _locked(location: LedgerLocation) -> Iterator[None]:
    from dimona_provider.ledger.keys import key_file_locked

    if location.key_file is None or not location.key_file.parent.is_dir():
        yield
        return
    with key_file_locked(location.key_file):
        yield


def purge(
    *,
    before: Annotated[
        str, typer.Option("--before", metavar="YYYY-MM-DD", help="What ended before that day goes.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """
    Delete what ended before a day, in Brussels; what is open stays whole.

    Refused declarations are deleted. What counts at the NSSO is stripped of its content, attempts, answers
    and events, and stays recognised: else payroll's next export would declare it anew.
    """
    from dimona_provider.ledger import retention

    limit = read_midnight(before, "--before")
    if limit > now():
        raise typer.BadParameter("that day has not begun", param_hint="--before")
    with opened_ledger() as ledger:
        found = retention.count(ledger, limit, now=now())
        if found == retention.Purged():
            say(f"nothing ended before {before}")
            return
        say(f"ended before {before}: {_told(found)}")
        if dry_run:
            return
        if not yes and not (sys.stdin.isatty() and typer.confirm("Delete them? There is no way back.")):
            raise typer.BadParameter("nothing was deleted: say --yes")
        done = retention.purge(ledger, limit, now=now(), progress=_progress("declarations dealt with"))
        say(f"purged: {_told(done)}")


def _told(purged: object) -> str:
    from dimona_provider.ledger.retention import Purged

    assert isinstance(purged, Purged)  # noqa: S101 - for mypy: its import waits
    return (
        f"{purged.deleted} refused declarations to delete, {purged.stripped} declarations to strip, "
        f"{purged.findings} findings, {purged.batches} empty batches"
    )


def _progress(what: str) -> Callable[..., None]:
    told = 0

    def tell(number: int, *_: int) -> None:
        nonlocal told
        if number >= told + _TOLD_EVERY:
            told = number
            typer.echo(f"dimona: {number} {what}", err=True)

    return tell
