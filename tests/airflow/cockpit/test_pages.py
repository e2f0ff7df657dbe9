"""What the pages show, to whom, in which language, and what of it comes from outside."""

from __future__ import annotations

import csv
import io
import time

import pytest

from dimona_provider.domain.gaps import Gap, GapKind
from dimona_provider.domain.outcome import State
from dimona_provider.ledger import Ledger, gaps, questions, switch
from dimona_provider.ledger.schema import events
from support import ledgers, people
from support.clocks import START
from support.desks import token_on
from support.ledgers import ENVIRONMENT, RUN, rows
from support.served import Served

from .conftest import Open


def test_the_overview_counts_and_links(visit: Open, filed: list[str], nsso: Served) -> None:
    page = visit("viv").get("/").text

    assert "declarations?state=refused" in page
    assert page.count("<svg") == 2
    assert "gets a token" in page
    assert len(nsso.token_requests) == 1
    assert f"/dags/{RUN.dag_id}/runs/{RUN.run_id}" in page
    assert '<span class="badge badge-custom"' in page


def test_a_connection_without_a_token_is_said_to_have_none(
    visit: Open, filed: list[str], nsso: Served
) -> None:
    nsso.answer_with("POST", "/token", 401)

    page = visit("viv").get("/").text

    assert "gets no token" in page
    assert "refused our credentials" in page


def test_a_list_is_narrowed_by_each_filter(visit: Open, filed: list[str], ledger: Ledger) -> None:
    one = rows(ledger)[2]
    now = time.time()
    for number, file_by in ((1, now - 60), (4, now - 60), (5, now + 3600), (6, now + 3 * 86_400)):
        ledgers.set_state(ledger, number, file_by=file_by)
    browser = visit("viv")
    queries = {
        "state=refused": [3],
        "kind=OUT": [],
        "kind=IN": [7, 6, 5, 4, 3, 2, 1],
        "code=90017-369": [2],
        "code=90017-36": None,
        "employment=E-5": [5],
        f"batch={one.batch}": [7, 6, 5, 4, 3, 2, 1],
        "batch=none": [],
        f"dag_id={RUN.dag_id}&run_id={RUN.run_id}": [7, 6, 5, 4, 3, 2, 1],
        "worker_type=STU": [],
        "since=2199-01-01": [],
        "until=2001-01-01": [],
        f"employer={people.EMPLOYER}&state=warned": [2],
        "deadline=passed": [4],
        "deadline=day": [5],
        "deadline=week": [5, 6],
        "deadline=risk": [4, 5],
        "state=nonsense": None,
        "employer=0'; DROP TABLE intents": None,
        "after=nan.1": None,
        "sort=body": None,
        "dag_id=x": None,
    }

    for query, expected in queries.items():
        answer = browser.get(f"/declarations?{query}")

        if expected is None:
            assert answer.status_code == 400, query
            continue
        found = sorted(n for n in range(1, 8) if f">E-{n}</a>" in answer.text)
        assert found == sorted(expected), query


_OF_RUN = f"dag_id={RUN.dag_id}&run_id={RUN.run_id}"


@pytest.mark.parametrize(
    "path",
    [
        f"/declarations?after=1.0.{'9' * 30}",
        f"/declarations.csv?sort=deadline&after=1e12.{'9' * 30}",
        "/declarations?until=9999-12-31",
        "/declarations?dag_id=a%00&run_id=b",
        "/run?dag_id=%20&run_id=%20",
        "/run?dag_id=&run_id=",
        f"/task?{_OF_RUN}&task_id=a%00",
        f"/task?{_OF_RUN}&task_id={'x' * 300}",
    ],
)
def test_an_address_that_nobody_makes_is_refused(path: str, visit: Open, filed: list[str]) -> None:
    assert visit("viv").get(path).status_code == 400


def test_an_index_of_a_task_that_is_too_long_is_none(visit: Open, filed: list[str]) -> None:
    path = f"/task?{_OF_RUN}&task_id=submit&map_index={'9' * 5000}"

    assert visit("viv").get(path).status_code == 200


def test_an_employer_alone_shows_all_states(visit: Open, filed: list[str]) -> None:
    page = visit("viv").get(f"/declarations?employer={people.EMPLOYER}").text

    assert [n for n in range(1, 8) if f">E-{n}</a>" in page] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "query", ["", f"employer={people.EMPLOYER}", "sort=deadline", "order=asc", "deadline=risk"]
)
def test_pages_hold_each_declaration_once(query: str, visit: Open, ledger: Ledger) -> None:
    batch = ledgers.batch_of(ledger, 120, file_by=time.time() + 3600)
    browser, seen = visit("viv"), []
    path: str | None = f"/declarations?{query}"

    while path is not None:
        page = browser.get(path).text
        seen += [part.split("<")[0] for part in page.split('">E-')[1:]]
        following = page.partition('rel="next" href="')[2].partition('"')[0]
        path = following.replace("&amp;", "&").removeprefix("/dimona") or None

    assert len(seen) == len(set(seen)) == 120
    assert batch


def test_the_csv_holds_all_rows_and_runs_no_formula(visit: Open, ledger: Ledger) -> None:
    batch = ledgers.batch_of(ledger, 3)
    ledgers.set_state(ledger, 1, employment="=HYPERLINK(1)")
    ledgers.set_state(ledger, 2, employment="E;=HYPERLINK(2)")
    ledgers.set_state(ledger, 3, employment=" @SUM(3);E-3")

    answer = visit("viv").get(f"/declarations.csv?batch={batch}&order=asc")

    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [one["employment"] for one in found] == ["'=HYPERLINK(1)", "E;'=HYPERLINK(2)", "' @SUM(3);E-3"]
    assert "attachment" in answer.headers["content-disposition"]
    assert "worker_hash" not in answer.text


@pytest.mark.parametrize(
    ("cookie", "accepted", "said"),
    [
        (None, "fr-BE,fr;q=0.9", "acceptée avec avertissement"),
        (None, "nl", "aanvaard met waarschuwing"),
        ("de", "nl", "mit Warnung angenommen"),
        (None, "pt", "accepted with a warning"),
    ],
)
def test_the_language_is_the_users(
    cookie: str | None, accepted: str, said: str, visit: Open, filed: list[str]
) -> None:
    headers = {"accept-language": accepted}
    browser = visit("viv", **headers)
    if cookie:
        browser.cookies.set("dimona_language", cookie)

    assert said in browser.get(f"/declarations/{filed[1]}").text


@pytest.mark.parametrize(
    ("here", "leads_to"),
    [
        ("/dimona/gaps?solved=true", "/dimona/gaps?solved=true"),
        ("https://elsewhere.example/", "/dimona/"),
        ("//elsewhere.example/dimona/", "/dimona/"),
        ("/dimona/\\elsewhere.example", "/dimona/"),
    ],
)
def test_choosing_a_language_leads_back_and_nowhere_else(here: str, leads_to: str, visit: Open) -> None:
    browser = visit("viv")

    answer = browser.post(
        "/language", data={"lang": "nl", "here": here, "form_token": token_on(browser.get("/gaps"))}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)
    assert "dimona_language=nl" in answer.headers["set-cookie"]


def test_choosing_a_language_leads_away_from_a_person(visit: Open, filed: list[str]) -> None:
    browser = visit("anna")
    path = f"/declarations/{filed[1]}"
    token = token_on(browser.get(path))
    shown = browser.post(f"{path}/person", data={"form_token": token})
    here = shown.text.partition('name="here" value="')[2].partition('"')[0]

    answer = browser.post("/language", data={"lang": "nl", "here": here, "form_token": token})

    leads_to = answer.headers["location"]
    assert leads_to == f"/dimona{path}"
    assert browser.get(leads_to.removeprefix("/dimona")).status_code == 200


def test_a_refused_declaration_says_why_and_what_to_do(visit: Open, filed: list[str]) -> None:
    page = visit("viv").get(f"/declarations/{filed[2]}").text

    assert "00911-001" in page
    assert "The end date is missing." in page
    assert "What to do now:" in page
    assert page.index("sent to the NSSO") < page.index("the NSSO answered")


def test_what_comes_from_outside_is_escaped(visit: Open, filed: list[str], ledger: Ledger) -> None:
    evil = '<script>alert("x")</script>'
    ledgers.set_state(ledger, 5, reason=evil, employment=evil, employer=evil)

    for path in ("/", "/declarations", f"/declarations/{filed[4]}"):
        assert "<script>alert" not in visit("anna").get(path).text, path


def test_a_receipt_proves_what_was_answered_without_the_person(
    visit: Open, filed: list[str], ledger: Ledger
) -> None:
    page = visit("viv").get(f"/declarations/{filed[0]}/receipt").text

    assert str(rows(ledger)[0].declaration_id) in page
    assert "Receipt" in page
    assert visit("viv").get(f"/declarations/{filed[4]}/receipt").status_code == 404


def test_a_persons_data_is_shown_to_who_may_act_and_that_is_recorded(
    visit: Open, filed: list[str], ledger: Ledger
) -> None:
    browser = visit("anna")
    path = f"/declarations/{filed[1]}"
    masked = browser.get(path)

    shown = browser.post(f"{path}/person", data={"form_token": token_on(masked)})

    assert "Peeters" not in masked.text
    assert "Peeters" in shown.text
    assert people.ssin(3) in shown.text
    assert ("shown with its person", "user:anna") in [(one.what, one.actor) for one in rows(ledger, events)]


def test_the_tabs_show_a_run_and_what_a_task_did(visit: Open, filed: list[str], ledger: Ledger) -> None:
    of_run = f"dag_id={RUN.dag_id}&run_id={RUN.run_id}"
    with ledger.write() as connection:
        actor = f"{RUN.dag_id}/{RUN.run_id}/submit[0]"
        connection.execute(events.update().where(events.c.intent.is_not(None)).values(actor=actor))
    browser = visit("viv")

    run = browser.get(f"/run?{of_run}").text
    task = browser.get(f"/task?{of_run}&task_id=submit&map_index=0").text
    other = browser.get(f"/task?{of_run}&task_id=report&map_index={{MAP_INDEX}}").text

    assert run.count('">E-') == task.count('">E-') == 7
    assert "recorded nothing about a declaration" in other


def test_gaps_and_questions_are_listed(visit: Open, filed: list[str], ledger: Ledger) -> None:
    gap = Gap(GapKind.MISSING_OUT, "E-1", "E-1", 4711, "end_date")
    gaps.register(ledger, ENVIRONMENT, people.EMPLOYER, [gap], (), now=START)
    ask(ledger)

    browser = visit("viv", **{"accept-language": "fr"})

    assert "fin absente" in browser.get("/gaps").text
    assert "La paie retire une occupation" in browser.get("/decisions").text


def ask(ledger: Ledger) -> None:
    """Ask whether an employment is to be cancelled although it is late."""
    question = questions.Question(
        ENVIRONMENT, people.EMPLOYER, "late_cancel", ["E-1"], [4711], ["keep", "file"], START + 60, b"[]"
    )
    with ledger.write() as connection:
        questions.ask(ledger, connection, question, now=START)


def test_another_environment_is_another_page(visit: Open, filed: list[str], ledger: Ledger) -> None:
    other = "https://services.socialsecurity.be/REST/dimona/v2"
    batch = ledgers.new_batch(ledger, environment=other)
    ledgers.record(ledger, ledgers.new_intent(99, environment=other), batch=batch)
    browser = visit("viv")

    page = browser.get("/declarations").text
    env = page.partition("Production: ")[0].rpartition('<option value="')[2].partition('"')[0]
    production = browser.get(f"/declarations?env={env}").text

    assert 'class="badge badge-production"' in production
    assert [n for n in (*range(1, 8), 99) if f">E-{n}</a>" in production] == [99]
    assert browser.get("/declarations?env=00000000").status_code == 404
    assert f"env={env}" in production.partition(">E-99</a>")[0][-200:]


def test_a_ledger_that_is_not_there_is_said_to_be_missing(
    visit: Open, monkeypatch: pytest.MonkeyPatch, ledger: Ledger
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DIMONA_LEDGER", '{"conn_type": "sqlite", "host": "/nowhere/x/l.db"}')

    answer = visit("viv").get("/")

    assert answer.status_code == 503
    assert "The ledger can&#39;t be read" in answer.text


def test_a_hold_is_seen_on_the_first_page(visit: Open, filed: list[str], ledger: Ledger) -> None:
    switch.place(ledger, "audit", employer=people.EMPLOYER, now=START)

    page = visit("viv").get("/").text

    assert f"employer {people.EMPLOYER}" in page
    assert "Let sending go on" not in page
    assert State.HELD in page
