"""Staged exports: encrypted while they wait, gone once planned, planned once."""

from __future__ import annotations

from dimona_provider.ledger import schema, staging
from support import people
from support.clocks import START
from support.ledgers import rows


def stage(ledger, *pages, export="x1"):
    for number, records in enumerate(pages, start=1):
        staging.stage(ledger, export, number, records, now=START)


def test_pages_come_back_in_order_with_a_place_that_names_nobody(ledger):
    stage(ledger, [people.employment()], [{"a": "é"}, 1], export="x1")
    stage(ledger, [], export="x2")

    pages = list(staging.pages(ledger))

    assert [(place, records) for _, place, records in pages] == [
        ("export x1 page 1", [people.employment()]),
        ("export x1 page 2", [{"a": "é"}, 1]),
        ("export x2 page 1", []),
    ]


def test_a_page_is_encrypted_while_it_waits(ledger):
    stage(ledger, [people.employment()])

    (kept,) = rows(ledger, schema.staged_pages)

    assert people.SSIN.encode() not in kept.body
    assert b"employment_id" not in kept.body


def test_a_page_is_deleted_by_one_planner_alone(ledger):
    stage(ledger, [1])
    ((page, _, _),) = staging.pages(ledger)

    with ledger.write() as connection:
        deleted = [staging.delete_page(connection, page) for _ in range(2)]

    assert deleted == [True, False]
    assert list(staging.pages(ledger)) == []


def test_an_export_that_could_not_be_read_is_discarded_alone(ledger):
    stage(ledger, [1], [2], export="x1")
    stage(ledger, [3], export="x2")

    staging.discard(ledger, "x1")

    assert [place for _, place, _ in staging.pages(ledger)] == ["export x2 page 1"]


def test_exports_have_random_references():
    assert len({staging.new_export() for _ in range(50)}) == 50
