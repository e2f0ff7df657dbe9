"""Making, migrating and opening a ledger, on both databases."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger import first_keys, open_ledger, schema, setup
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring, read_keys, write_new_keys
from dimona_provider.ledger.setup import initialise
from dimona_provider.ledger.store import SCHEMA_VERSION
from support.clocks import START
from support.ledgers import batch_of, new_intent, record, rows
from support.markdown import ROOT

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def one_sentence(error: BaseException) -> bool:
    return "\n" not in str(error) and len(str(error)) < 200


def test_the_newest_migration_is_the_version_that_the_package_needs():
    assert ScriptDirectory(str(setup._MIGRATIONS)).get_heads() == [SCHEMA_VERSION]


def test_a_migrated_database_is_what_the_tables_say(ledger):
    with ledger.engine.connect() as connection:
        # Alembic can't compare an empty text as default on SQLite.
        opts = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
        # The index on codes is another one on each database, so the tables name none.
        opts["include_object"] = lambda _object, name, *_: name != "ix_intents_codes"
        context = MigrationContext.configure(connection, opts=opts)
        differences = compare_metadata(context, schema.metadata)

    assert differences == []


def test_the_unique_index_on_open_intents_knows_the_open_states(ledger):
    with ledger.engine.connect() as connection:
        indexes = {index["name"]: index for index in sa.inspect(connection).get_indexes("intents")}
    dialect = ledger.engine.dialect.name

    where = str(indexes["uq_intents_open"]["dialect_options"][f"{dialect}_where"])

    open_states = {"planned", "sending", "sent", "identifying", "unclear", "held"}
    assert all(f"'{state}'" in where for state in open_states)
    assert "'accepted'" not in where
    assert indexes["uq_intents_open"]["unique"]


@BOTH
def test_a_new_ledger_gets_keys_and_a_schema_once(kind, new_database, tmp_path):
    url, key_file = new_database(kind), tmp_path / "keys" / "ledger.json"

    first = initialise(url, lambda: read_keys(key_file), key_file, now=START)
    again = initialise(url, lambda: read_keys(key_file), key_file, now=START + 1)

    assert (first.keys_made, first.was_version, first.version) == (True, None, SCHEMA_VERSION)
    assert (again.keys_made, again.was_version, again.version) == (False, SCHEMA_VERSION, SCHEMA_VERSION)
    open_ledger(url, read_keys(key_file), actor="test").close()


@BOTH
def test_initialising_again_leaves_the_data(kind, new_database):
    url, keys = new_database(kind), Keyring.generate()
    initialise(url, lambda: keys, None, now=START)
    ledger = open_ledger(url, keys, actor="test")
    batch_of(ledger, 2)
    before = rows(ledger)
    ledger.close()

    initialise(url, lambda: keys, None, now=START + 9)

    ledger = open_ledger(url, keys, actor="test")
    assert rows(ledger) == before
    assert [info.created_at for info in rows(ledger, schema.info)] == [START]
    ledger.close()


@BOTH
def test_a_ledger_whose_keys_are_lost_gets_no_new_ones(kind, new_database, tmp_path):
    url, key_file = new_database(kind), tmp_path / "ledger.json"
    initialise(url, lambda: read_keys(key_file), key_file, now=START)
    key_file.unlink()

    with pytest.raises(ConfigurationError, match="restore") as caught:
        initialise(url, lambda: read_keys(key_file), key_file, now=START)

    assert one_sentence(caught.value)
    assert not key_file.exists()


@BOTH
def test_a_ledger_refuses_keys_of_another(kind, new_database, tmp_path):
    url, other = new_database(kind), tmp_path / "other.json"
    keys = Keyring.generate()
    initialise(url, lambda: keys, None, now=START)
    write_new_keys(other)

    with pytest.raises(ConfigurationError, match="not this ledger's") as initialising:
        initialise(url, lambda: read_keys(other), other, now=START)
    with pytest.raises(ConfigurationError, match="not this ledger's") as opening:
        open_ledger(url, read_keys(other), actor="test")

    assert one_sentence(initialising.value)
    assert one_sentence(opening.value)


@BOTH
def test_an_empty_database_is_no_ledger(kind, new_database):
    with pytest.raises(ConfigurationError, match="there is no ledger") as caught:
        open_ledger(new_database(kind), Keyring.generate(), actor="test")

    assert one_sentence(caught.value)


def test_a_ledger_of_another_version_is_refused(ledger):
    with ledger.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))

    with pytest.raises(ConfigurationError, match=f"schema is 0000, .* needs {SCHEMA_VERSION}") as caught:
        open_ledger(ledger.engine.url, ledger.keys, actor="test")

    assert one_sentence(caught.value)


def test_keys_are_not_made_for_a_server_that_cant_be_reached(tmp_path):
    key_file = tmp_path / "keys.json"
    url = "postgresql+psycopg2://somebody:geheim@127.0.0.1:1/ledger"

    with pytest.raises(ConfigurationError, match="can't be opened") as caught:
        initialise(url, lambda: read_keys(key_file), key_file, now=START)

    assert not key_file.exists()
    assert "geheim" not in str(caught.value)


def test_a_server_that_cant_be_reached_is_one_sentence_without_its_password():
    with pytest.raises(ConfigurationError, match="can't be opened") as caught:
        open_ledger(
            "postgresql+psycopg2://somebody:geheim@127.0.0.1:1/ledger", Keyring.generate(), actor="test"
        )

    assert one_sentence(caught.value)
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database at all " * 100)

    for act in (
        lambda: open_ledger(f"sqlite:///{path}", Keyring.generate(), actor="test"),
        lambda: initialise(f"sqlite:///{path}", Keyring.generate, None, now=START),
    ):
        with pytest.raises(ConfigurationError, match="can't be opened") as caught:
            act()
        assert one_sentence(caught.value)


@pytest.mark.parametrize("place", ["file/ledger.db", ""])
def test_a_place_where_no_file_can_be_is_one_sentence(tmp_path, place):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ConfigurationError) as caught:
        open_ledger(f"sqlite:///{tmp_path / place}", Keyring.generate(), actor="test")

    assert one_sentence(caught.value)


def test_a_sqlite_ledger_and_its_journals_are_their_owners_alone(tmp_path):
    url, keys = f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}", Keyring.generate()
    initialise(url, lambda: keys, None, now=START)
    ledger = open_ledger(url, keys, actor="test")
    record(ledger, new_intent())

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").iterdir()}

    assert set(modes) >= {"ledger.db", "ledger.db-wal"}
    assert set(modes.values()) == {0o600}
    ledger.close()


def test_a_claim_is_on_disk_before_its_post_leaves(ledger):
    with ledger.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            durable = (
                connection.scalar(sa.text("PRAGMA journal_mode")),
                connection.scalar(sa.text("PRAGMA synchronous")),
            )
        else:
            durable = connection.scalar(sa.text("SHOW synchronous_commit"))

    assert durable in {("wal", 2), "on"}


def test_errors_of_the_database_show_no_values(ledger):
    with pytest.raises(sa.exc.IntegrityError) as caught, ledger.write() as connection:
        connection.execute(schema.staged_pages.insert().values(export="geheim", number=None, body=b"geheim"))

    assert "geheim" not in str(caught.value).replace("[SQL", "").split("DETAIL")[0]


def test_an_engine_shows_no_password():
    engine = make_engine("postgresql+psycopg2://somebody:geheim@127.0.0.1:1/ledger")

    assert "geheim" not in repr(engine)
    engine.dispose()


@BOTH
def test_a_lost_ledger_is_not_made_anew_without_a_word(kind, new_database, tmp_path):
    url, key_file = new_database(kind), tmp_path / "ledger.json"
    write_new_keys(key_file)

    with pytest.raises(ConfigurationError, match="--new-ledger"):
        initialise(url, lambda: read_keys(key_file), key_file, now=START)

    meant = initialise(url, lambda: read_keys(key_file), key_file, now=START, new_ledger=True)
    assert meant.version == SCHEMA_VERSION


def test_a_wrong_encryption_key_beside_the_right_search_key_is_refused(new_database):
    url, right = new_database("sqlite"), Keyring.generate()
    initialise(url, lambda: right, None, now=START)
    mixed = Keyring(Keyring.generate().encryption, right.search)

    with pytest.raises(ConfigurationError, match="not this ledger's"):
        open_ledger(url, mixed, actor="test")
    with pytest.raises(ConfigurationError, match="not this ledger's"):
        initialise(url, lambda: mixed, None, now=START)


_KILLED = """
import os, signal, sys
from pathlib import Path
from dimona_provider.ledger import backup, first_keys, keys, setup
from dimona_provider.ledger.keys import read_keys
place, name, url, key_file = eval(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
setattr(place, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
setup.initialise(url, lambda: read_keys(key_file), key_file, now=1.8e9)
"""


def init_killed_at(place, name, url, key_file):
    """Run an init in a process of its own, which is killed where it calls this."""
    words = [sys.executable, "-c", _KILLED, place, name, url, str(key_file)]
    ended = subprocess.run(words, cwd=ROOT / "plugins", check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL


@BOTH
@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param("keys.os", "fdopen", id="while the keys are written"),
        pytest.param("setup.command", "upgrade", id="between keys and tables"),
        pytest.param("first_keys", "put_in_place", id="between tables and keys in their place"),
    ],
)
def test_an_init_that_was_killed_is_simply_run_again(kind, new_database, tmp_path, place, name):
    url, key_file = new_database(kind), tmp_path / "keys" / "ledger.json"
    init_killed_at(place, name, url, key_file)

    done = initialise(url, lambda: read_keys(key_file), key_file, now=START)

    assert done.keys_made
    assert [path.name for path in key_file.parent.iterdir()] == ["ledger.json"]
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    open_ledger(url, read_keys(key_file), actor="test").close()
    assert not initialise(url, lambda: read_keys(key_file), key_file, now=START).keys_made


@BOTH
def test_several_inits_at_once_are_one(kind, new_database, tmp_path):
    url, key_file = new_database(kind), tmp_path / "keys" / "ledger.json"
    together = threading.Barrier(4)

    def init(_):
        together.wait()
        return initialise(url, lambda: read_keys(key_file), key_file, now=START)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(init, range(4)))

    assert sorted(one.keys_made for one in done) == [False, False, False, True]
    open_ledger(url, read_keys(key_file), actor="test").close()


def test_of_two_machines_that_begin_at_once_one_makes_the_ledger(new_database, tmp_path):
    url = new_database("postgresql")
    files = [tmp_path / name / "ledger.json" for name in ("one", "other")]
    together = threading.Barrier(2)

    def init(key_file):
        together.wait()
        try:
            return initialise(url, lambda: read_keys(key_file), key_file, now=START)
        except ConfigurationError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(init, files))

    (refused,) = [one for one in done if isinstance(one, str)]
    assert "restore the key file" in refused
    (made,) = [path for path in files if path.exists()]
    assert [path.name for one in files for path in one.parent.glob("*")] == ["ledger.json"]
    open_ledger(url, read_keys(made), actor="test").close()


def test_keys_of_another_ledger_that_an_init_left_are_not_taken(new_database, tmp_path):
    url, key_file = new_database("sqlite"), tmp_path / "keys" / "ledger.json"
    initialise(url, Keyring.generate, None, now=START)
    first_keys.make(key_file)

    with pytest.raises(ConfigurationError, match="there are no keys"):
        initialise(url, lambda: read_keys(key_file), key_file, now=START)

    assert not key_file.exists()
