"""The commands that rotate the ledger's key and purge what is old."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from typer.testing import CliRunner

from dimona_provider.cli import keeping, opening
from dimona_provider.cli.main import app
from dimona_provider.hooks import DimonaLedgerHook
from dimona_provider.ledger import rotation, schema, setup
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring, read_keys
from dimona_provider.ledger.store import CANARY, SCHEMA_VERSION
from support.clocks import START
from support.ledgers import batch_of, row, rows, set_state, states

DAY = 86_400.0


def run(*words, text=None):
    return CliRunner().invoke(app, ["ledger", *(str(word) for word in words)], input=text)


def rotate(*options):
    return run("rotate-key", *options)


def is_one_line(ended, exit_code=1):
    return (ended.exit_code, ended.stderr.startswith("dimona: "), ended.stderr.count("\n")) == (
        exit_code,
        True,
        1,
    )


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Give an AIRFLOW_HOME with a ledger of two declarations and its key file."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert run("init").exit_code == 0
    ledger = opened()
    batch_of(ledger, 2)
    ledger.close()
    return tmp_path


def opened():
    return DimonaLedgerHook().location().open("test")


def keys_at(home):
    return read_keys(home / "dimona" / "ledger-keys.json")


def shown_keys(ended, *keyrings):
    every = [
        key.decode() for keys in keyrings for key in (*keys.encryption, *([keys.next] if keys.next else []))
    ]
    return [key for key in every if key in ended.output]


def test_a_key_is_rotated_in_three_steps(home, monkeypatch):
    old = keys_at(home)

    begun = rotate()
    between = keys_at(home)
    gone_on = rotate("--continue")
    both = keys_at(home)
    monkeypatch.setattr(opening.time, "time", lambda: START * 2)
    dropped = rotate("--drop-old")
    new = keys_at(home)

    assert [one.exit_code for one in (begun, gone_on, dropped)] == [0, 0, 0], dropped.output
    assert (between.encryption, between.next is None) == (old.encryption, False)
    assert both.encryption == (between.next, *old.encryption)
    assert new.encryption == (between.next,)
    assert {one.search for one in (between, both, new)} == {old.search}
    assert "3 encrypted anew" in gone_on.stdout
    ledger = opened()
    assert json.loads(ledger.keys.decrypt(row(ledger, 1).body))
    assert [one.what for one in rows(ledger, schema.events) if one.intent is None] == [
        "key rotation begun",
        "keys rotated",
        "old keys dropped",
    ]
    ledger.close()
    assert not shown_keys(begun, between) + shown_keys(gone_on, both) + shown_keys(dropped, both)
    assert stat.S_IMODE((home / "dimona" / "ledger-keys.json").stat().st_mode) == 0o600


def test_a_rotation_is_begun_once(home):
    rotate()

    assert is_one_line(rotate())


def test_going_on_again_changes_nothing(home):
    rotate()
    rotate("--continue")
    before = keys_at(home)

    again = rotate("--continue")

    assert again.exit_code == 0
    assert "0 encrypted anew" in again.stdout
    assert keys_at(home) == before


def test_old_keys_are_not_dropped_at_once_unless_everything_was_restarted(home):
    rotate()
    rotate("--continue")

    assert is_one_line(rotate("--drop-old"))
    assert len(keys_at(home).encryption) == 2
    assert rotate("--drop-old", "--restarted").exit_code == 0
    assert len(keys_at(home).encryption) == 1


def test_without_an_old_key_there_is_nothing_to_drop(home):
    assert "there is no old key" in rotate("--drop-old").stdout


def test_old_keys_are_not_dropped_before_the_rotation_ended(home):
    rotate()

    assert is_one_line(rotate("--drop-old", "--restarted"))


def test_keys_of_another_ledger_are_not_touched(home):
    (home / "dimona" / "ledger-keys.json").write_text(other := Keyring.generate().to_json())

    for step in ((), ("--continue",), ("--drop-old",)):
        assert is_one_line(rotate(*step))

    assert (home / "dimona" / "ledger-keys.json").read_text() == other


def test_without_a_ledger_there_is_no_rotation(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "none"))

    assert is_one_line(rotate())


def test_two_steps_at_once_are_refused(home):
    assert is_one_line(rotate("--continue", "--drop-old"), 2)


def test_keys_in_the_connection_are_written_where_somebody_says(ledger, connect, tmp_path):
    batch_of(ledger, 2)

    def put(keys):
        path = str(ledger.engine.url.database)
        connect("dimona_ledger", {"conn_type": "sqlite", "host": path, "extra": {"keys": keys.to_json()}})

    assert is_one_line(refused := rotate())
    assert "--to FILE" in refused.stderr
    assert rotate("--to", tmp_path / "begun.json").exit_code == 0
    put(begun := read_keys(tmp_path / "begun.json"))
    assert is_one_line(rotate("--continue"))
    promoted = rotate("--continue", "--to", tmp_path / "promoted.json")
    put(both := read_keys(tmp_path / "promoted.json"))
    done = rotate("--continue")

    assert "rotate-key --continue" in promoted.stdout
    assert "3 encrypted anew" in done.stdout
    assert both == rotation.promote(begun)
    assert both.encrypted_first(row(ledger, 1).body)
    assert not shown_keys(refused, begun) + shown_keys(promoted, both) + shown_keys(done, both)
    assert rotate("--drop-old", "--restarted", "--to", tmp_path / "new.json").exit_code == 0
    assert read_keys(tmp_path / "new.json").encryption == both.encryption[:1]


@pytest.fixture
def old(ledger, monkeypatch):
    """Give a ledger with an accepted and a refused declaration of January 2027, and one that is open."""
    monkeypatch.setattr(keeping, "now", lambda: START + 30 * DAY)  # 2027-02-14
    batch_of(ledger, 3)
    set_state(ledger, 1, state="accepted")
    set_state(ledger, 2, state="refused")
    return ledger


def test_a_purge_says_what_it_deleted(old):
    ended = run("purge", "--before", "2027-02-01", "--yes")

    assert ended.exit_code == 0
    assert "1 refused declarations to delete, 1 declarations to strip" in ended.stdout
    assert states(old) == ["accepted", "planned"]
    assert rows(old, schema.events)[-1].what == "purged"


def test_a_dry_run_only_counts(old):
    ended = run("purge", "--before", "2027-02-01", "--dry-run")

    assert ended.exit_code == 0
    assert "1 refused declarations to delete" in ended.stdout
    assert states(old) == ["accepted", "refused", "planned"]


def test_a_purge_without_a_terminal_needs_yes(old):
    ended = run("purge", "--before", "2027-02-01", text="y\n")

    assert is_one_line(ended, 2)
    assert states(old) == ["accepted", "refused", "planned"]


def test_the_day_begins_at_midnight_in_brussels(old):
    # 2027-01-14 23:30 UTC is 00:30 of the 15th in Brussels.
    set_state(old, 1, changed_at=1_799_969_400.0)
    set_state(old, 2, changed_at=1_799_967_000.0)

    assert (
        "1 refused declarations to delete, 0 declarations"
        in run("purge", "--before", "2027-01-15", "--dry-run").stdout
    )


def test_nothing_to_purge_is_no_error(old):
    ended = run("purge", "--before", "2020-01-01")

    assert (ended.exit_code, ended.stdout) == (0, "nothing ended before 2020-01-01\n")


@pytest.mark.parametrize("day", ["2027-02-15", "2999-01-01"])
def test_what_has_not_ended_yet_is_not_purged(old, day):
    ended = run("purge", "--before", day, "--yes")

    assert is_one_line(ended, 2)
    assert states(old) == ["accepted", "refused", "planned"]
    assert run("purge", "--before", "2027-02-14", "--dry-run").exit_code == 0


def test_a_day_that_is_none_is_one_line(old):
    assert is_one_line(run("purge", "--before", "soon"), 2)


def make_older(version):
    """Put a ledger of an older schema, with the same keys, in the place of the one there."""
    location = DimonaLedgerHook().location()
    for end in ("", "-wal", "-shm"):
        Path(f"{location.url.database}{end}").unlink(missing_ok=True)
    keys = location.keys()
    engine = make_engine(location.url, may_create=True)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(setup._MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        row = {"id": 1, "key_fingerprint": keys.fingerprint, "canary": keys.encrypt(CANARY)}
        connection.execute(schema.info.insert().values(**row, created_at=0.0))
    engine.dispose()


def test_an_older_ledger_is_copied_and_migrated(home):
    make_older("0002")

    ended = run("init")

    assert ended.exit_code == 0
    assert "schema 0002 was copied to " in ended.stdout
    assert f"schema {SCHEMA_VERSION} (was 0002)" in ended.stdout
    (copy,) = (home / "dimona").glob("ledger.db.0002-*.backup")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_an_older_ledger_that_is_backed_up_is_not_copied(home):
    make_older("0002")

    assert run("init", "--backed-up", "--quiet").output == ""

    assert not list((home / "dimona").glob("*.backup"))
