"""Purging: what is old goes, what is open stays, and what was declared is recognised for ever."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from dimona_provider.domain.outcome import EFFECTIVE, OPEN, State
from dimona_provider.ledger import claims, open_ledger, retention, schema, staging
from dimona_provider.ledger.answers import fold, insert_answers
from dimona_provider.ledger.findings import Finding, FindingKind, note_findings
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.retention import Purged, count, purge
from dimona_provider.ledger.surroundings import answered_after
from dimona_provider.planning.identity import with_basis
from support.clocks import START
from support.ledgers import (
    ENVIRONMENT,
    KEYS,
    RUN,
    batch_of,
    file_all,
    new_batch,
    new_intent,
    received,
    record,
    row,
    rows,
    set_state,
)

LATER = START + 1_000_000
CHILDREN = (schema.attempts, schema.answers, schema.events, schema.looks)


def wish(number):
    return new_intent(number, worker_hash=f"hash {number}")


@pytest.fixture
def answered(ledger):
    """Give a batch with an accepted, a warned and a refused declaration, and one planned."""
    batch = new_batch(ledger)
    for number in (1, 2, 3):
        record(ledger, wish(number), batch=batch)
    file_all(ledger, batch)
    insert_answers(
        ledger, ENVIRONMENT, [received(ledger, one, result) for one, result in ((1, "A"), (2, "W"), (3, "B"))]
    )
    fold(ledger, batch, now=START)
    record(ledger, wish(4), batch=batch)
    with ledger.write() as connection:
        connection.execute(schema.looks.insert(), [{"intent": one, "at": START} for one in (1, 3)])
    return batch


def owners(ledger, table):
    with ledger.read() as connection:
        return sorted({one for one in connection.scalars(sa.select(table.c.intent)) if one is not None})


def test_what_counts_is_stripped_and_what_was_refused_is_deleted(ledger, answered):
    before = {one.id: one for one in rows(ledger)}

    done = purge(ledger, LATER, now=LATER)

    assert done == Purged(deleted=1, stripped=2)
    after = {one.id: one for one in rows(ledger)}
    assert set(after) == {1, 2, 4}
    for one in (1, 2):
        assert after[one].body == b""
        assert after[one]._asdict() == before[one]._asdict() | {"body": b""}
    assert after[4] == before[4]
    assert [owners(ledger, table) for table in CHILDREN] == [[], [], [4], []]


def test_a_purge_is_written_down(ledger, answered):
    purge(ledger, LATER, now=LATER + 5)

    last = rows(ledger, schema.events)[-1]
    assert (last.at, last.what, last.actor, last.intent) == (LATER + 5, "purged", "test", None)
    assert "1 deleted, 2 stripped" in last.detail


@pytest.mark.parametrize("state", sorted(EFFECTIVE))
def test_what_counts_is_recognised_for_ever(ledger, state):
    batch = batch_of(ledger, 1, worker_hash="hash")
    set_state(ledger, 1, state=state, declaration_id=77, period_id=78)

    purge(ledger, LATER, now=LATER)

    assert record(ledger, new_intent(1, worker_hash="hash"), batch=batch) is Recorded.KNOWN
    assert record(ledger, new_intent(1, worker_hash="another"), batch=batch) is Recorded.OTHER_WORKER
    assert (row(ledger, 1).state, row(ledger, 1).declaration_id, row(ledger, 1).period_id) == (state, 77, 78)
    assert claims.claim(ledger, batch, "sender", limit=9, now=LATER) == []


def test_the_correction_of_a_refused_one_is_recognised_when_only_the_correction_is_left(ledger):
    batch = batch_of(ledger, 1, worker_hash="wrong")
    set_state(ledger, 1, state=State.REFUSED)
    corrected = new_intent(1, worker_hash="right")
    assert record(ledger, corrected, batch=batch) is Recorded.NEW
    newest = rows(ledger)[-1].id  # PostgreSQL leaves a gap where a unique index said no
    set_state(ledger, newest, state=State.ACCEPTED, declaration_id=77, period_id=78)

    purge(ledger, LATER, now=LATER)

    assert [one.id for one in rows(ledger)] == [newest]
    with ledger.read() as connection:
        again = with_basis(connection, corrected)
    assert record(ledger, again, batch=batch) is Recorded.KNOWN


def test_what_was_refused_and_purged_is_a_new_wish(ledger):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=State.REFUSED)

    purge(ledger, LATER, now=LATER)

    assert record(ledger, new_intent(1), batch=new_batch(ledger)) is Recorded.NEW


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_open_stays_whole_however_old(ledger, state):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=state)
    before = rows(ledger), rows(ledger, schema.events), rows(ledger, schema.batches)

    assert purge(ledger, LATER, now=LATER) == Purged()

    assert (rows(ledger), rows(ledger, schema.events), rows(ledger, schema.batches)) == before


@pytest.mark.parametrize("state", [State.ACCEPTED, State.REFUSED])
def test_the_last_change_decides_what_is_old(ledger, state):
    batch_of(ledger, 2)
    set_state(ledger, 1, state=state, changed_at=START + 9)
    set_state(ledger, 2, state=state, changed_at=START + 10)

    done = purge(ledger, START + 10, now=LATER)

    assert done.deleted + done.stripped == 1
    assert row(ledger, 2).body


def test_a_refused_one_that_another_waits_for_is_only_stripped(ledger):
    batch_of(ledger, 2)
    set_state(ledger, 1, state=State.REFUSED)
    set_state(ledger, 2, depends_on=1)

    assert purge(ledger, LATER, now=LATER) == Purged(stripped=1)

    assert (row(ledger, 1).state, row(ledger, 1).body) == ("refused", b"")


@pytest.mark.parametrize("worker_type", ["STU", "FLX", "EXT"])
def test_a_refused_one_that_could_exist_twice_is_only_stripped(ledger, worker_type):
    batch = batch_of(ledger, 1, worker_type=worker_type)
    set_state(ledger, 1, state=State.REFUSED, declaration_id=7)

    assert purge(ledger, LATER, now=LATER) == Purged(stripped=1)

    assert record(ledger, new_intent(1, worker_type=worker_type), batch=batch) is Recorded.KNOWN


def test_batches_that_became_empty_go_with_their_events(ledger):
    batch = batch_of(ledger, 2)
    for one in (1, 2):
        set_state(ledger, one, state=State.REFUSED)
    with ledger.write() as connection:
        ledger.note(connection, START, "batched", batch=batch)
        ledger.note(connection, START, "hold placed")

    assert purge(ledger, LATER, now=LATER) == Purged(deleted=2, batches=1)

    assert rows(ledger, schema.batches) == []
    assert [one.what for one in rows(ledger, schema.events)] == ["hold placed", "purged"]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(START, LATER, id="younger than what is purged"),
        pytest.param(LATER, START + 3_600, id="of a run that may still fill it"),
    ],
)
def test_a_new_batch_may_be_empty(ledger, before, now):
    new_batch(ledger)

    assert count(ledger, before, now=now) == purge(ledger, before, now=now) == Purged()

    assert len(rows(ledger, schema.batches)) == 1


def test_old_findings_go(ledger):
    with ledger.write() as connection:
        for at, place in ((START, "old"), (START + 10, "new")):
            found = [Finding(FindingKind.MALFORMED, place, None, "start", "missing")]
            note_findings(connection, RUN, ENVIRONMENT, found, now=at)

    assert purge(ledger, START + 10, now=LATER) == Purged(findings=1)

    assert [one.place for one in rows(ledger, schema.findings)] == ["new"]


def test_what_waits_to_be_planned_stays(ledger):
    staging.stage(ledger, "X", 1, [{}], now=START)

    purge(ledger, LATER, now=LATER)

    assert len(rows(ledger, schema.staged_pages)) == 1


def test_counting_says_what_purging_does_and_changes_nothing(ledger, answered):
    empty = batch_of(ledger, 0)
    assert empty
    before = [rows(ledger, table) for table in (schema.intents, schema.events, schema.batches)]

    counted = count(ledger, LATER, now=LATER)

    assert [rows(ledger, table) for table in (schema.intents, schema.events, schema.batches)] == before
    assert counted == purge(ledger, LATER, now=LATER)
    assert counted == Purged(deleted=1, stripped=2, batches=1)


def test_settlement_does_not_judge_by_what_was_stripped(ledger, answered):
    purge(ledger, LATER, now=LATER)

    assert answered_after(ledger, ENVIRONMENT, rows(ledger)[0].employer, 0.0, limit=9) == []


def test_purging_again_changes_nothing(ledger, answered):
    purge(ledger, LATER, now=LATER)
    before = [rows(ledger, table) for table in (schema.intents, schema.events, schema.batches)]

    assert count(ledger, LATER, now=LATER) == Purged()
    assert purge(ledger, LATER, now=LATER + 1) == Purged()

    assert [rows(ledger, table) for table in (schema.intents, schema.events, schema.batches)] == before


def test_a_purge_that_was_cut_off_goes_on(ledger, monkeypatch):
    monkeypatch.setattr(retention, "PAGE", 2)
    batch_of(ledger, 5)
    for one in range(1, 6):
        set_state(ledger, one, state=State.REFUSED)
    told = []

    def stop(number):
        told.append(number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge(ledger, LATER, now=LATER, progress=stop)
    assert len(rows(ledger)) == 3

    assert purge(ledger, LATER, now=LATER, progress=told.append) == Purged(deleted=3, batches=1)
    assert told == [2, 2, 3]


def test_deleting_does_not_read_all_of_the_ledger_for_each_row(ledger_url):
    if not ledger_url.startswith("sqlite"):
        pytest.skip("PostgreSQL decides by the size of the table")
    ledger = open_ledger(ledger_url, KEYS, actor="test")
    with ledger.read() as connection:
        plan = str(
            connection.execute(sa.text("EXPLAIN QUERY PLAN SELECT 1 FROM intents WHERE depends_on = 7")).all()
        )
    ledger.close()

    assert "ix_intents_depends" in plan
