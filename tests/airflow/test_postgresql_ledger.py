"""The ledger on PostgreSQL, found by the connection ``dimona_ledger`` as production has it."""

from __future__ import annotations

import sqlalchemy as sa
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.hooks import DimonaLedgerHook
from dimona_provider.ledger.summaries import states_of_batch
from dimona_provider.operators import DimonaSubmitOperator
from dimona_provider.sensors import DimonaResultSensor
from support.people import item

from .conftest import context


def test_declarations_are_filed_and_followed_with_a_ledger_on_postgresql(
    postgresql, nsso, connect, monkeypatch, tmp_path
):
    server = sa.make_url(postgresql)
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE ledger_of_airflow"))
    engine.dispose()
    extra = {"key_file": str(tmp_path / "keys.json"), "connect_timeout": 5}
    place = {"host": server.query["host"], "login": server.username, "schema": "ledger_of_airflow"}
    connect("dimona_ledger", {"conn_type": "postgres", **place, "extra": extra})
    connect("dimona_default", nsso.connection())
    made = CliRunner().invoke(app, ["ledger", "init"])
    submit = DimonaSubmitOperator(task_id="submit", source=lambda: [item(n) for n in (1, 2, 3)])

    batch = submit.execute(context("submit"))
    again = submit.execute(context("submit"))
    counts = DimonaResultSensor(task_id="wait", batch=batch, deferrable=False).execute(context("wait"))

    assert made.exit_code == 0, made.output
    assert again == batch
    assert counts["accepted"] == 3
    assert len(nsso.posts) == 3
    ledger = DimonaLedgerHook().location().open("test")
    assert ledger.engine.dialect.name == "postgresql"
    assert states_of_batch(ledger, batch) == {"accepted": 3}
    ledger.close()
