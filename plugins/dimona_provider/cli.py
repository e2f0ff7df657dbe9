"""The ``dimona`` command."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from dimona_provider import cli_offline
from dimona_provider.errors import DimonaError

app = typer.Typer(
    cls=cli_offline.OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    help="Dimona declarations from Airflow.",
)
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger: the record of every declaration.")
app.add_typer(ledger_app, name="ledger")
app.command("validate")(cli_offline.validate)
app.command("explain")(cli_offline.explain)


@app.callback()
def main() -> None:
    """Dimona declarations from Airflow."""


@ledger_app.command("init")
def init(
    *,
    new_ledger: Annotated[
        bool, typer.Option("--new-ledger", help="Start an empty ledger although there are keys already.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing when all is well.")] = False,
) -> None:
    """
    Make the ledger and its keys, or bring an older ledger up to date. May be run again at any time.

    Uses the connection dimona_ledger if there is one, else a SQLite file under AIRFLOW_HOME.
    """
    _find_airflow_home()
    # Airflow takes seconds to import: --help must not.
    from dimona_provider.hooks import DimonaLedgerHook  # noqa: PLC0415
    from dimona_provider.ledger.setup import initialise  # noqa: PLC0415
    from dimona_provider.plain_process import stored_connection  # noqa: PLC0415

    try:
        location = DimonaLedgerHook().location(stored_connection)
        done = initialise(
            location.url, location.keys, location.key_file, now=time.time(), new_ledger=new_ledger
        )
    except DimonaError as error:
        typer.echo(f"dimona: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(
            f"dimona: the ledger's keys can't be written ({error.strerror}: {error.filename})", err=True
        )
        sys.exit(1)
    if quiet:
        return
    if done.keys_made:
        typer.echo(f"keys made at {location.key_file}: back them up, without them the ledger can't be read")
    was = "new" if done.was_version is None else f"was {done.was_version}"
    place = location.url.render_as_string(hide_password=True)
    typer.echo(f"ledger ready at {place}, schema {done.version} ({was})")


def _find_airflow_home() -> None:
    """Use the demo's AIRFLOW_HOME when none is set and a demo is here: its ledger is what is meant."""
    if os.environ.get("AIRFLOW_HOME"):
        return
    demo = Path(os.environ.get("DEMO_DIRECTORY") or Path.cwd() / "var" / "demo")
    if (demo / "airflow" / "dimona").is_dir():
        os.environ["AIRFLOW_HOME"] = str((demo / "airflow").resolve())
        typer.echo(f"dimona: AIRFLOW_HOME is not set, using the demo in {demo}", err=True)


if __name__ == "__main__":
    app()
