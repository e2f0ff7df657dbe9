"""The ``dimona`` command: which commands there are."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from dimona_provider.cli import check, contact, decide, hold, keeping, keys, ledger, offline, plan, showing
from dimona_provider.cli.opening import DASHES_ALLOWED

app = typer.Typer(
    cls=offline.OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    help="Dimona declarations from Airflow.",
    # A defect ends in Python's plain traceback: typer's may show local variables, and in them persons.
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)
ledger_app = typer.Typer(
    no_args_is_help=True,
    help="The ledger: the record of every declaration.",
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)
app.add_typer(ledger_app, name="ledger")
app.command("validate")(offline.validate)
app.command("explain")(offline.explain)
app.command("check")(check.check)
app.command("keygen")(keys.keygen)
app.command("hold")(hold.hold)
app.command("release", context_settings=DASHES_ALLOWED)(hold.release)
app.command("plan")(plan.plan)
app.command("decide", context_settings=DASHES_ALLOWED)(decide.decide)
ledger_app.command("init")(ledger.init)
ledger_app.command("list")(showing.list_)
ledger_app.command("show", context_settings=DASHES_ALLOWED)(showing.show)
ledger_app.command("export")(showing.export)
ledger_app.command("resolve", context_settings=DASHES_ALLOWED)(ledger.resolve)
ledger_app.command("import")(contact.import_)
ledger_app.command("gaps")(contact.gaps)
ledger_app.command("rotate-key")(keeping.rotate_key)
ledger_app.command("purge")(keeping.purge)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - the form of typer's callbacks
    if wanted:
        typer.echo(f"dimona {metadata.version('airflow-provider-dimona')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Dimona declarations from Airflow."""


if __name__ == "__main__":
    app()
