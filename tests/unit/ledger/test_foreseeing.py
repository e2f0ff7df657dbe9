"""A dry run says what a plan would do, and changes nothing."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import agenda, plan_schema, schema, staging
from dimona_provider.planning.foreseeing import foresee
from dimona_provider.planning.intake import plan_exports
from support import people
from support.clocks import START
from support.ledgers import ROUTES, RUN, rows

TABLES = (
    schema.intents,
    schema.staged_pages,
    schema.findings,
    plan_schema.employments,
    plan_schema.decisions,
)


def stage(ledger, *records):
    staging.stage(ledger, staging.new_export(), 1, records, now=START)


def somebody(number, **changes):
    worker = {"ssin": people.ssin(number)}
    return people.employment(employment_id=f"E-{number}", worker=worker, **changes)


@pytest.fixture
def three(ledger):
    stage(ledger, somebody(1), somebody(2, employer=people.OTHER_EMPLOYER), somebody(3, worker_type="ZZZ"))


def test_each_declaration_has_its_reason_and_deadline(ledger, three):
    found = {one.employment: one for one in foresee(ledger, ROUTES, now=START)}

    assert (found["E-1"].kind, found["E-1"].reason) == ("IN", "the employment has no period yet")
    assert found["E-1"].file_by == "2027-01-20T00:00+01:00"
    assert (found["E-3"].kind, found["E-3"].file_by) == ("none", None)


def test_nothing_changes_and_the_plan_files_what_was_foreseen(ledger, three):
    before = [rows(ledger, table) for table in TABLES]

    found = foresee(ledger, ROUTES, now=START)

    assert [rows(ledger, table) for table in TABLES] == before
    plan_exports(ledger, RUN, ROUTES, now=START)
    assert [one.employment for one in rows(ledger)] == [one.employment for one in found if one.kind == "IN"]
    assert foresee(ledger, ROUTES, now=START) == []


def test_a_scope_leaves_the_others_out(ledger, three):
    scope = agenda.Scope(people.OTHER_EMPLOYER)

    assert [one.employment for one in foresee(ledger, ROUTES, now=START, scope=scope)] == ["E-2"]


def test_no_person_is_in_it(ledger, three):
    told = "".join(one.as_json() for one in foresee(ledger, ROUTES, now=START))

    assert not any(people.ssin(number) in told for number in (1, 2, 3))
