"""One budget for all who use a connection, whatever process they are in."""

from __future__ import annotations

import multiprocessing

import pytest

from dimona_provider.ledger import Ledger, open_ledger, pace
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.pace import STAYS, User
from support.clocks import START
from support.ledgers import KEYS

ONE, OTHER = User("https://a", "dimona_default", "one"), User("https://a", "dimona_default", "other")


def test_what_one_reserves_the_other_waits_for(ledger: Ledger) -> None:
    waits = [pace.reserve(ledger, user, 5, per_second=10.0, now=START) for user in (ONE, OTHER, ONE, OTHER)]

    assert waits == pytest.approx([0.0, 0.4, 0.9, 1.4])


def test_a_pause_saves_nothing_up(ledger: Ledger) -> None:
    pace.reserve(ledger, ONE, 1, per_second=10.0, now=START)

    waits = [pace.reserve(ledger, ONE, 10, per_second=10.0, now=START + 100) for _ in range(2)]

    assert waits == pytest.approx([0.0, 0.9])


def test_connections_and_environments_have_budgets_of_their_own(ledger: Ledger) -> None:
    others = User("https://b", "dimona_default", "one"), User("https://a", "dimona_other", "one")

    waits = [pace.reserve(ledger, user, 100, per_second=10.0, now=START) for user in (ONE, *others)]

    assert waits == [0.0, 0.0, 0.0]


def test_a_clock_that_was_wrong_stops_nobody(ledger: Ledger) -> None:
    pace.reserve(ledger, ONE, 1, per_second=10.0, now=START + 86_400)

    assert pace.reserve(ledger, OTHER, 1, per_second=10.0, now=START) == 0.0


def test_a_slow_budget_is_no_wrong_clock(ledger: Ledger) -> None:
    waits = [pace.reserve(ledger, ONE, 1, per_second=0.1, now=START) for _ in range(5)]

    assert waits == pytest.approx([0.0, 9.9, 19.9, 29.9, 39.9])


def test_what_is_patient_has_a_tenth_while_others_are_urgent(ledger: Ledger) -> None:
    now, urgent, patient = START, 0, 0
    pace.reserve(ledger, ONE, 1, per_second=100.0, now=now)
    free_at = {True: now, False: now}
    while now < START + 10:  # each comes again when what it reserved may leave
        for is_urgent, user in ((True, ONE), (False, OTHER)):
            if free_at[is_urgent] <= now:
                wait = pace.reserve(ledger, user, 10, per_second=100.0, now=now, is_urgent=is_urgent)
                free_at[is_urgent] = now + wait + 0.1
                urgent, patient = urgent + 10 * is_urgent, patient + 10 * (not is_urgent)
        now += 0.01

    assert urgent + patient <= 1000 + 30
    assert urgent >= 850
    assert 80 <= patient <= 120


def test_what_is_patient_has_all_as_soon_as_nobody_is_urgent(ledger: Ledger) -> None:
    pace.reserve(ledger, ONE, 10, per_second=100.0, now=START)
    for _ in range(3):
        pace.reserve(ledger, OTHER, 10, per_second=100.0, now=START, is_urgent=False)

    waits = [
        pace.reserve(ledger, OTHER, 10, per_second=100.0, now=START + 1.5, is_urgent=False) for _ in range(3)
    ]

    assert waits == pytest.approx([0.0, 0.0, 0.1])


def test_users_are_counted_until_they_leave_or_are_gone(ledger: Ledger) -> None:
    counts = [pace.use(ledger, ONE, now=START), pace.use(ledger, OTHER, now=START + 1)]
    pace.leave(ledger, OTHER)
    counts.append(pace.use(ledger, ONE, now=START + 2))
    counts.append(pace.use(ledger, OTHER, now=START + 2 + STAYS))

    assert counts == [1, 2, 1, 1]


def _reserve_many(url: str, name: str, requests: int) -> None:
    ledger = Ledger(make_engine(url), KEYS, "test")  # its keys are made anew in each process
    user = User("https://a", "dimona_default", name)
    for _ in range(requests):
        pace.reserve(ledger, user, 1, per_second=1000.0, now=START)
    ledger.close()


def test_processes_that_reserve_at_the_same_time_get_instants_of_their_own(ledger_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_reserve_many, args=(ledger_url, str(n), 40)) for n in range(3)]

    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0, 0]
    ledger = open_ledger(ledger_url, KEYS, actor="test")
    wait = pace.reserve(ledger, ONE, 1, per_second=1000.0, now=START)
    ledger.close()
    assert wait == pytest.approx(0.12 - 0.1, abs=1e-4)
