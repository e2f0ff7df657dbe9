"""What people do in the cockpit comes into the ledger once, in their name, and without a person's number."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx
import pytest

from dimona_provider.cockpit import opening
from dimona_provider.domain.outcome import State
from dimona_provider.ledger import Ledger, switch
from dimona_provider.ledger.acknowledging import acknowledgement
from dimona_provider.ledger.cockpit_schema import acknowledgements, searches
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.schema import attempts, events, intents
from support import ledgers, people
from support.desks import token_on
from support.ledgers import row, rows

from .conftest import Open
from .test_pages import ask

Do = Callable[..., httpx.Response]


@pytest.fixture
def do(visit: Open, filed: list[str]) -> Do:
    """Give what sends a form as anna."""
    browser = visit("anna")
    token = token_on(browser.get("/decisions"))

    def post(path: str, **form: str) -> httpx.Response:
        return browser.post(path, data={**form, "form_token": token})

    return post


def set_sent_at(ledger: Ledger, at: float) -> None:
    with ledger.write() as connection:
        connection.execute(attempts.update().values(sent_at=at, claimed_at=at))


def whats(ledger: Ledger) -> list[tuple[str, str]]:
    return [(one.what, one.actor) for one in rows(ledger, events)]


def test_a_warning_is_acknowledged_once_with_name_and_encrypted_reason(
    do: Do, visit: Open, filed: list[str], ledger: Ledger
) -> None:
    path = f"/declarations/{filed[1]}"

    first = do(f"{path}/acknowledge", reason="  quota   checked ")
    second = do(f"{path}/acknowledge", reason="again")

    assert first.headers["location"].endswith("?done=acknowledged")
    assert second.headers["location"].endswith("?done=acknowledged_already")
    found = acknowledgement(ledger, filed[1])
    assert found is not None
    assert (found.by, found.reason) == ("user:anna", "quota checked")
    assert b"quota" not in rows(ledger, acknowledgements)[0].body
    assert whats(ledger).count(("acknowledged", "user:anna")) == 1
    assert "quota" not in json.dumps([one.detail for one in rows(ledger, events)])
    assert "user:anna took note" in visit("viv").get(path).text
    assert "quota checked" not in visit("viv").get(path).text


def test_only_a_warning_is_acknowledged(do: Do, filed: list[str], ledger: Ledger) -> None:
    assert do(f"/declarations/{filed[0]}/acknowledge", reason="x").status_code == 409
    assert rows(ledger, acknowledgements) == []


@pytest.mark.parametrize("reason", ["", "   ", f"it is {people.ssin(3)}", "x" * 501])
def test_a_reason_is_needed_and_names_no_person(
    reason: str, do: Do, filed: list[str], ledger: Ledger
) -> None:
    answer = do(f"/declarations/{filed[1]}/acknowledge", reason=reason)

    assert answer.status_code == 400
    assert people.ssin(3) not in answer.text
    assert rows(ledger, acknowledgements) == []


def test_what_is_held_is_released(do: Do, filed: list[str], ledger: Ledger) -> None:
    do(f"/declarations/{filed[5]}/release", reason="mandate is there")

    assert row(ledger, 6).state == "planned"
    assert ("released", "user:anna") in whats(ledger)
    assert do(f"/declarations/{filed[5]}/release", reason="again").status_code == 409


def test_what_is_unclear_is_resolved_as_filed(do: Do, filed: list[str], ledger: Ledger) -> None:
    do(f"/declarations/{filed[4]}/resolve", reason="seen in the portal", what="filed", declaration_id="77")

    assert (row(ledger, 5).state, row(ledger, 5).declaration_id) == ("sent", 77)


def test_what_is_unclear_is_resolved_as_not_filed(do: Do, filed: list[str], ledger: Ledger) -> None:
    path = f"/declarations/{filed[4]}/resolve"
    set_sent_at(ledger, time.time() - 60)
    early = do(path, reason="not in the portal", what="not_filed")
    set_sent_at(ledger, time.time() - 3600)

    do(path, reason="not in the portal", what="not_filed")

    assert (early.status_code, row(ledger, 5).state) == (409, "planned")


@pytest.mark.parametrize(
    "form", [{"what": "filed", "declaration_id": "x"}, {"what": "nonsense"}, {"what": "filed"}]
)
def test_a_decision_that_makes_no_sense_changes_nothing(
    form: dict[str, str], do: Do, filed: list[str], ledger: Ledger
) -> None:
    assert do(f"/declarations/{filed[4]}/resolve", reason="x", **form).status_code == 400
    assert row(ledger, 5).state == "unclear"


@pytest.mark.parametrize("form", ["{}", " {} "])
def test_a_national_number_is_no_declarations_number(
    form: str, do: Do, filed: list[str], ledger: Ledger
) -> None:
    path = f"/declarations/{filed[4]}/resolve"

    answer = do(path, reason="seen", what="filed", declaration_id=form.format(people.ssin(3)))

    assert answer.status_code == 400
    assert people.ssin(3) not in answer.text
    assert row(ledger, 5).declaration_id is None


def test_what_has_its_outcome_is_not_decided_anew(do: Do, filed: list[str], ledger: Ledger) -> None:
    assert do(f"/declarations/{filed[0]}/resolve", reason="x", what="not_filed").status_code == 409
    assert row(ledger, 1).state == "accepted"


def test_sending_is_stopped_and_goes_on(do: Do, visit: Open, ledger: Ledger) -> None:
    do("/hold", reason="audit", employer=people.EMPLOYER)
    held = switch.current(ledger)
    shown = visit("anna").get("/").text.partition('name="placed_at" value="')[2].partition('"')[0]
    do("/hold/release", reason="audit over", employer=people.EMPLOYER, placed_at=shown)

    assert [(one.employer, one.placed_by) for one in held] == [(people.EMPLOYER, "user:anna")]
    assert switch.current(ledger) == []


def test_a_form_of_before_does_not_undo_what_somebody_stopped_since(
    do: Do, filed: list[str], ledger: Ledger
) -> None:
    switch.place(ledger, "maintenance", now=1_000.25)
    form = {"employer": "", "connection": "", "placed_at": "1000.25"}
    first = do("/hold/release", reason="over", **form)
    released = row(ledger, 6).state
    ledgers.set_state(ledger, 6, state=State.HELD)
    again = do("/hold/release", reason="over", **form)
    switch.place(ledger, "wrong export", now=2_000.5)

    stale = do("/hold/release", reason="over", **form)

    assert [one.status_code for one in (first, again, stale)] == [303, 409, 409]
    assert (released, row(ledger, 6).state) == ("planned", "held")
    assert [one.reason for one in switch.current(ledger)] == ["wrong export"]


@pytest.mark.parametrize(
    "scope", [{"employer": "123"}, {"employer": people.ssin(3)}, {"connection": people.ssin(3)}]
)
def test_sending_is_not_stopped_for_what_files_nothing(scope: dict[str, str], do: Do, ledger: Ledger) -> None:
    answer = do("/hold", reason="audit", **scope)

    assert answer.status_code == 400
    assert switch.current(ledger) == []
    assert people.ssin(3) not in answer.text + json.dumps([one.detail for one in rows(ledger, events)])


@pytest.mark.parametrize("scope", [{}, {"employer": people.EMPLOYER, "everything": "yes"}])
def test_a_form_that_does_not_say_what_to_stop_stops_nothing(
    scope: dict[str, str], do: Do, ledger: Ledger
) -> None:
    answer = do("/hold", reason="audit", **scope)

    assert (answer.status_code, switch.current(ledger)) == (400, [])
    assert "Say what to stop" in answer.text


def test_everything_is_stopped_once(do: Do, ledger: Ledger) -> None:
    first = do("/hold", reason="audit", everything="yes")
    second = do("/hold", reason="another audit", everything="yes")

    assert (first.status_code, second.status_code) == (303, 409)
    assert "stopped there already" in second.text
    assert [one.reason for one in switch.current(ledger)] == ["audit"]


@pytest.mark.parametrize("typed", ["BE 0477.472.701", "477472701"])
def test_an_employer_is_held_under_the_number_that_the_ledger_has(typed: str, do: Do, ledger: Ledger) -> None:
    do("/hold", reason="audit", employer=typed)

    assert [one.employer for one in switch.current(ledger)] == [people.EMPLOYER]


def test_a_question_is_answered(do: Do, ledger: Ledger) -> None:
    ask(ledger)
    reference = rows(ledger, decisions)[0].reference

    do(f"/decisions/{reference}", option="file", reason="agreed with payroll")

    assert rows(ledger, decisions)[0].answer == "file"
    assert do(f"/decisions/{reference}", option="nonsense", reason="x").status_code == 409


def test_a_search_by_ssin_leaves_no_number_and_is_its_users_alone(
    do: Do, visit: Open, ledger: Ledger, logged: Callable[[], str]
) -> None:
    ssin = people.ssin(3)
    logged()
    wanted = ledger.keys.worker_hash(_ssin(ssin))
    with ledger.write() as connection:
        connection.execute(intents.update().where(intents.c.id == 2).values(worker_hash=wanted))

    answer = do("/search", ssin=f"{ssin[:6]}-{ssin[6:9]}.{ssin[9:]}")

    leads_to = answer.headers["location"]
    page = visit("anna").get(leads_to.removeprefix("/dimona"))
    assert ssin not in leads_to + page.text + logged()
    assert [n for n in range(1, 8) if f">E-{n}</a>" in page.text] == [2]
    assert visit("viv").get(leads_to.removeprefix("/dimona")).status_code == 403
    (found,) = rows(ledger, searches)
    with ledger.write() as connection:
        connection.execute(searches.update().values(searched_by="user:somebody"))
    assert found.worker_hash != ssin
    assert visit("anna").get(leads_to.removeprefix("/dimona")).status_code == 410


def _ssin(raw: str):
    from dimona_provider.domain.identifiers import Ssin

    return Ssin.parse(raw)


def test_a_number_that_is_none_is_not_repeated(do: Do, logged: Callable[[], str]) -> None:
    logged()
    for wrong in ("12345678901", "9" * 200):
        answer = do("/search", ssin=wrong)

        assert answer.status_code == 400
        assert wrong not in answer.text + logged()


def test_rotated_keys_are_seen_without_a_restart(visit: Open, filed: list[str]) -> None:
    browser = visit("viv")
    assert browser.get("/").status_code == 200

    opening.forget()

    assert browser.get("/").status_code == 200
