"""What makes an intent this intent: A, B and A again are three, A wished for again stays one."""

from __future__ import annotations

import datetime as dt

import pytest

from dimona_provider.api.wire import read_filing
from dimona_provider.domain.deadlines import BRUSSELS, file_in_by
from dimona_provider.ledger import intents
from dimona_provider.ledger.intents import Recorded
from dimona_provider.planning.identity import make_intent, with_basis
from support import people
from support.clocks import START
from support.ledgers import ENVIRONMENT, rows, set_state

PERIOD = 656309292174


class History:
    """Wishes of one employment, each answered before the next one comes."""

    def __init__(self, ledger):
        self.ledger = ledger
        self._declared = 1000

    def wish(self, body, reference="E-1") -> Recorded:
        with self.ledger.write() as connection:
            intent = make_intent(self.ledger, connection, ENVIRONMENT, reference, read_filing(body))
            intent = with_basis(connection, intent)
            if intent is None:
                return Recorded.WAITING
            return intents.record(self.ledger, connection, intent, batch=None, now=START)

    def answer(self, state="accepted"):
        self._declared += 1
        intent = rows(self.ledger)[-1]
        period = {"period_id": PERIOD + self._declared} if intent.kind == "IN" and state != "refused" else {}
        set_state(self.ledger, intent.id, state=state, declaration_id=self._declared, **period)

    def declare(self, body, state="accepted", reference="E-1") -> Recorded:
        recorded = self.wish(body, reference)
        if recorded is Recorded.NEW:
            self.answer(state)
        return recorded

    @property
    def period(self) -> int:
        return max(one.period_id for one in rows(self.ledger) if one.kind == "IN" and one.period_id)

    def until(self, day: str) -> dict:
        return {"dimonaUpdate": {"periodId": self.period, "endDate": day}}

    def cancel(self) -> dict:
        return {"dimonaCancel": {"periodId": self.period}}


@pytest.fixture
def history(ledger):
    return History(ledger)


def intent_of(ledger, body, reference="E-1"):
    with ledger.read() as connection:
        return make_intent(ledger, connection, ENVIRONMENT, reference, read_filing(body))


def student(start="2027-01-20", ssin=people.SSIN):
    features = {"jointCommissionNumber": "XXX", "workerType": "STU"}
    return people.in_body(ssin, startDate=start, endDate=start, plannedHoursNumber=8, features=features)


def test_no_key_holds_a_person(ledger):
    for body in (people.in_body(), student()):
        intent = intent_of(ledger, body)

        keys = (
            intent.environment,
            intent.employer,
            intent.subject,
            intent.employment,
            intent.content,
            intent.basis,
        )
        assert not [key for key in keys if people.SSIN in key]
        assert intent.worker_hash
        assert people.SSIN not in repr(intent)


def test_the_same_content_has_the_same_key_however_it_is_written(ledger):
    body = people.in_body()
    shuffled = {name: body[name] for name in reversed(body)}

    assert intent_of(ledger, body).content == intent_of(ledger, shuffled).content
    assert (
        intent_of(ledger, body).content != intent_of(ledger, people.in_body(startDate="2027-01-21")).content
    )


def test_a_person_whose_number_changed_is_still_the_same_employment(ledger):
    one, other = people.in_body(people.SSIN), people.in_body(people.OTHER_SSIN)

    assert intent_of(ledger, one).content == intent_of(ledger, other).content
    assert intent_of(ledger, one).worker_hash != intent_of(ledger, other).worker_hash


def test_a_deadline_is_the_start_of_work_in_brussels(ledger):
    at_nine = intent_of(ledger, people.in_body(startHour="0900"))
    follow_up = intent_of(ledger, {"dimonaCancel": {"periodId": PERIOD}})

    assert at_nine.file_by == file_in_by(dt.date(2027, 1, 20), "0900").timestamp()
    assert follow_up.file_by is None


@pytest.mark.parametrize(
    ("block", "by"),
    [
        pytest.param({"dimonaOut": {"endDate": "2027-01-29"}}, "2027-02-02", id="OUT: the next working day"),
        pytest.param({"dimonaUpdate": {"startDate": "2027-01-25"}}, "2027-01-25", id="UPDATE of the start"),
        pytest.param({"dimonaUpdate": {"endDate": "2027-01-27"}}, "2027-01-29", id="UPDATE of the end"),
        pytest.param({"dimonaCancel": {}}, "2027-01-21", id="CANCEL: the end of the first day"),
        pytest.param({"dimonaUpdate": {"endDate": "9999-12-31"}}, None, id="UPDATE that reopens"),
    ],
)
def test_what_follows_has_a_deadline_too(history, block, by):
    history.declare(people.in_body(startHour="0900"))
    (kind,) = block

    intent = intent_of(history.ledger, {kind: {"periodId": history.period, **block[kind]}})

    midnight = by and dt.datetime.fromisoformat(by).replace(tzinfo=BRUSSELS).timestamp()
    assert intent.file_by == midnight


@pytest.mark.parametrize(
    ("body", "reference", "same"),
    [
        pytest.param(student("2027-03-31"), "E-2", True, id="another contract in the quarter"),
        pytest.param(student("2027-04-01"), "E-1", False, id="the next quarter"),
        pytest.param(student("2028-01-20"), "E-1", False, id="the same quarter of another year"),
        pytest.param(student(ssin=people.OTHER_SSIN), "E-1", False, id="another student"),
    ],
)
def test_a_student_has_one_subject_for_each_quarter(ledger, body, reference, same):
    subject = intent_of(ledger, student()).subject

    assert (intent_of(ledger, body, reference).subject == subject) is same


def test_a_student_without_number_is_known_by_the_employment(ledger):
    body = student() | {"worker": {"familyName": "Zwartewei"}}

    assert intent_of(ledger, body, "E-7").subject == "employment E-7"


def test_a_follow_up_finds_its_employer_by_the_period(history):
    history.declare(people.in_body())

    intent = intent_of(history.ledger, history.cancel())

    assert intent.employer == people.EMPLOYER
    assert intent_of(history.ledger, {"dimonaCancel": {"periodId": 1}}).employer == ""


def test_an_in_repeated_is_known(history):
    history.declare(people.in_body())

    assert [history.declare(people.in_body()) for _ in range(3)] == [Recorded.KNOWN] * 3


def test_an_in_after_an_accepted_cancel_is_new_each_time(history):
    said = []
    for _ in range(3):
        said += [history.declare(people.in_body()), history.declare(people.in_body())]
        said += [history.declare(history.cancel()), history.declare(history.cancel())]

    assert said == [Recorded.NEW, Recorded.KNOWN, Recorded.NEW, Recorded.KNOWN] * 3
    assert len(rows(history.ledger)) == 6


def test_an_in_after_a_refused_cancel_is_known(history):
    history.declare(people.in_body())
    history.declare(history.cancel(), "refused")

    assert history.declare(people.in_body()) is Recorded.KNOWN


def test_an_in_waits_while_its_cancel_is_open(history):
    history.declare(people.in_body())
    history.wish(history.cancel())

    assert history.wish(people.in_body()) is Recorded.WAITING


def test_a_then_b_then_a_again_are_three_intents(history):
    history.declare(people.in_body())
    days = ["2027-02-01", "2027-03-01", "2027-02-01", "2027-03-01"]

    said = [history.declare(history.until(day)) for day in days for _ in range(2)]

    assert said == [Recorded.NEW, Recorded.KNOWN] * 4
    assert len({(one.content, one.basis) for one in rows(history.ledger)}) == 5


def test_what_was_already_true_is_a_basis_too(history):
    days = ["2027-02-01", "2027-03-01"] * 3
    history.declare(people.in_body())

    said = []
    for day in days:
        said.append(history.wish(history.until(day)))
        changed = rows(history.ledger)[-1]
        set_state(history.ledger, changed.id, state="already_true", declaration_id=None)
        said.append(history.wish(history.until(day)))

    assert said == [Recorded.NEW, Recorded.KNOWN] * 6
    assert len({one.basis for one in rows(history.ledger)}) == 7


def test_a_period_from_elsewhere_can_go_back_to_what_it_was(history):
    first, second = ({"dimonaUpdate": {"periodId": PERIOD, "endDate": f"2027-0{n}-01"}} for n in (2, 3))
    history.declare(first)
    history.wish(second)
    set_state(history.ledger, 2, state="already_true")

    assert history.wish(first) is Recorded.NEW


def test_an_in_after_a_cancel_that_was_already_true_is_new_each_time(history):
    for _ in range(3):
        assert history.declare(people.in_body()) is Recorded.NEW
        assert history.wish(history.cancel()) is Recorded.NEW
        set_state(history.ledger, rows(history.ledger)[-1].id, state="already_true")

    assert len({one.basis for one in rows(history.ledger) if one.kind == "IN"}) == 3


def test_a_refused_change_is_no_basis_and_not_filed_again(history):
    history.declare(people.in_body())
    history.declare(history.until("2027-02-01"), "refused")

    assert history.declare(history.until("2027-02-01")) is Recorded.KNOWN
    assert history.declare(history.until("2027-03-01")) is Recorded.NEW
    assert history.declare(history.until("2027-02-01")) is Recorded.NEW


def test_a_warned_in_stands_like_an_accepted_one(history):
    history.declare(people.in_body(), "warned")

    assert history.declare(people.in_body()) is Recorded.KNOWN
    assert history.declare(history.cancel()) is Recorded.NEW


def test_a_follow_up_of_a_period_from_elsewhere_is_filed_once(history):
    cancel = {"dimonaCancel": {"periodId": PERIOD}}

    assert [history.declare(cancel), history.declare(cancel)] == [Recorded.NEW, Recorded.KNOWN]
