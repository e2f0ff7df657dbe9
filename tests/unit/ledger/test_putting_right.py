"""A clock that was ahead for a while leaves nothing behind that nobody looks at."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import claims, decisions, due, lateness, schema
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.unclear import unclear
from dimona_provider.upkeep import sweep
from support.clocks import START
from support.ledgers import ENVIRONMENT, ROUTES, batch_of, file_all, row, rows, set_state, still_claimed

AHEAD = START + 10 * 365 * 86_400.0
DAY = 86_400.0


@pytest.mark.parametrize("ahead", [3_600.0, AHEAD - START])
def test_what_was_claimed_by_a_clock_that_was_ahead_becomes_unclear_at_once(ledger, ahead):
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=1, now=START + ahead)

    sweep(ledger, now=START + 10)

    assert row(ledger, 1).state == "unclear"


def test_what_was_claimed_just_now_stays_with_its_sender_though_clocks_differ(ledger):
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=1, now=START + 40)

    sweep(ledger, now=START)

    assert row(ledger, 1).state == "sending"


def test_what_was_sent_by_a_clock_that_was_ahead_has_left_by_now(ledger):
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=1, now=AHEAD)
    sweep(ledger, now=START + 10)
    sweep(ledger, now=START + 20)

    (one,) = unclear(ledger, batch)

    assert one.sent_until == START + 20
    decisions.resolve_not_filed(ledger, one.reference, reason="not there", now=START + 1300)
    assert row(ledger, 1).state == "planned"


def test_nobody_waits_longer_than_the_service_can_ask(ledger):
    batch = batch_of(ledger, 2)
    set_state(ledger, 1, not_before=AHEAD)
    set_state(ledger, 2, not_before=START + DAY)

    sweep(ledger, now=START)

    assert [one.not_before for one in rows(ledger)] == [None, START + DAY]
    assert len(claims.claim(ledger, batch, "sender", limit=9, now=START)) == 1


def test_what_was_filed_in_the_future_is_asked_for(ledger):
    batch = batch_of(ledger, 1)
    file_all(ledger, batch, now=AHEAD)
    with ledger.write() as connection:
        connection.execute(schema.batches.update().values(polled_by="x", polled_until=AHEAD))
    now = START + 7_200

    sweep(ledger, now=now)

    (owed,) = due.owed(ledger, ROUTES.default, now=now)
    assert owed.is_free
    assert now < owed.due < now + 7_200  # the poller that held it may have asked until now
    assert row(ledger, 1).filed_at == START  # when it was planned: rather too early than too late
    assert lateness.late(ledger, now=now + 7_200) == {ENVIRONMENT: 1}


def test_a_sender_that_never_reports_back_is_shown(ledger):
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=1, now=START)

    assert lateness.stuck(ledger, now=START + 60) == []
    (stuck,) = lateness.stuck(ledger, now=START + 1000)

    assert (stuck.state, stuck.reason) == ("sending", "its sender does not report back")


def test_a_403_places_the_switch_with_the_verdict(ledger):
    batch = batch_of(ledger, 3)
    claimed = claims.claim(ledger, batch, "sender", limit=2, now=START)
    end = Attempted(claimed[0].id, Verdict.FORBIDDEN, sent_at=START, read_at=START)

    record_attempts(ledger, "sender", [end], now=START)

    (hold,) = rows(ledger, schema.holds)
    assert (hold.dimona_conn_id, hold.employer) == ("dimona_default", row(ledger, 1).employer)
    assert [one.state for one in rows(ledger)] == ["held", "sending", "held"]
    assert still_claimed(ledger, [(claimed[1].id, "sender")]) == set()


def test_a_403_of_nobody_knows_whom_stops_no_other_employer(ledger):
    batch = batch_of(ledger, 1, employer="")
    (claimed,) = claims.claim(ledger, batch, "sender", limit=2, now=START)
    end = Attempted(claimed.id, Verdict.FORBIDDEN, sent_at=START, read_at=START)

    record_attempts(ledger, "sender", [end], now=START)
    claims.hold_employer(ledger, batch, "", "no mandate", now=START)

    assert rows(ledger, schema.holds) == []
