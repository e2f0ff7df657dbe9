"""Older ledgers with data in them, on both databases: backed up, migrated forward, nothing changed."""

from __future__ import annotations

import datetime as dt
import json
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger import answers, askings, claims, open_ledger, setup, staging, switch
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.setup import initialise
from dimona_provider.ledger.store import CANARY, SCHEMA_VERSION
from support import people
from support.clocks import START
from support.ledgers import ENVIRONMENT, new_intent, record, row
from support.markdown import ROOT

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
FIRST_STATES = [state for state in State if state is not State.ALREADY_TRUE]
KEYS = Keyring.generate()
BODY = json.dumps(people.in_body()).encode()
_BATCH = """
INSERT INTO batches
VALUES ('B-1', :env, 'dimona_default', 'declare/run/0', 'declare', 'run', 1.5, NULL, 2.5)
"""
_INTENT = """
INSERT INTO intents (reference, batch, environment, employer, subject, employment, kind, content, basis,
  depends_on, worker_hash, worker_type, file_by, body, state, reason, claim, claimed_until, declaration_id,
  filed_at, result, period_id, anomalies, answered_at, created_at, changed_at)
VALUES (:reference, 'B-1', :env, '0477472701', :subject, :employment, 'IN', 'content', '',
  :depends_on, 'hash', 'OTH', 9.25, :body, :state, 'why', 'token', 60.5, :declaration,
  3.5, 'A', :declaration, '90017-369', 4.5, 1.5, 5.5)
"""
_OTHERS = """
INSERT INTO attempts (intent, claim, claimed_at, sent_at, read_at, verdict, detail, declaration_id)
VALUES (2, 'token', 1.5, 2.5, NULL, 'unclear', 'HTTP 500', 77);

INSERT INTO answers
  (intent, environment, declaration_id, result, period_id, anomalies, body, received_at)
VALUES (2, :env, 77, 'W', 78, '90017-369', :body, 3.5);

INSERT INTO events (at, what, actor, batch, intent, detail)
VALUES (1.5, 'planned', 'dag/run', 'B-1', 2, 'x');

INSERT INTO findings (environment, dag_id, run_id, kind, place, employment, field, reason, created_at)
VALUES (:env, 'declare', 'run', 'malformed', 'line 3', 'E-9', 'start', 'missing', 1.5);

INSERT INTO staged_pages (export, number, body, staged_at) VALUES ('X', 1, :page, 1.5);

INSERT INTO ledger_info VALUES (1, :fingerprint, :canary, 0.5)
"""


def upgrade(engine, revision):
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(setup._MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(engine):
    """Put rows into every table of the first schema: an intent in every state, one that waits for another."""
    common = {
        "env": ENVIRONMENT,
        "body": KEYS.encrypt(BODY),
        "page": KEYS.encrypt(b'[{"id": "E-7"}]'),
        "fingerprint": KEYS.fingerprint,
        "canary": KEYS.encrypt(CANARY),
    }
    with engine.begin() as connection:
        connection.execute(sa.text(_BATCH), common)
        for number, state in enumerate(FIRST_STATES, 1):
            one = {
                "reference": f"R-{number}",
                "subject": f"employment E-{number}",
                "employment": f"E-{number}",
                "depends_on": 1 if number == 3 else None,
                "state": state,
                "declaration": 1000 + number,
            }
            connection.execute(sa.text(_INTENT), common | one)
        for statement in _OTHERS.split(";"):
            connection.execute(sa.text(statement), common)


def everything(engine):
    """Return all rows of the first schema's tables, column by column."""
    tables = sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        tables.remove(tables.tables["alembic_version"])
        return {
            name: [dict(one) for one in connection.execute(sa.select(table)).mappings()]
            for name, table in tables.tables.items()
        }


@pytest.fixture
def old(new_database):
    """Give what makes a ledger as the first version left it; returns its URL and an engine."""
    engines = []

    def make(kind):
        url = new_database(kind)
        engine = make_engine(url, may_create=True)
        engines.append(engine)
        upgrade(engine, "0001")
        fill(engine)
        return url, engine

    yield make
    for engine in engines:
        engine.dispose()


@BOTH
def test_every_table_of_the_first_schema_is_filled(kind, old):
    _, engine = old(kind)

    assert not [name for name, rows in everything(engine).items() if not rows]


@BOTH
def test_an_old_ledger_keeps_all_its_data(kind, old):
    url, engine = old(kind)
    before = everything(engine)

    done = initialise(url, lambda: KEYS, None, now=START, backed_up=True)

    after = everything(engine)
    assert (done.was_version, done.version) == ("0001", SCHEMA_VERSION)
    for name, rows in before.items():
        assert [{key: one[key] for key in rows[0]} for one in after[name]] == rows, name


@BOTH
def test_an_old_ledger_is_of_use_afterwards(kind, old):
    url, _ = old(kind)
    initialise(url, lambda: KEYS, None, now=START, backed_up=True)
    ledger = open_ledger(url, KEYS, actor="test")

    claimed = claims.claim(ledger, "B-1", "new", limit=10, now=START)
    recorded = record(ledger, new_intent(100), batch="B-1")
    staged = [records for _, _, records in staging.pages(ledger)]
    placed = switch.place(ledger, "stop", now=START)
    expired = claims.expire(ledger, None, now=START + 9_000, request_timeout=15)
    answers.fold(ledger, None, now=START)

    assert [(one.id, one.body) for one in claimed] == [(1, BODY)]
    assert recorded is Recorded.NEW
    assert staged == [[{"id": "E-7"}]]
    assert placed
    assert expired == 2  # the one just claimed, and the one that a sender had left
    assert row(ledger, 5).state == FIRST_STATES[4]
    ledger.close()


@BOTH
def test_an_old_ledger_still_knows_what_it_declared(kind, old):
    url, _ = old(kind)
    initialise(url, lambda: KEYS, None, now=START, backed_up=True)
    ledger = open_ledger(url, KEYS, actor="test")

    known = [
        record(ledger, new_intent(number, worker_hash="hash"), batch="B-1")
        for number in range(1, len(FIRST_STATES) + 1)
    ]
    others = [
        record(ledger, new_intent(number, worker_hash="hash", content="other"), batch="B-1")
        for number, state in enumerate(FIRST_STATES, 1)
        if state in OPEN
    ]

    assert set(known) == {Recorded.KNOWN}
    assert set(others) == {Recorded.WAITING}
    ledger.close()


@BOTH
def test_every_version_on_the_way_has_the_data(kind, old):
    _, engine = old(kind)
    before = everything(engine)

    revisions = [one.revision for one in ScriptDirectory(str(setup._MIGRATIONS)).walk_revisions()]
    for version in revisions[-2::-1]:  # from the second to the newest
        upgrade(engine, version)

        after = everything(engine)
        assert all(len(after[name]) == len(rows) for name, rows in before.items())


@BOTH
def test_a_question_from_before_people_were_asked_in_airflow_is_asked_there(kind, old):
    url, engine = old(kind)
    upgrade(engine, "0006")
    asked = {
        "reference": "Q",
        "environment": ENVIRONMENT,
        "employer": people.EMPLOYER,
        "kind": "brake",
        "key": "k",
        "employments": '["E-1"]',
        "options": "keep file",
    }
    asked |= {"answer_by": START + 60, "asked_at": START, "body": KEYS.encrypt(b"[]")}
    with engine.begin() as connection:
        names = ", ".join(asked)
        values = ", ".join(f":{name}" for name in asked)
        connection.execute(sa.text(f"INSERT INTO decisions ({names}) VALUES ({values})"), asked)  # noqa: S608

    initialise(url, lambda: KEYS, None, now=START, backed_up=True)
    ledger = open_ledger(url, KEYS, actor="test")

    (asking,) = askings.collect(ledger, "run/collect", now=START + 1)
    assert [one.reference for one in askings.still_open(ledger, asking, now=START + 1)] == ["Q"]
    ledger.close()


def test_a_sqlite_ledger_is_copied_before_it_is_migrated(old, tmp_path):
    url, engine = old("sqlite")
    before = everything(engine)

    done = initialise(url, lambda: KEYS, None, now=START)

    at = dt.datetime.fromtimestamp(START, tz=dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    assert done.backup == tmp_path / f"ledger.db.0001-{at}.backup"
    assert stat.S_IMODE(done.backup.stat().st_mode) == 0o600
    copy = make_engine(f"sqlite:///{done.backup}")
    assert everything(copy) == before
    copy.dispose()


def test_a_copy_holds_what_is_still_in_the_journal(old, tmp_path):
    url, engine = old("sqlite")
    with engine.connect().execution_options(read_only=True) as reader:
        reader.execute(sa.text("SELECT 1"))

        done = initialise(url, lambda: KEYS, None, now=START)

    with closing(sqlite3.connect(done.backup)) as copy:
        assert copy.execute("SELECT count(*) FROM intents").fetchone() == (len(FIRST_STATES),)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


_KILLED = """
import os, signal, sqlite3, sys
from dimona_provider.ledger import backup, setup
from dimona_provider.ledger.keys import Keyring
setattr(*eval(sys.argv[3]), lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
setup.initialise(sys.argv[1], lambda: Keyring.parse(sys.argv[2]), None, now=1.8e9)
"""


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("backup, '_copy'", id="before it is copied"),
        pytest.param("backup, '_sync'", id="before it is on disk"),
        pytest.param("backup.Path, 'hardlink_to'", id="before it has its name"),
    ],
)
def test_a_copy_that_was_cut_off_by_a_kill_does_not_look_finished(old, tmp_path, place):
    url, engine = old("sqlite")
    before = everything(engine)
    words = [sys.executable, "-c", _KILLED, url, KEYS.to_json(), place]

    ended = subprocess.run(words, cwd=ROOT / "plugins", check=False, timeout=60)

    assert ended.returncode == -signal.SIGKILL
    assert not list(tmp_path.glob("*.backup"))
    done = initialise(url, lambda: KEYS, None, now=START)
    assert list(tmp_path.glob("*.backup*")) == [done.backup]
    copy = make_engine(f"sqlite:///{done.backup}")
    assert everything(copy) == before
    copy.dispose()


def test_a_copy_that_can_not_be_made_stops_the_migration(old, tmp_path):
    url, _ = old("sqlite")
    at = dt.datetime.fromtimestamp(START, tz=dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    (tmp_path / f"ledger.db.0001-{at}.backup").touch()

    with pytest.raises(ConfigurationError, match="it was not migrated"):
        initialise(url, lambda: KEYS, None, now=START)

    assert initialise(url, lambda: KEYS, None, now=START + 1).was_version == "0001"


def test_a_postgresql_ledger_is_not_migrated_before_somebody_says_that_it_is_backed_up(old):
    url, engine = old("postgresql")

    with pytest.raises(ConfigurationError, match=r"pg_dump.*--backed-up"):
        initialise(url, lambda: KEYS, None, now=START)

    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0001"
    assert initialise(url, lambda: KEYS, None, now=START, backed_up=True).backup is None


@BOTH
def test_nothing_is_copied_where_nothing_is_migrated(kind, new_database, tmp_path):
    url = new_database(kind)

    first = initialise(url, lambda: KEYS, None, now=START)
    again = initialise(url, lambda: KEYS, None, now=START)

    assert (first.backup, again.backup) == (None, None)
    assert not list(tmp_path.glob("*.backup"))


@BOTH
def test_a_ledger_of_a_newer_package_is_left_alone(kind, new_database):
    url = new_database(kind)
    initialise(url, lambda: KEYS, None, now=START)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(ConfigurationError, match="9999 is newer than this package"):
        initialise(url, lambda: KEYS, None, now=START)


def test_an_old_ledger_with_other_keys_is_neither_copied_nor_migrated(old, tmp_path):
    url, engine = old("sqlite")

    with pytest.raises(ConfigurationError, match="not this ledger's"):
        initialise(url, Keyring.generate, None, now=START)

    assert not list(tmp_path.glob("*.backup"))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0001"
