"""What an export no longer names is told, and never ended."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import staging
from dimona_provider.planning.intake import plan_exports
from support.clocks import START
from support.ledgers import ROUTES, RUN, rows
from support.people import OTHER_EMPLOYER, employment, ssin

DAY = 86_400.0


def one(number, **changes):
    return employment(employment_id=f"E-{number}", worker={"ssin": ssin(number)}, **changes)


def plan(ledger, *pages, day=0):
    now = START + day * DAY
    export = staging.new_export()
    for number, page in enumerate(pages, 1):
        staging.stage(ledger, export, number, page, now=now)
    return plan_exports(ledger, RUN, ROUTES, now=now + 5)


def test_an_employment_that_is_left_out_is_told_and_nothing_is_filed(ledger):
    assert plan(ledger, [one(1), one(2)], [one(3)]).absent == []
    before = len(rows(ledger))

    assert plan(ledger, [one(1)], [one(3)], day=1).absent == ["E-2"]
    assert len(rows(ledger)) == before


def test_it_is_told_again_until_it_comes_back(ledger):
    plan(ledger, [one(1), one(2)])

    assert plan(ledger, [one(1)], day=1).absent == ["E-2"]
    assert plan(ledger, [one(1)], day=2).absent == ["E-2"]
    assert plan(ledger, [one(1), one(2)], day=3).absent == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": "withdrawn"}, id="withdrawn"),
        pytest.param({"end_date": "2027-01-31"}, id="over by then"),
        pytest.param({"employer": OTHER_EMPLOYER}, id="of an employer that the export does not name"),
    ],
)
def test_what_need_not_be_named_is_not_told(ledger, changes):
    plan(ledger, [one(1), one(2, **changes)])

    assert plan(ledger, [one(1)], day=30).absent == []


def test_without_an_export_nobody_is_absent(ledger):
    plan(ledger, [one(1)])

    assert plan(ledger, day=1).absent == []


def test_the_rest_of_an_export_whose_plan_died_half_way_is_not_the_whole(ledger):
    for number, page in enumerate(([one(1)], [one(2)]), 1):
        staging.stage(ledger, "export", number, page, now=START)
    last = list(staging.pages(ledger))[-1]
    with ledger.write() as connection:
        staging.delete_page(connection, last[0])
    plan_exports(ledger, RUN, ROUTES, now=START + 5)
    staging.stage(ledger, "export", 2, [one(2)], now=START)

    assert plan_exports(ledger, RUN, ROUTES, now=START + 60).absent == []
