"""Batches: chunks of a run, taken over from runs that ended, and polled by one poller at a time."""

from __future__ import annotations

import pytest

from dimona_provider.domain.routes import Route, Routes
from dimona_provider.errors import UnknownBatch
from dimona_provider.ledger import batches, schema
from dimona_provider.ledger.batches import Run
from support.clocks import START
from support.ledgers import (
    ENVIRONMENT,
    ROUTES,
    RUN,
    batch_of,
    file_all,
    new_batch,
    new_intent,
    record,
    rows,
    set_state,
)
from support.people import EMPLOYER, OTHER_EMPLOYER

NEXT_RUN = Run(RUN.dag_id, "manual__2")
OTHER_DAG = Run("another_dag", "manual__1")


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(batches, "SMALLEST_CHUNK", 3)


def plan(ledger, *numbers, **changes):
    for number in numbers:
        record(ledger, new_intent(number, **changes))


def assign(ledger, run=RUN, environment=ENVIRONMENT, now=START):
    return batches.assign(ledger, run, Routes(Route("dimona_default", environment)), now=now)


def members(ledger, reference) -> list[str]:
    return [one.employment for one in rows(ledger) if one.batch == reference]


def test_a_batch_is_found_by_its_reference_alone(ledger):
    reference = new_batch(ledger)

    assert batches.find(ledger, reference) == batches.Batch(reference, ROUTES.default, RUN)


def test_an_unknown_batch_has_its_own_error(ledger):
    with pytest.raises(UnknownBatch, match="no batch 'x'"):
        batches.find(ledger, "x")


def test_a_retry_finds_the_batch_that_it_made(ledger):
    with ledger.write() as connection:
        first = batches.create(connection, RUN, ROUTES.default, "task", now=START)
    with ledger.write() as connection:
        again = batches.create(connection, RUN, ROUTES.default, "task", now=START + 1)

    assert first == again
    assert len(rows(ledger, schema.batches)) == 1


def test_what_is_planned_is_handed_out_in_chunks_by_deadline(ledger, small_chunks):
    for number, deadline in enumerate([50, 10, None, 40, 20, 30, 60], start=1):
        record(ledger, new_intent(number, file_by=deadline and START + deadline))

    references = assign(ledger)

    assert [members(ledger, reference) for reference in references] == [
        ["E-2", "E-5", "E-6"],
        ["E-1", "E-4", "E-7"],
        ["E-3"],
    ]


@pytest.mark.parametrize(
    ("count", "limits", "sizes"),
    [
        pytest.param(5, (5, 1000), [5], id="exactly one chunk"),
        pytest.param(6, (5, 1000), [5, 1], id="one more"),
        pytest.param(10, (2, 3), [4, 4, 2], id="never more chunks than Airflow maps over"),
        pytest.param(0, (5, 1000), [], id="nothing"),
    ],
)
def test_chunks_have_their_size(ledger, monkeypatch, count, limits, sizes):
    monkeypatch.setattr(batches, "SMALLEST_CHUNK", limits[0])
    monkeypatch.setattr(batches, "MOST_CHUNKS", limits[1])
    plan(ledger, *range(1, count + 1))

    assert [len(members(ledger, reference)) for reference in assign(ledger)] == sizes


def test_chunks_fit_what_airflow_maps_over():
    assert (batches.SMALLEST_CHUNK, batches.MOST_CHUNKS) == (500, 1000)


def test_a_retry_gets_the_same_batches_and_only_adds_what_is_new(ledger, small_chunks):
    plan(ledger, 1, 2, 3, 4)
    first = assign(ledger)

    again = assign(ledger, now=START + 1)
    plan(ledger, 5)
    more = assign(ledger, now=START + 2)

    assert again == first
    assert more[:2] == first
    assert [members(ledger, reference) for reference in more] == [["E-1", "E-2", "E-3"], ["E-4"], ["E-5"]]


def test_what_an_ended_run_left_behind_is_taken_over(ledger):
    plan(ledger, 1, 2)
    (old,) = assign(ledger)
    set_state(ledger, rows(ledger)[0].id, state="sent")

    (new,) = assign(ledger, NEXT_RUN)

    assert new != old
    assert (members(ledger, old), members(ledger, new)) == (["E-1"], ["E-2"])


@pytest.mark.parametrize("state", ["sending", "sent", "identifying", "unclear", "held", "accepted"])
def test_only_what_is_still_planned_is_taken_over(ledger, state):
    plan(ledger, 1)
    assign(ledger)
    set_state(ledger, rows(ledger)[0].id, state=state)

    assert assign(ledger, NEXT_RUN) == []


def test_another_environment_is_not_touched(ledger):
    plan(ledger, 1)
    plan(ledger, 2, environment="https://production.example")

    references = assign(ledger)

    assert [members(ledger, reference) for reference in references] == [["E-1"]]
    assert len(assign(ledger, environment="https://production.example")) == 1
    assert assign(ledger) == references


def test_the_batches_of_another_dag_are_not_touched(ledger):
    batch = new_batch(ledger, OTHER_DAG)
    record(ledger, new_intent(1), batch=batch)

    assert assign(ledger, NEXT_RUN) == []
    assert members(ledger, batch) == ["E-1"]


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        pytest.param([("a", 0)], False, id="first poller"),
        pytest.param([("a", 0), ("a", 10)], True, id="renewal"),
        pytest.param([("a", 0), ("b", 10)], None, id="held by another"),
        pytest.param([("a", 0), ("b", 29.9)], None, id="held to its end"),
        pytest.param([("a", 0), ("b", 30)], True, id="expired"),
        pytest.param([("a", 0), ("a", 20), ("b", 30)], None, id="renewed in between"),
        pytest.param([("a", 0), ("b", 30), ("a", 40)], None, id="lost to another"),
    ],
)
def test_one_poller_at_a_time(ledger, steps, last):
    batch = new_batch(ledger)

    taken = [batches.lease_polling(ledger, batch, poller, now=START + at, seconds=30) for poller, at in steps]

    assert taken[-1] is last


def test_a_lease_given_back_is_free_at_once(ledger):
    batch = new_batch(ledger)
    batches.lease_polling(ledger, batch, "a", now=START, seconds=30)

    batches.release_polling(ledger, batch, "b", now=START + 1)
    held = batches.lease_polling(ledger, batch, "b", now=START + 1, seconds=30)
    batches.release_polling(ledger, batch, "a", now=START + 2)
    free = batches.lease_polling(ledger, batch, "b", now=START + 2, seconds=30)

    assert (held, free) == (None, True)


def test_leases_of_different_batches_are_apart(ledger):
    batches.lease_polling(ledger, new_batch(ledger), "a", now=START, seconds=30)

    assert batches.lease_polling(ledger, new_batch(ledger), "b", now=START, seconds=30) is False


def test_what_was_filed_stays_in_its_batch(ledger):
    batch = batch_of(ledger, 2)
    file_all(ledger, batch)

    assert assign(ledger, NEXT_RUN) == []


def test_each_employer_files_over_its_own_connection(ledger):
    others = Route("dimona_other", ENVIRONMENT)
    plan(ledger, 3)
    for number in (11, 12):
        record(ledger, new_intent(number, employer=OTHER_EMPLOYER))

    references = batches.assign(ledger, RUN, Routes(ROUTES.default, {OTHER_EMPLOYER: others}), now=START)

    by_route = {batches.find(ledger, one).route: one for one in references}
    assert set(by_route) == {ROUTES.default, others}
    employers = {(one.employer, one.batch) for one in rows(ledger)}
    assert employers == {(EMPLOYER, by_route[ROUTES.default]), (OTHER_EMPLOYER, by_route[others])}


def test_an_employers_intents_for_one_environment_never_go_over_a_connection_to_another(ledger):
    plan(ledger, 2)
    moved = Routes(ROUTES.default, {EMPLOYER: Route("dimona_other", "https://production.example")})

    assert batches.assign(ledger, RUN, moved, now=START) == []
