"""A new encryption key for a ledger in use: nothing is lost, whoever is killed or still has the old one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
import sqlalchemy as sa

from dimona_provider.errors import ConfigurationError, DecisionRefused, KeysRotated
from dimona_provider.ledger import claims, open_ledger, questions, rotation, schema, staging, wishes
from dimona_provider.ledger.answers import insert_answers
from dimona_provider.ledger.keys import Keyring, key_file_locked, read_keys, replace_keys, write_new_keys
from dimona_provider.ledger.setup import initialise
from support.clocks import START
from support.ledgers import ENVIRONMENT, KEYS, batch_of, file_all, new_intent, received, record, row, rows
from support.markdown import ROOT

ENCRYPTED = (schema.intents, schema.answers, schema.staged_pages)


def nothing(looked, changed):
    pass


@pytest.fixture
def filled(ledger):
    """Give a ledger with something in every encrypted column; its batch has one planned intent left."""
    batch = batch_of(ledger, 5)
    file_all(ledger, batch)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, one, "A") for one in (1, 2, 3)])
    record(ledger, new_intent(6), batch=batch)
    for page in (1, 2):
        staging.stage(ledger, "X", page, [{"page": page}], now=START)
    return ledger, batch


@pytest.fixture(autouse=True)
def _put_the_canary_back(request):
    yield
    if "shared" in request.fixturenames:  # the ledger on the server is that of all tests
        with request.getfixturevalue("shared").connect() as connection:
            connection.execute(schema.info.update().values(canary=KEYS.encrypt(b"dimona")))


def reopened(ledger, keys):
    return open_ledger(ledger.engine.url, keys, actor="test")


def bodies(ledger, keys):
    tables = {table.name: [keys.decrypt(one.body) for one in rows(ledger, table)] for table in ENCRYPTED}
    return {**tables, "canary": [keys.decrypt(rows(ledger, schema.info)[0].canary)]}


def events(ledger):
    return [(one.what, one.detail) for one in rows(ledger, schema.events) if one.intent is None]


def test_every_encrypted_column_is_known_to_the_rotation():
    binary = {
        str(column)
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary)
    }

    assert {str(column) for column in rotation._COLUMNS} == binary


def test_a_rotation_brings_everything_under_the_new_key(filled):
    ledger, _ = filled
    before = bodies(ledger, KEYS)
    changed_at = [one.changed_at for one in rows(ledger)]
    rotated = rotation.promote(rotation.begin(KEYS))
    other = reopened(ledger, rotated)

    changed = rotation.reencrypt(other, nothing, now=START)

    assert changed == 6 + 3 + 2 + 1
    only_new = rotation.without_old(rotated)
    assert bodies(ledger, only_new) == before
    assert only_new.fingerprint == KEYS.fingerprint
    assert [one.changed_at for one in rows(ledger)] == changed_at
    assert events(ledger)[-1] == ("keys rotated", "12 records")
    reopened(ledger, only_new).close()
    other.close()


def test_doing_it_again_changes_nothing(filled):
    ledger, _ = filled
    other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))
    rotation.note_begun(other, now=START)
    rotation.reencrypt(other, nothing, now=START + 1)
    before = [rows(ledger, table) for table in ENCRYPTED], events(ledger)

    assert rotation.reencrypt(other, nothing, now=START + 2) == 0

    assert ([rows(ledger, table) for table in ENCRYPTED], events(ledger)) == before
    other.close()


def test_progress_is_told_after_each_page(filled, monkeypatch):
    ledger, _ = filled
    monkeypatch.setattr(rotation, "PAGE", 4)
    other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))
    told = []

    rotation.reencrypt(other, lambda *numbers: told.append(numbers), now=START)

    assert told == [(1, 1), (5, 5), (7, 7), (10, 10), (12, 12)]
    other.close()


@pytest.mark.parametrize("pages", range(1, 6))
def test_a_rotation_that_was_cut_off_goes_on(filled, monkeypatch, pages):
    ledger, _ = filled
    monkeypatch.setattr(rotation, "PAGE", 4)
    before = bodies(ledger, KEYS)
    rotated = rotation.promote(rotation.begin(KEYS))
    other = reopened(ledger, rotated)
    done = iter(range(1, pages))

    with pytest.raises(StopIteration):
        rotation.reencrypt(other, lambda *_: next(done), now=START)

    assert bodies(ledger, rotated) == before  # in between, too, all can be read
    again = reopened(ledger, rotated)
    rotation.reencrypt(again, nothing, now=START)
    assert bodies(ledger, rotation.without_old(rotated)) == before
    again.close()
    other.close()


def test_a_step_that_only_added_the_key_leaves_old_and_new_processes_at_ease(filled):
    ledger, batch = filled
    begun = rotation.begin(KEYS)
    other = reopened(ledger, begun)

    staging.stage(other, "Y", 1, ["by the new process"], now=START)

    assert [records for *_, records in staging.pages(ledger)][-1] == ["by the new process"]
    assert begun.encrypted_first(KEYS.encrypt(b""))
    assert len(claims.claim(other, batch, "new", limit=9, now=START)) == 1
    other.close()


def test_who_knows_the_added_key_reads_what_is_under_it(filled):
    ledger, batch = filled
    begun = rotation.begin(KEYS)
    rotated = rotation.promote(begun)
    other = reopened(ledger, rotated)
    rotation.reencrypt(other, nothing, now=START)

    early = reopened(ledger, begun)

    assert len(claims.claim(early, batch, "early", limit=9, now=START)) == 1
    early.close()
    other.close()


def test_a_sender_with_the_old_keys_gives_back_what_it_claimed_and_may_be_tried_again(filled):
    ledger, batch = filled
    other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))
    rotation.reencrypt(other, nothing, now=START)
    attempts = len(rows(ledger, schema.attempts))

    with pytest.raises(KeysRotated) as caught:
        claims.claim(ledger, batch, "old", limit=9, now=START)

    assert caught.value.retryable
    assert (row(ledger, 6).state, row(ledger, 6).claim) == ("planned", None)
    assert len(rows(ledger, schema.attempts)) == attempts
    assert len(claims.claim(other, batch, "new", limit=9, now=START)) == 1
    other.close()


def wish(ledger):
    said = wishes.Wish(ENVIRONMENT, "E-9", "0477472701", "worker", "content", b"{}")
    with ledger.write() as connection:
        wishes.keep_all(ledger, connection, [said], now=START)


def question(ledger):
    about = questions.Question(ENVIRONMENT, "0477472701", "gone", ["E-9"], [1], ["keep"], START, b"[]")
    with ledger.write() as connection:
        questions.ask(ledger, connection, about, now=START)


WRITES = {
    "intents": lambda ledger: record(ledger, new_intent(9)),
    "answers": lambda ledger: insert_answers(ledger, ENVIRONMENT, [received(ledger, 4, "A")]),
    "staged_pages": lambda ledger: staging.stage(ledger, "late", 1, ["late"], now=START),
    "employments": wish,
    "decisions": question,
}


def test_every_column_that_is_written_is_among_the_writes():
    assert set(WRITES) == {column.table.name for column in rotation._COLUMNS} - {schema.info.name}


@pytest.mark.parametrize("table", WRITES)
def test_a_process_that_has_only_the_old_key_writes_nothing_with_it(filled, table):
    ledger, _ = filled
    rotated = rotation.promote(rotation.begin(KEYS))
    other = reopened(ledger, rotated)
    with pytest.raises(StopIteration):  # it need not have come to its end
        rotation.reencrypt(other, lambda *_: next(iter(())), now=START)
    before = rows(ledger, schema.metadata.tables[table])

    with pytest.raises(KeysRotated, match="nothing is written with the old one") as caught:
        WRITES[table](ledger)

    assert caught.value.retryable
    assert rows(ledger, schema.metadata.tables[table]) == before
    WRITES[table](other)
    assert len(rows(ledger, schema.metadata.tables[table])) == len(before) + 1
    other.close()


@pytest.mark.parametrize("table", WRITES)
def test_a_process_that_knows_the_new_key_changes_to_it(filled, table):
    ledger, _ = filled
    begun = rotation.begin(KEYS)
    early, other = reopened(ledger, begun), reopened(ledger, rotation.promote(begun))
    count = len(rows(ledger, schema.metadata.tables[table]))
    rotation.reencrypt(other, nothing, now=START)

    WRITES[table](early)

    written = rows(ledger, schema.metadata.tables[table])
    assert len(written) == count + 1
    assert other.keys.encrypted_first(written[-1].body)
    rotation.check_droppable(other, restarted=True, now=START)
    early.close()
    other.close()


def test_who_is_ahead_of_the_rotation_writes_with_the_new_key(filled):
    ledger, _ = filled
    other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))

    staging.stage(other, "early", 1, ["early"], now=START)

    assert other.keys.encrypted_first(rows(ledger, schema.staged_pages)[-1].body)
    other.close()


def test_what_was_written_with_the_old_key_in_the_last_moment_is_found(filled):
    ledger, _ = filled
    rotated = rotation.promote(rotation.begin(KEYS))
    other = reopened(ledger, rotated)
    rotation.reencrypt(other, nothing, now=START)
    late = {"export": "late", "number": 1, "body": KEYS.encrypt(b"[]"), "staged_at": START}
    with ledger.write() as connection:
        connection.execute(schema.staged_pages.insert().values(late))

    with pytest.raises(DecisionRefused, match=r"1 records are still encrypted with an old key.*--continue"):
        rotation.check_droppable(other, restarted=True, now=START)

    rotation.reencrypt(other, nothing, now=START)
    rotation.check_droppable(other, restarted=True, now=START)
    other.close()


def test_old_keys_are_kept_for_a_day_unless_everything_was_restarted(filled):
    ledger, _ = filled
    other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))
    rotation.reencrypt(other, nothing, now=START)

    with pytest.raises(DecisionRefused, match="less than a day ago"):
        rotation.check_droppable(other, restarted=False, now=START + rotation.QUIET - 1)

    rotation.check_droppable(other, restarted=False, now=START + rotation.QUIET)
    rotation.check_droppable(other, restarted=True, now=START)
    other.close()


def test_the_day_counts_from_the_rotation_at_hand(filled):
    ledger, _ = filled
    for at in (START, START + 9 * rotation.QUIET):
        other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))
        rotation.note_begun(other, now=at)
        ledger_keys = other.keys
        rotation.reencrypt(other, nothing, now=at)
        with other.write() as connection:  # killed before it was written down
            if at > START:
                connection.execute(schema.events.delete().where(schema.events.c.at == at))
                other.note(connection, at, "key rotation begun")
        other.close()
        if at == START:
            with ledger.write() as connection:
                connection.execute(schema.info.update().values(canary=KEYS.encrypt(b"dimona")))
            for table in ENCRYPTED:
                for one in rows(ledger, table):
                    with ledger.write() as connection:
                        body = KEYS.encrypt(ledger_keys.decrypt(one.body))
                        connection.execute(table.update().where(table.c.id == one.id).values(body=body))
    again = reopened(ledger, ledger_keys)

    assert rotation.reencrypt(again, nothing, now=START + 9 * rotation.QUIET) == 0

    with pytest.raises(DecisionRefused, match="less than a day ago"):
        rotation.check_droppable(again, restarted=False, now=START + 9 * rotation.QUIET)
    again.close()


def test_old_keys_are_not_dropped_in_the_middle(ledger):
    other = reopened(ledger, rotation.begin(KEYS))

    with pytest.raises(DecisionRefused, match="--continue"):
        rotation.check_droppable(other, restarted=True, now=START)
    other.close()


def test_a_second_rotation_waits_for_the_first():
    with pytest.raises(DecisionRefused, match="--continue"):
        rotation.begin(rotation.begin(KEYS))


def test_promoting_twice_is_promoting_once():
    rotated = rotation.promote(rotation.begin(KEYS))

    assert rotation.promote(rotated) == rotated
    assert rotated.encryption[1:] == KEYS.encryption


def test_what_was_purged_stays_empty(filled):
    ledger, _ = filled
    with ledger.write() as connection:
        connection.execute(schema.intents.update().where(schema.intents.c.id == 1).values(body=b""))
    other = reopened(ledger, rotation.promote(rotation.begin(KEYS)))

    rotation.reencrypt(other, nothing, now=START)

    assert row(ledger, 1).body == b""
    other.close()


def test_a_key_under_way_is_read_back_and_never_shown(tmp_path):
    path = tmp_path / "keys.json"
    write_new_keys(path)
    begun = rotation.begin(read_keys(path))

    replace_keys(path, begun)

    assert read_keys(path) == begun
    assert begun.next.decode() not in repr(begun) + str(begun)


def test_the_key_file_is_replaced_as_a_whole_and_stays_its_owners(tmp_path):
    path = tmp_path / "keys.json"
    begun = rotation.begin(write_new_keys(path))
    (tmp_path / "keys.json.new").write_text("of a command that was killed")
    held = path.open()

    replace_keys(path, begun)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keyring.parse(held.read()).next is None  # who has it open reads the old one to its end
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]
    held.close()


def test_a_key_file_for_a_group_stays_one_and_a_link_stays_a_link(tmp_path):
    path, link = tmp_path / "keys.json", tmp_path / "link.json"
    begun = rotation.begin(write_new_keys(path))
    path.chmod(0o644)
    link.symlink_to(path)

    replace_keys(link, begun)

    assert link.is_symlink()
    assert read_keys(path) == begun
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_two_rotations_of_a_file_wait_for_each_other(tmp_path):
    path = tmp_path / "keys.json"
    write_new_keys(path)
    script = (
        "import sys, pathlib; from dimona_provider.ledger.keys import key_file_locked\n"
        "with key_file_locked(pathlib.Path(sys.argv[1])): print('in', flush=True)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}

    with key_file_locked(path):
        other = subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True, env=environment
        )
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(2.0)

    assert other.communicate(timeout=20)[0] == "in\n"


_KILLED = """
import os, signal, sys, pathlib
from dimona_provider.ledger import open_ledger, rotation
from dimona_provider.ledger.keys import read_keys, replace_keys
url, path, pages = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
rotation.PAGE = 2
def told(looked, changed):
    global pages
    pages -= 1
    if pages <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
if pages == 0:
    pathlib.Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
replace_keys(path, rotation.promote(read_keys(path)))
rotation.reencrypt(open_ledger(url, read_keys(path), actor="test"), told, now=0.0)
"""


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_a_rotation_that_was_killed_is_run_again(tmp_path, pages):
    url, path = f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "keys.json"
    initialise(url, lambda: read_keys(path), path, now=START)
    ledger = open_ledger(url, read_keys(path), actor="test")
    batch_of(ledger, 7)
    before = [ledger.keys.decrypt(one.body) for one in rows(ledger)]
    replace_keys(path, rotation.begin(read_keys(path)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, url, str(path), str(pages)], env=environment, check=False
    )

    assert killed.returncode == -9
    replace_keys(path, rotation.promote(read_keys(path)))
    keys = read_keys(path)
    assert len(keys.encryption) == 2
    again = open_ledger(url, keys, actor="test")
    rotation.reencrypt(again, nothing, now=START)
    only_new = rotation.without_old(keys)
    assert [only_new.decrypt(one.body) for one in rows(again)] == before
    again.close()
    ledger.close()


def test_keys_of_another_ledger_are_refused_also_while_a_rotation_is_under_way(ledger):
    with pytest.raises(ConfigurationError, match="not this ledger's"):
        reopened(ledger, rotation.begin(Keyring.generate()))
