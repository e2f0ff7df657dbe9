"""Making, migrating and opening a ledger, on both databases."""

from __future__ import annotations

import stat

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger import open_ledger, schema, setup
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring, read_keys, write_new_keys
from dimona_provider.ledger.setup import initialise
from dimona_provider.ledger.store import SCHEMA_VERSION
from support.clocks import START
from support.ledgers import batch_of, new_intent, record, rows

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def one_sentence(error: BaseException) -> bool:
    return "\n" not in str(error) and len(str(error)) < 200


def test_the_newest_migration_is_the_version_that_the_package_needs():
    assert ScriptDirectory(str(setup._MIGRATIONS)).get_heads() == [SCHEMA_VERSION]


def test_a_migrated_database_is_what_the_tables_say(ledger):
    with ledger.engine.connect() as connection:
        # Alembic can't compare an empty text as default on SQLite.
        opts = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
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
