"""The sweep: what older runs left open is brought up to date by any task of any later run."""

from __future__ import annotations

import pytest

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.ledger import claims, schema
from dimona_provider.ledger.answers import insert_answers
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.claims import GRACE, LEASE, SENDER_ENDED
from dimona_provider.upkeep import bring_up_to_date, sweep
from support.clocks import START
from support.ledgers import ENVIRONMENT, RUN, file_all, new_batch, new_intent, received, record, rows, states

GONE = START + LEASE + REQUEST_TIMEOUT + GRACE
"""When a claim of START may be called unclear, if not before."""
OLDER, OTHER_DAG = Run(RUN.dag_id, "manual__0"), Run("another_dag", "manual__1")


@pytest.fixture
def left_behind(ledger):
    """Give batches of two older runs: one filed and answered since, one whose sender vanished."""
    filed, vanished = new_batch(ledger, OLDER), new_batch(ledger, OTHER_DAG)
    for number, batch in enumerate((filed, filed, vanished, vanished), start=1):
        record(ledger, new_intent(number), batch=batch)
    answered, _ = file_all(ledger, filed)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, answered, "A")])
    claims.claim(ledger, vanished, "vanished", limit=1, now=START)
    return filed, vanished


def test_answers_and_vanished_senders_of_older_runs_are_taken_in(ledger, left_behind):
    sweep(ledger, now=GONE + 1)

    assert states(ledger) == ["accepted", "sent", "unclear", "planned"]
    assert rows(ledger)[2].reason == SENDER_ENDED
    noted = [(one.what, one.intent) for one in rows(ledger, schema.events)][-2:]
    assert noted == [("accepted", rows(ledger)[0].id), ("unclear", rows(ledger)[2].id)]


def test_a_sender_that_may_still_be_sending_is_left_alone(ledger, left_behind):
    sweep(ledger, now=GONE)

    assert states(ledger) == ["accepted", "sent", "sending", "planned"]


def test_what_its_batch_alone_brings_up_to_date_leaves_the_others(ledger, left_behind):
    bring_up_to_date(ledger, new_batch(ledger), now=GONE + 1)

    assert states(ledger) == ["sent", "sent", "sending", "planned"]


def test_a_second_sweep_changes_nothing(ledger, left_behind):
    sweep(ledger, now=GONE + 1)
    before = rows(ledger), rows(ledger, schema.events)

    sweep(ledger, now=GONE + 2)

    assert (rows(ledger), rows(ledger, schema.events)) == before


def test_a_late_report_of_the_sender_still_counts_after_it(ledger, left_behind):
    sweep(ledger, now=GONE + 1)
    late = Attempted(
        rows(ledger)[2].id, Verdict.FILED, sent_at=START + 1, read_at=START + 2, declaration_id=7
    )

    record_attempts(ledger, "vanished", [late], now=GONE + 3)

    assert states(ledger) == ["accepted", "sent", "sent", "planned"]


def test_an_empty_ledger_has_nothing_to_sweep(ledger):
    sweep(ledger, now=START)

    assert rows(ledger, schema.events) == []
