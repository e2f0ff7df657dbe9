"""Runs are drawn from a seed: the same again, and each with all that the suite is to see."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from dimona_provider.domain.employment import read_employment
from dimona_provider.domain.record import Malformed
from include.dimona_simulator import Fault, JournalEntry, Operation, Rule
from include.payroll.sample import EMPLOYERS, UNKNOWN_EMPLOYER
from tests.chaos.nsso import fault_class, fired, unanswered
from tests.chaos.plan import Target, draw, later

TODAY = dt.date(2026, 11, 24)
PLANS = [draw(1, number, 80, TODAY) for number in range(1, 11)]
DECLARATIONS = "/REST/dimona/v2/declarations"


def test_a_seed_and_a_number_always_give_the_same_run():
    assert draw(1, 3, 80, TODAY) == PLANS[2]
    assert draw(2, 3, 80, TODAY) != PLANS[2]


def test_half_the_runs_have_each_ledger_and_half_are_harsh_in_all_combinations():
    combinations = Counter((plan.ledger, plan.is_harsh) for plan in PLANS[:8])

    assert combinations == dict.fromkeys(
        [(ledger, harsh) for ledger in ("sqlite", "postgresql") for harsh in (True, False)], 2
    )


def test_every_run_kills_everything_and_loses_a_twentieth_of_the_answers():
    for plan in PLANS:
        lost = [rule for rule in plan.faults.rules if rule.fault is Fault.ACCEPTED_THEN_CLOSED]
        assert {kill.target for kill in plan.kills} == set(Target)
        assert (lost[0].count or 0) >= 0.05 * len(plan.employments)


def test_all_faults_of_the_simulator_take_place():
    assert {rule.fault for plan in PLANS for rule in plan.faults.rules} == set(Fault)


@pytest.mark.parametrize("today", [TODAY, dt.date(2026, 12, 30), dt.date(2027, 3, 29)], ids=str)
def test_everything_starts_late_enough_to_be_filed_again(today):
    for record in draw(1, 1, 200, today).employments:
        try:
            employment = read_employment(record, today)
        except Malformed:
            continue
        assert employment is not None
        assert dt.date.fromisoformat(str(record["start_date"])) > today


def test_what_comes_later_is_somebody_else_each_time():
    employers = [*(employer for employer, _ in EMPLOYERS), UNKNOWN_EMPLOYER]
    records = [later(1, employer, count, TODAY) for employer in employers for count in (0, 1, 2)]

    assert len({record["employment_id"] for record in records}) == len(records)
    assert len({record["worker"]["ssin"] for record in records}) == len(records)
    assert {record["worker_type"] for record in records} == {"OTH"}


@pytest.mark.parametrize(
    ("rule", "entry"),
    [
        pytest.param(
            Rule(Fault.STATUS, Operation.POST, status=503),
            JournalEntry(0.0, "POST", DECLARATIONS, 503, fault="status"),
            id="a status",
        ),
        pytest.param(
            Rule(Fault.DELAY, Operation.GET, seconds=1),
            JournalEntry(0.0, "GET", f"{DECLARATIONS}/1", 200, 1, 2.0, "delay"),
            id="a late answer",
        ),
        pytest.param(
            Rule(Fault.SEARCH_LAG, Operation.SEARCH, seconds=1),
            JournalEntry(0.0, "POST", f"{DECLARATIONS}/search", 200, fault="search_lag"),
            id="a search",
        ),
        pytest.param(
            Rule(Fault.CLOSED_BEFORE, Operation.TOKEN),
            JournalEntry(0.0, "POST", "/REST/oauth/v5/token", 0, fault="closed_before"),
            id="a token",
        ),
    ],
)
def test_plan_and_journal_name_a_fault_alike(rule, entry):
    assert fired([entry]) == {fault_class(rule): 1}


def test_posts_that_were_taken_without_an_answer_are_counted():
    journal = [
        JournalEntry(0.0, "POST", DECLARATIONS, 201, 1),
        JournalEntry(0.0, "POST", DECLARATIONS, 0, 2, fault="accepted_then_closed"),
        JournalEntry(0.0, "POST", DECLARATIONS, 503, fault="status"),
        JournalEntry(0.0, "GET", f"{DECLARATIONS}/1", 200, 1, 2.0),
    ]

    assert unanswered(journal) == (2, 1)
