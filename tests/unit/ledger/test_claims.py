"""Claims: one sender for each intent, nearest deadline first, and nothing sent that may have left."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import claims, open_ledger, schema
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.claims import GRACE, LEASE
from dimona_provider.ledger.setup import initialise
from support.clocks import START
from support.ledgers import (
    KEYS,
    batch_of,
    new_batch,
    new_intent,
    record,
    row,
    rows,
    set_state,
    states,
    still_claimed,
)
from support.people import EMPLOYER, OTHER_EMPLOYER

TIMEOUT = 15.0


def claim(ledger, batch, sender="sender", limit=100, now=START):
    return claims.claim(ledger, batch, sender, limit=limit, now=now)


def test_a_claim_is_written_down_before_anything_is_sent(ledger):
    batch = batch_of(ledger, 2)

    claimed = claim(ledger, batch)

    assert states(ledger) == ["sending", "sending"]
    assert [(one.claim, one.claimed_until) for one in rows(ledger)] == [("sender", START + LEASE)] * 2
    tries = rows(ledger, schema.attempts)
    assert [(one.intent, one.claim, one.claimed_at, one.verdict) for one in tries] == [
        (claimed[0].id, "sender", START, None),
        (claimed[1].id, "sender", START, None),
    ]


def test_a_claim_gives_the_body_in_clear_and_shows_it_nowhere(ledger):
    batch = batch_of(ledger, 1)

    (claimed,) = claim(ledger, batch)

    assert claimed.body == new_intent(1).body
    assert claimed.employer == EMPLOYER
    assert "ssin" not in repr(claimed)


def test_nothing_is_claimed_twice(ledger):
    batch = batch_of(ledger, 3)

    first, second = claim(ledger, batch, "one", limit=2), claim(ledger, batch, "two")

    assert (len(first), len(second)) == (2, 1)
    assert not {one.id for one in first} & {one.id for one in second}
    assert claim(ledger, batch, "three") == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_more_is_claimed_than_asked_for_in_a_new_database(kind, new_database):
    # Without statistics PostgreSQL runs a subquery with LIMIT once for each row.
    url = new_database(kind)
    initialise(url, lambda: KEYS, None, now=START)
    ledger = open_ledger(url, KEYS, actor="test")
    batch = batch_of(ledger, 30)

    claimed = claim(ledger, batch, limit=7)

    assert len(claimed) == 7
    assert Counter(states(ledger)) == {"sending": 7, "planned": 23}
    ledger.close()


def test_only_the_batch_itself_is_claimed(ledger):
    batch, other = new_batch(ledger), new_batch(ledger)
    record(ledger, new_intent(1), batch=batch)
    record(ledger, new_intent(2), batch=other)
    record(ledger, new_intent(3))

    assert len(claim(ledger, batch)) == 1
    assert states(ledger) == ["sending", "planned", "planned"]


def test_the_nearest_deadline_goes_first_and_none_goes_last(ledger):
    batch = new_batch(ledger)
    deadlines = {1: START + 300, 2: None, 3: START + 100, 4: START + 200, 5: START + 100}
    for number, deadline in deadlines.items():
        record(ledger, new_intent(number, file_by=deadline), batch=batch)

    order = [row(ledger, one.id).employment for one in claim(ledger, batch, limit=3)]
    rest = [row(ledger, one.id).employment for one in claim(ledger, batch)]

    assert order == ["E-3", "E-5", "E-4"]
    assert rest == ["E-1", "E-2"]


def test_an_intent_waits_as_long_as_the_service_asked(ledger):
    batch = batch_of(ledger, 1)
    set_state(ledger, rows(ledger)[0].id, not_before=START + 10)

    early, late = claim(ledger, batch, now=START + 9.9), claim(ledger, batch, now=START + 10)

    assert (len(early), len(late)) == (0, 1)


@pytest.mark.parametrize(
    ("state", "goes"), [(state, state in {"accepted", "warned", "already_true"}) for state in State], ids=str
)
def test_a_dependent_intent_goes_after_what_has_its_effect_alone(ledger, state, goes):
    batch = batch_of(ledger, 2)
    first, second = rows(ledger)
    set_state(ledger, second.id, depends_on=first.id)
    set_state(ledger, first.id, state=state, batch=new_batch(ledger))

    assert [one.id for one in claim(ledger, batch)] == ([second.id] if goes else [])


def test_threads_never_get_the_same_intent(ledger, ledger_url):
    batch = batch_of(ledger, 120)
    ledgers = [open_ledger(ledger_url, ledger.keys, actor=f"sender {number}") for number in range(4)]
    start = threading.Barrier(len(ledgers))

    def send(number):
        start.wait()
        got = iter(lambda: claim(ledgers[number], batch, f"token {number}", limit=7), [])
        return [one.id for window in got for one in window]

    with ThreadPoolExecutor() as threads:
        taken = [id_ for ids in threads.map(send, range(len(ledgers))) for id_ in ids]
    for opened in ledgers:
        opened.close()

    assert sorted(taken) == sorted(one.id for one in rows(ledger))
    assert len(rows(ledger, schema.attempts)) == 120


def test_a_claim_holds_until_somebody_else_decides(ledger):
    batch = batch_of(ledger, 1)
    (claimed,) = claim(ledger, batch)

    holds = still_claimed(ledger, [(claimed.id, "sender")])
    others = still_claimed(ledger, [(claimed.id, "another")])
    claims.expire(ledger, batch, now=START + 1000, request_timeout=TIMEOUT)

    assert (holds, others) == ({(claimed.id, "sender")}, set())
    assert not still_claimed(ledger, [(claimed.id, "sender")])


def test_a_claim_is_called_unclear_only_when_nobody_can_be_sending(ledger):
    batch = batch_of(ledger, 2)
    claim(ledger, batch, limit=1)
    end = START + LEASE + TIMEOUT + GRACE

    early = claims.expire(ledger, batch, now=end, request_timeout=TIMEOUT)
    until = claims.sending_until(ledger, batch, request_timeout=TIMEOUT)
    late = claims.expire(ledger, batch, now=end + 0.1, request_timeout=TIMEOUT)

    assert (early, until, late) == (0, end, 1)
    assert states(ledger) == ["unclear", "planned"]
    assert rows(ledger)[0].reason == "the sender ended before it reported back"
    assert [event.what for event in rows(ledger, schema.events)][-1] == "unclear"
    assert claims.sending_until(ledger, batch, request_timeout=TIMEOUT) is None


def test_claims_of_another_batch_do_not_expire(ledger):
    batch, other = batch_of(ledger, 1), new_batch(ledger)
    claim(ledger, batch)

    assert claims.expire(ledger, other, now=START + 10_000, request_timeout=TIMEOUT) == 0


def test_what_is_planned_is_counted_with_its_first_instant(ledger):
    batch = batch_of(ledger, 3)
    ids = [one.id for one in rows(ledger)]
    for number, intent in enumerate(ids):
        set_state(ledger, intent, not_before=START + 10 * (number + 1))

    waiting = claims.planned(ledger, batch)
    set_state(ledger, ids[2], not_before=None)

    assert waiting == (3, START + 10)
    assert claims.planned(ledger, batch) == (3, 0.0)
    assert claims.planned(ledger, new_batch(ledger)) == (0, None)


def test_an_employer_is_held_and_others_go_on(ledger):
    batch = batch_of(ledger, 2)
    record(ledger, new_intent(3, employer=OTHER_EMPLOYER), batch=batch)
    record(ledger, new_intent(4), batch=new_batch(ledger))
    claim(ledger, batch, limit=1)

    stopped = claims.hold_employer(ledger, batch, EMPLOYER, "we may not file", now=START + 5)

    assert stopped == 1
    assert states(ledger) == ["sending", "held", "planned", "planned"]
    assert (rows(ledger)[1].reason, rows(ledger)[1].changed_at) == ("we may not file", START + 5)


@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [
        pytest.param(
            {"verdict": Verdict.FILED, "read_at": START + 2, "declaration_id": 656309292174},
            "sent",
            None,
            id="filed",
        ),
        pytest.param(
            {"verdict": Verdict.NOT_RECEIVED, "not_before": START + 9}, "planned", None, id="not received"
        ),
        pytest.param({"verdict": Verdict.REFUSED, "detail": "HTTP 400"}, "held", "HTTP 400", id="refused"),
        pytest.param({"verdict": Verdict.UNCLEAR, "detail": "cut"}, "unclear", "cut", id="unclear"),
        pytest.param({"verdict": Verdict.NOT_SENT, "detail": "late"}, "planned", None, id="not sent"),
    ],
)
def test_each_verdict_leads_to_its_state(ledger, end, state, reason):
    batch = batch_of(ledger, 1)
    (claimed,) = claim(ledger, batch)

    record_attempts(ledger, "sender", [Attempted(claimed.id, sent_at=START + 1, **end)], now=START + 3)

    intent, attempt = row(ledger, claimed.id), rows(ledger, schema.attempts)[0]
    assert (intent.state, intent.reason, intent.changed_at) == (state, reason, START + 3)
    assert intent.not_before == end.get("not_before")
    assert intent.declaration_id == end.get("declaration_id")
    assert intent.filed_at == (START + 2 if state == "sent" else None)
    assert (attempt.verdict, attempt.sent_at, attempt.declaration_id) == (
        end["verdict"],
        START + 1,
        end.get("declaration_id"),
    )


def test_an_intent_that_did_not_arrive_can_be_sent_again_with_an_attempt_of_its_own(ledger):
    batch = batch_of(ledger, 1)
    (claimed,) = claim(ledger, batch, "one")
    record_attempts(ledger, "one", [Attempted(claimed.id, Verdict.NOT_RECEIVED)], now=START)

    (again,) = claim(ledger, batch, "two")

    assert again.id == claimed.id
    assert [(one.claim, one.verdict) for one in rows(ledger, schema.attempts)] == [
        ("one", "not_received"),
        ("two", None),
    ]


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.UNCLEAR, Verdict.FILED])
def test_what_arrived_or_may_have_is_never_claimed_again(ledger, verdict):
    batch = batch_of(ledger, 1)
    (claimed,) = claim(ledger, batch)
    record_attempts(ledger, "sender", [Attempted(claimed.id, verdict, declaration_id=1)], now=START)

    assert claim(ledger, batch, "another", now=START + 10**6) == []


def test_a_late_result_counts_while_the_claim_is_unchanged(ledger):
    batch = batch_of(ledger, 1)
    (claimed,) = claim(ledger, batch)
    claims.expire(ledger, batch, now=START + 1000, request_timeout=TIMEOUT)

    late = Attempted(claimed.id, Verdict.FILED, read_at=START + 900, declaration_id=7)
    record_attempts(ledger, "sender", [late], now=START + 1001)

    intent = row(ledger, claimed.id)
    assert (intent.state, intent.declaration_id, intent.reason) == ("sent", 7, None)


def test_a_late_result_does_not_count_once_another_has_the_claim(ledger):
    batch = batch_of(ledger, 1)
    (claimed,) = claim(ledger, batch, "old")
    record_attempts(ledger, "old", [Attempted(claimed.id, Verdict.NOT_RECEIVED)], now=START)
    claim(ledger, batch, "new")

    record_attempts(ledger, "old", [Attempted(claimed.id, Verdict.UNCLEAR, detail="late")], now=START + 5)

    intent = row(ledger, claimed.id)
    assert (intent.state, intent.claim, intent.reason) == ("sending", "new", None)
    assert [(one.claim, one.verdict) for one in rows(ledger, schema.attempts)] == [
        ("old", "unclear"),
        ("new", None),
    ]


def test_results_come_in_groups_of_any_kind(ledger):
    batch = batch_of(ledger, 3)
    ids = [one.id for one in claim(ledger, batch)]

    ends = [
        Attempted(ids[0], Verdict.FILED, read_at=START, declaration_id=1),
        Attempted(ids[1], Verdict.REFUSED, detail="no"),
        Attempted(ids[2], Verdict.NOT_SENT),
    ]
    record_attempts(ledger, "sender", ends, now=START)
    record_attempts(ledger, "sender", [], now=START)

    assert states(ledger) == ["sent", "held", "planned"]
    assert [event.what for event in rows(ledger, schema.events)].count("held") == 1
