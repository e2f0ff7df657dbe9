"""Reading the ledger for people and for payroll."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import open_ledger, summaries
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.findings import Finding, FindingKind, note_findings
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.setup import initialise
from support.clocks import START
from support.ledgers import ENVIRONMENT, RUN, batch_of, new_batch, new_intent, record, rows, set_state


def feed(ledger, after=(0.0, 0), limit=500, environment=ENVIRONMENT):
    return list(summaries.outcomes(ledger, environment, after=after, limit=limit))


def note(ledger, *findings, run=RUN, environment=ENVIRONMENT):
    with ledger.write() as connection:
        note_findings(connection, run, environment, findings, now=START)


FINDING = Finding(
    FindingKind.MALFORMED, "export x page 1 record 1", None, "worker.ssin", "wrong check digits"
)
OTHER = Finding(FindingKind.NOT_HANDLED, "export x page 1 record 2", "E-2", "status", "not yet")


def test_states_are_counted_by_batch_and_by_run(ledger):
    batch = batch_of(ledger, 3)
    record(ledger, new_intent(4), batch=new_batch(ledger))
    record(ledger, new_intent(5), batch=new_batch(ledger, Run(RUN.dag_id, "manual__2")))
    set_state(ledger, rows(ledger)[0].id, state="sent")

    assert summaries.states_of_batch(ledger, batch) == {"planned": 2, "sent": 1}
    assert summaries.states_of_run(ledger, RUN) == {"planned": 3, "sent": 1}
    assert summaries.states_of_batch(ledger, "x") == {}


def test_what_other_runs_left_open_is_counted_by_state_without_what_has_ended(ledger):
    later, other_dag = Run(RUN.dag_id, "manual__2"), Run("another_dag", RUN.run_id)
    own = new_batch(ledger, later)
    left = [
        (new_batch(ledger), "sent"),
        (new_batch(ledger), "unclear"),
        (new_batch(ledger, other_dag), "unclear"),
        (None, "planned"),
        (new_batch(ledger), "accepted"),
        (new_batch(ledger), "refused"),
        (own, "held"),
    ]
    for number, (batch, state) in enumerate(left, start=1):
        record(ledger, new_intent(number), batch=batch)
        set_state(ledger, rows(ledger)[-1].id, state=state)

    assert summaries.left_open(ledger, later) == {"planned": 1, "sent": 1, "unclear": 2}
    assert summaries.left_open(ledger, RUN) == {"planned": 1, "held": 1, "unclear": 1}


def test_groups_count_by_employer_kind_type_and_state(ledger):
    batch_of(ledger, 2)
    record(ledger, new_intent(3, worker_type=None))
    record(ledger, new_intent(4, environment="https://production.example"))

    groups = summaries.groups(ledger, ENVIRONMENT)

    assert {(group.kind, group.worker_type, group.state, group.count) for group in groups} == {
        ("IN", "OTH", State.PLANNED, 2),
        ("IN", "-", State.PLANNED, 1),
    }


def test_what_needs_a_person_comes_by_state_and_deadline(ledger):
    batch = new_batch(ledger)
    for number, deadline in enumerate([START + 20, None, START + 10, START + 5], start=1):
        record(ledger, new_intent(number, file_by=deadline), batch=batch)
    for intent, state in zip(rows(ledger), ("unclear", "held", "held", "sent"), strict=True):
        set_state(ledger, intent.id, state=state, reason="cut" if state == "unclear" else None)

    settle = summaries.notable(ledger, [batch])

    assert [(one.employment, one.reason) for one in settle] == [("E-3", ""), ("E-2", ""), ("E-1", "cut")]


def test_findings_are_written_down_once_for_each_run(ledger):
    note(ledger, FINDING, OTHER)
    note(ledger, FINDING)
    note(ledger)
    note(ledger, FINDING, run=Run(RUN.dag_id, "manual__2"))

    assert summaries.findings_of_run(ledger, RUN) == [FINDING, OTHER]
    assert summaries.findings_of_run(ledger, Run(RUN.dag_id, "manual__2")) == [FINDING]


def test_the_newest_findings_are_those_of_one_run_and_environment(ledger):
    note(ledger, FINDING)
    note(ledger, OTHER, run=Run(RUN.dag_id, "manual__2"))
    note(ledger, FINDING, run=Run(RUN.dag_id, "manual__3"), environment="https://production.example")

    assert summaries.newest_findings(ledger, ENVIRONMENT) == [OTHER]
    assert summaries.newest_findings(ledger, "https://nowhere.example") == []


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (FINDING, "export x page 1 record 1: worker.ssin: wrong check digits"),
        (OTHER, "E-2: status: not yet"),
    ],
)
def test_a_finding_reads_as_a_line(finding, text):
    assert str(finding) == text


def test_the_feed_says_what_became_of_each_employment(ledger):
    batch_of(ledger, 1)
    (intent,) = rows(ledger)
    set_state(
        ledger, intent.id, state="warned", declaration_id=7, period_id=8, anomalies="90017-510 90373-460"
    )

    ((outcome,),) = feed(ledger)

    assert (outcome.employment, outcome.kind, outcome.state) == ("E-1", "IN", State.WARNED)
    assert (outcome.declaration_id, outcome.period_id) == (7, 8)
    assert outcome.anomalies == ("90017-510", "90373-460")


def test_the_feed_is_silent_on_what_is_not_sent_and_on_other_environments(ledger):
    batch_of(ledger, 2)
    record(ledger, new_intent(3, environment="https://production.example"))
    first, _, elsewhere = rows(ledger)
    set_state(ledger, first.id, state="sending")
    set_state(ledger, elsewhere.id, state="accepted")

    assert feed(ledger) == []
    assert len(feed(ledger, environment="https://production.example")) == 1


def test_a_cursor_continues_where_the_feed_ended(ledger):
    batch_of(ledger, 5)
    for intent in rows(ledger):
        set_state(ledger, intent.id, state="accepted", changed_at=START + 1)  # one transaction: one instant

    pages = feed(ledger, limit=2)
    last = pages[0][-1]
    rest = feed(ledger, after=(last.changed_at, last.id))

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one.id for page in rest for one in page] == [one.id for page in pages[1:] for one in page]
    assert feed(ledger, after=(START + 1, rows(ledger)[-1].id)) == []


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Give one SQLite ledger with a dozen intents for many examples."""
    url, keys = f"sqlite:///{tmp_path_factory.mktemp('scratch') / 'ledger.db'}", Keyring.generate()
    initialise(url, lambda: keys, None, now=START)
    opened = open_ledger(url, keys, actor="test")
    batch_of(opened, 12)
    yield opened
    opened.close()


@settings(max_examples=50)
@given(instants=st.lists(st.integers(0, 4), min_size=12, max_size=12), limit=st.integers(1, 13))
def test_pages_lose_nothing_and_repeat_nothing(scratch, instants, limit):
    for intent, instant in zip(rows(scratch), instants, strict=True):
        set_state(scratch, intent.id, state="accepted", changed_at=START + instant)

    pages = feed(scratch, limit=limit)

    outcomes = list(itertools.chain.from_iterable(pages))
    assert sorted(one.id for one in outcomes) == [one.id for one in rows(scratch)]
    assert [(one.changed_at, one.id) for one in outcomes] == sorted(
        (one.changed_at, one.id) for one in outcomes
    )
    assert all(len(page) == limit for page in pages[:-1])
