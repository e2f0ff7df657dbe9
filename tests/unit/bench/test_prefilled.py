import time

import pytest

from bench.databases import Place
from bench.prefilled import draw, fill_ledger, fill_simulator
from dimona_provider.domain.routes import Route
from dimona_provider.ledger import due
from dimona_provider.ledger.answers import open_declarations
from include.dimona_simulator import BASE_PATH
from include.dimona_simulator.storage import Lines, declarations

ROUTE = Route("dimona_default", f"http://127.0.0.1{BASE_PATH}")


@pytest.fixture
def now():
    return time.time()


@pytest.fixture
def prepared(now):
    return draw(600, 700, now=now, seed=1)


@pytest.fixture
def ledger(tmp_path):
    with Place.make(tmp_path, None, "ledger").opened() as opened:
        yield opened


def test_a_simulator_knows_them_and_shows_no_outcome(tmp_path, prepared, now):
    fill_simulator(tmp_path, prepared)

    known = list(declarations(Lines(tmp_path / "declarations.jsonl")))

    assert [one.id for one in known] == [one.id for one in prepared]
    assert all(one.verdict(now + 86_400) is None for one in known)


def test_the_young_ones_are_open_in_the_batches_that_a_run_is_to_follow(ledger, prepared):
    references = fill_ledger(ledger, ROUTE, prepared)

    found = [one for reference in references for one in open_declarations(ledger, reference)]
    assert {(one.declaration_id, one.filed_at) for one in found} == {
        (one.id, one.filed_at) for one in prepared[:600]
    }


def test_the_old_ones_are_owed_one_look_each_in_the_coming_hour(ledger, prepared, now):
    fill_ledger(ledger, ROUTE, prepared)

    owed = [one for one in due.owed(ledger, ROUTE, now=now) if one.is_free]

    assert {one.declaration.declaration_id for one in owed} == {one.id for one in prepared[600:]}
    assert all(now <= one.due <= now + 3600 for one in owed)
