"""Lists of declarations page by page, on both databases: each row once, in the order asked for."""

import pytest

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.browsing import Cursor, Filter, Sort, every, page
from dimona_provider.ledger.figures import figures, last_runs
from support import people
from support.clocks import START
from support.ledgers import ENVIRONMENT, RUN, batch_of, file_all, set_state

ALL = Filter(ENVIRONMENT)


@pytest.fixture
def twelve(ledger):
    """Give twelve declarations: every third without a deadline, changed in pairs at the same instant."""
    batch = batch_of(ledger, 12)
    for number in range(1, 13):
        file_by = None if number % 3 == 0 else START + 1000 - 10 * (number // 2)
        set_state(ledger, number, changed_at=START + number // 2, file_by=file_by)
    return batch


def ids(ledger, which=ALL, size=5, **order):
    found, after = [], None
    while True:
        one = page(ledger, which, after=after, size=size, **order)
        found += [row.id for row in one.rows]
        if one.following is None:
            return found
        after = Cursor.parse(str(one.following))


@pytest.mark.parametrize("size", [1, 2, 5, 12, 50])
@pytest.mark.parametrize("which", [ALL, Filter(ENVIRONMENT, employer=people.EMPLOYER)])
def test_the_last_change_comes_first(ledger, twelve, which, size):
    assert ids(ledger, which, size) == list(range(12, 0, -1))
    assert ids(ledger, which, size, descending=False) == list(range(1, 13))


@pytest.mark.parametrize("size", [1, 3, 8, 9, 50])
def test_what_has_no_deadline_comes_last(ledger, twelve, size):
    never = [3, 6, 9, 12]

    soonest = ids(ledger, size=size, sort=Sort.DEADLINE, descending=False)
    latest = ids(ledger, size=size, sort=Sort.DEADLINE)

    assert soonest == sorted((n for n in range(1, 13) if n % 3), key=lambda n: (-(n // 2), n)) + never
    assert latest == sorted((n for n in range(1, 13) if n % 3), key=lambda n: (n // 2, -n)) + never[::-1]


def test_a_code_is_found_whole_among_others(ledger, twelve):
    set_state(ledger, 1, anomalies="90373-460 00911-001")
    set_state(ledger, 2, anomalies="00911-001")
    set_state(ledger, 3, anomalies="90373-460")

    assert ids(ledger, Filter(ENVIRONMENT, code="00911-001")) == [2, 1]
    assert ids(ledger, Filter(ENVIRONMENT, code="12345-678")) == []


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ({"kind": Kind.OUT}, []),
        ({"state": State.PLANNED}, list(range(12, 0, -1))),
        ({"employer": "other"}, []),
        ({"employment": "E-7"}, [7]),
        ({"run": RUN}, list(range(12, 0, -1))),
        ({"run": Run(RUN.dag_id, "other")}, []),
        ({"since": START + 6}, [12]),
        ({"until": START + 1}, [1]),
        ({"due_before": START + 951}, [11, 10]),
        ({"due_after": START + 990, "due_before": START + 2000}, [2, 1]),
        ({"batches": []}, []),
    ],
)
def test_each_filter_narrows(ledger, twelve, narrow, expected):
    assert ids(ledger, Filter(ENVIRONMENT, **narrow)) == expected


def test_another_environment_is_never_shown(ledger, twelve):
    assert ids(ledger, Filter("https://elsewhere.example")) == []


def test_everything_comes_once_for_an_export(ledger, twelve):
    found = [row.id for row in every(ledger, ALL, sort=Sort.CHANGED, descending=False)]

    assert found == list(range(1, 13))


@pytest.mark.parametrize("text", ["", "x", "1", "nan.1", "inf.1", "1.0.-1", "1.0.²"])
def test_a_place_that_is_none_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - any will do
        Cursor.parse(text)


def test_the_figures_count_by_employer_and_state(ledger, twelve):
    set_state(ledger, 1, state=State.REFUSED)

    found = figures(ledger, ENVIRONMENT, now=START)

    assert found.by_employer == {people.EMPLOYER: {State.PLANNED: 11, State.REFUSED: 1}}
    assert found.at_risk == 7
    assert (found.decisions, found.gaps) == (0, 0)


def test_the_figures_of_a_run_are_how_it_filed_and_waited(ledger, twelve):
    file_all(ledger, twelve)
    set_state(ledger, 1, answered_at=START + 4)
    set_state(ledger, 2, answered_at=START + 8, filed_at=START + 2)

    (found,) = last_runs(ledger, ENVIRONMENT)

    assert (found.run, found.filed, found.seconds) == (RUN, 12, 2.0)
    assert (found.mean_wait, found.longest_wait, found.per_minute) == (5.0, 6.0, 360.0)
