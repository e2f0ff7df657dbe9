"""What commands on the ledger share: finding and opening it, errors of one line, and reading arguments."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import os
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from dimona_provider.domain.identifiers import typed_employer
from dimona_provider.domain.ssin_search import contains_ssin
from dimona_provider.errors import DimonaError

if TYPE_CHECKING:  # Airflow and SQLAlchemy take seconds to import: --help must not
    from dimona_provider.hooks import DimonaHook, LedgerLocation
    from dimona_provider.ledger import Ledger

DASHES_ALLOWED = {"ignore_unknown_options": True}
"""For commands that take a reference: it is random, and may begin with a dash."""


class Format(StrEnum):
    """What a command prints."""

    JSON = "json"
    TABLE = "table"


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """End the command with one line on stderr where something can't be done."""
    import sqlalchemy as sa

    try:
        yield
    except BrokenPipeError:
        _forget_output()  # who reads has seen enough, such as head
        sys.exit(1)
    except DimonaError as error:
        fail(str(error))
    except sa.exc.DBAPIError as error:
        fail(f"the ledger's database failed ({type(error.orig).__name__})")
    except OSError as error:
        if error.filename is None:  # of the output, which has no name
            _forget_output()
            fail(f"the output can't be written ({error.strerror})")
        fail(f"can't read or write a file ({error.strerror}: {error.filename})")


def fail(message: str) -> NoReturn:
    """Say why on one line, and end with 1."""
    typer.echo(f"dimona: {message}", err=True)
    sys.exit(1)


def locate() -> LedgerLocation:
    """Return where the ledger is. Raises ConfigurationError."""
    find_airflow_home()
    from dimona_provider.hooks import DimonaLedgerHook
    from dimona_provider.plain_process import stored_connection

    return DimonaLedgerHook().location(stored_connection)


def stored_hook() -> type[DimonaHook]:
    """Return a hook that finds a connection in Airflow's database too: a command is no task."""
    from dimona_provider.hooks import DimonaHook
    from dimona_provider.plain_process import stored_connection

    class StoredHook(DimonaHook):
        """Finds stored connections."""

        @classmethod
        def get_connection(cls, conn_id: str) -> Any:
            return stored_connection(conn_id)

    return StoredHook


@contextlib.contextmanager
def opened_ledger() -> Iterator[Ledger]:
    """Open the ledger in the name of who runs the command; what goes wrong is one line."""
    with one_line_errors():
        ledger = locate().open(actor())
        try:
            yield ledger
        finally:
            ledger.close()


def actor() -> str:
    """Return who is recorded: ``command:`` and the user of the operating system."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"command:uid {os.getuid()}"


def find_airflow_home() -> None:
    """Use the demo's AIRFLOW_HOME when none is set and a demo is here: its ledger is what is meant."""
    if os.environ.get("AIRFLOW_HOME"):
        return
    demo = Path(os.environ.get("DEMO_DIRECTORY") or Path.cwd() / "var" / "demo")
    if (demo / "airflow" / "dimona").is_dir():
        os.environ["AIRFLOW_HOME"] = str((demo / "airflow").resolve())
        typer.echo(f"dimona: AIRFLOW_HOME is not set, using the demo in {demo}", err=True)


def read_reason(raw: str) -> str:
    """Return a reason on one line. Raises BadParameter for an empty one, and for one with an SSIN."""
    reason = " ".join(raw.split())
    if not _is_utf8(reason):
        raise typer.BadParameter("not UTF-8", param_hint="--reason")
    if not reason:
        raise typer.BadParameter("say why", param_hint="--reason")
    if contains_ssin(reason):
        raise typer.BadParameter("a reason must not name a person", param_hint="--reason")
    return reason


def read_employer(raw: str) -> str:
    """Return an employer's number as the ledger has it. Raises BadParameter."""
    try:
        return typed_employer(raw)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--employer") from None


def read_midnight(raw: str, option: str) -> float:
    """Return when the day *raw* begins in Brussels, in epoch seconds. Raises BadParameter."""
    from dimona_provider.domain.deadlines import BRUSSELS

    try:
        return dt.datetime.strptime(raw, "%Y-%m-%d").replace(tzinfo=BRUSSELS).timestamp()
    except ValueError:
        raise typer.BadParameter("not a date YYYY-MM-DD", param_hint=option) from None


def is_text(raw: str | None) -> str | None:
    """Return an argument as it is. Raises BadParameter for bytes that are no UTF-8: no ledger holds them."""
    if raw is not None and not _is_utf8(raw):
        raise typer.BadParameter("not UTF-8")
    return raw


def _is_utf8(raw: str) -> bool:
    try:
        raw.encode()
    except UnicodeEncodeError:
        return False
    return True


def write(lines: Iterator[str]) -> None:
    """Print text as it comes, as UTF-8 whatever the terminal is set to."""
    if sys.stdout is None:  # it was closed before Python started
        fail("the output can't be written (it is closed)")
    out = sys.stdout.buffer
    for line in lines:
        out.write(line.encode())
    out.flush()


def say(line: str, *, err: bool = False) -> None:
    """Say what was done; on stderr when the output can't take it, for done it is."""
    try:
        typer.echo(line, err=err)
    except OSError as error:
        _forget_output()
        typer.echo(f"dimona: {line} (the output can't be written: {error.strerror})", err=True)


def _forget_output() -> None:
    # Python would try to write the rest, and complain once more, while it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def now() -> float:
    """Return the time, in epoch seconds."""
    return time.time()
