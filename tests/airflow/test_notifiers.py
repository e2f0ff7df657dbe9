"""Summaries reach people by e-mail and over HTTP, from real runs, in words that a team can replace."""

from __future__ import annotations

import time
from datetime import timedelta
from html import unescape

import pytest
from airflow.sdk import DagRunState
from airflow.sdk.exceptions import AirflowException
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from dimona_provider.api.settings import BASE_URLS
from dimona_provider.domain.anomalies import LANGUAGES, describe
from dimona_provider.domain.outcome import OUTCOMES, State
from dimona_provider.ledger.attention import UNSENT
from dimona_provider.ledger.schema import intents
from dimona_provider.notifiers import DimonaEmailNotifier, DimonaHttpNotifier
from dimona_provider.operators import DimonaAlertOperator, DimonaSubmitOperator
from dimona_provider.telling.summary import words
from support.mailbox import mailbox
from support.markdown import DOCS, blocks
from support.people import item
from support.served import closed_port, listening

from .conftest import context

TO = "payroll@example.org"
DOCUMENTED = blocks(DOCS / "notifiers.md", "jinja")


@pytest.fixture
def post(connect):
    """Give a mail server to which ``smtp_default`` leads."""
    with mailbox() as server:
        connect("smtp_default", server.connection())
        yield server


class Hook:
    """What a team listens with; keeps each body, and answers as it is told."""

    def __init__(self, url):
        self.url = url
        self.bodies = []
        self.status = 200
        self.app = Starlette(routes=[Route("/{path:path}", self.take, methods=["POST"])])

    async def take(self, request):
        self.bodies.append((request.url.path, await request.json()))
        return Response(status_code=self.status)

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.fixture
def chat(connect):
    """Give a server to which ``http_default`` leads."""
    with listening(Hook) as hook:
        connect("http_default", {"conn_type": "http", "host": hook.url})
        yield hook


@pytest.fixture
def morning_chat(chat, connect):
    """Give that server as the connection that docs/notifiers.md names."""
    connect("payroll_chat", {"conn_type": "http", "host": chat.url})
    return chat


@pytest.fixture
def filed(execute, ledger, nsso):
    """Give a run's batch of five: accepted, refused, warned, unclear, and held with its deadline near."""
    items = [item(number) for number in range(1, 6)]
    batch = execute(DimonaSubmitOperator(task_id="submit", source=lambda: items))
    stand = {
        "E-1": {"state": "accepted"},
        "E-2": {"state": "refused", "anomalies": "90373-333"},
        "E-3": {"state": "warned", "anomalies": "90373-460"},
        "E-4": {"state": "unclear", "reason": "no readable answer", "file_by": None},
        "E-5": {"state": "held", "reason": "HTTP 400 <b>", "file_by": time.time() + 3600},
    }
    with ledger.write() as connection:
        for name, values in stand.items():
            connection.execute(intents.update().where(intents.c.employment == name).values(**values))
    return batch


def html_of(message):
    return message.get_body(("html",)).get_content()


# --- what is told ---


def test_an_email_tells_what_a_person_should_look_at(filed, post, nsso):
    DimonaEmailNotifier(to=TO)(context())

    (message,) = post.messages
    text = html_of(message)
    where = nsso.url.removeprefix("http://")
    assert post.recipients == [TO]
    assert message["From"] == "airflow@example.org"
    assert message["Subject"] == f"[{where}] Dimona: 1 refused, 1 warned, 1 unclear, 1 held, 1 at risk"
    assert "run run-1 of dag" in text
    for told in ("E-2", "90373-333", "E-3", "90373-460", "E-4", "no readable answer", "E-5", "accepted: 1"):
        assert told in text
    assert "E-1<" not in text
    assert "HTTP 400 &lt;b&gt;" in text
    assert "/plugin/" not in text  # nobody said where Airflow's UI is


def test_a_summary_over_http_is_json_of_counts_and_references(filed, chat):
    DimonaHttpNotifier(endpoint="hooks/dimona")(context())

    ((path, body),) = chat.bodies
    assert path == "/hooks/dimona"
    assert body["text"] == "Dimona: 1 refused, 1 warned, 1 unclear, 1 held, 1 at risk (run run-1 of dag)"
    assert body["counts"]["declarations"] == 5
    assert body["production"] is False
    assert [one["employment"] for one in body["at_risk"]] == ["E-5"]
    assert body["refused"][0]["codes"] == ["90373-333"]
    assert {name: len(body[name]) for name in ("refused", "warned", "unclear", "held")} == {
        "refused": 1,
        "warned": 1,
        "unclear": 1,
        "held": 1,
    }


def test_nothing_of_a_person_is_told(filed, post, chat, logged):
    DimonaEmailNotifier(to=TO)(context())
    DimonaHttpNotifier()(context())

    told = html_of(post.messages[0]) + str(chat.bodies) + logged()
    persons = [item(number)["declaration"]["worker"]["ssin"] for number in range(1, 6)]
    assert [person for person in persons if person in told] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_of_it_is_said_in_the_language_that_is_asked_for(filed, post, language):
    DimonaEmailNotifier(to=TO, language=language)(context())

    (message,) = post.messages
    text = html_of(message)
    say = words(language)
    assert f"1 {say['refused']}, 1 {say['warned']}, 1 {say['unclear']}, 1 {say['held']}" in message["Subject"]
    assert describe("90373-460", language) in unescape(text)
    for key in ("deadline", "why", "employer", "no_deadline"):
        assert say[key] in unescape(text)
    assert f'<html lang="{language}">' in text


def test_every_state_and_count_that_is_told_has_a_word():
    told = {*UNSENT, State.REFUSED, State.WARNED, "declarations", *OUTCOMES}

    assert told <= set(words("en"))


def test_links_lead_to_the_cockpit_where_airflows_address_is_set(filed, chat, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/payroll")

    DimonaHttpNotifier()(context())

    (_, body), *_ = chat.bodies
    one = body["refused"][0]
    from dimona_provider.cockpit.addresses import declaration

    assert one["link"] == declaration(one["reference"], base_url="https://airflow.example.org/payroll")


def test_production_is_unmistakable(filed, post, chat, ledger):
    with ledger.write() as connection:
        connection.execute(intents.update().values(environment=BASE_URLS["production"]))

    DimonaEmailNotifier(to=TO)(context())
    DimonaHttpNotifier()(context())

    assert post.messages[0]["Subject"].startswith("PRODUCTION Dimona: ")
    assert "these declarations have legal effect" in html_of(post.messages[0])
    assert chat.bodies[0][1]["production"] is True


def test_another_run_is_not_told_of_but_for_its_deadlines(filed, chat):
    DimonaHttpNotifier()(context(run_id="run-2"))

    ((_, body),) = chat.bodies
    assert body["counts"]["declarations"] == 0
    assert [one["employment"] for one in body["at_risk"]] == ["E-5"]


def test_what_changed_lately_is_told_of_whatever_the_run(filed, chat, ledger):
    with ledger.write() as connection:
        connection.execute(
            intents.update().where(intents.c.employment == "E-2").values(changed_at=time.time() - 7200)
        )

    DimonaHttpNotifier(since=timedelta(hours=1))(context(run_id="run-2"))

    ((_, body),) = chat.bodies
    assert body["about"] == "the last 1 h"
    assert (len(body["refused"]), len(body["warned"])) == (0, 1)


# --- when it is told ---


@pytest.mark.parametrize(("even_if_nothing", "sent"), [(False, 0), (True, 1)])
def test_nothing_to_look_at_is_told_only_if_asked_for(execute, chat, even_if_nothing, sent):
    DimonaHttpNotifier(even_if_nothing=even_if_nothing)(context())

    assert len(chat.bodies) == sent


def test_the_documented_dag_tells_what_changed_since_yesterday(filed, team_dags, post, morning_chat):
    run = team_dags["dimona_morning"].test()

    assert run.state == DagRunState.SUCCESS
    (message,) = post.messages
    assert post.recipients == ["payroll@example.org"]
    assert "1 refused, 1 warned, 1 unclear, 1 held, 1 at risk" in message["Subject"]
    assert "the last 24 h" in html_of(message)
    ((_, body),) = morning_chat.bodies
    assert [one["employment"] for one in body["refused"]] == ["E-2"]


def test_addresses_may_be_templates(filed, post, chat):
    DimonaEmailNotifier(to=["{{ run_id }}@example.org", TO])(context())
    DimonaHttpNotifier(endpoint="{{ run_id }}")(context())

    assert post.recipients == ["run-1@example.org", TO]
    assert chat.bodies[0][0] == "/run-1"


def test_the_alert_tells_before_it_fails(filed, execute, post):
    with pytest.raises(AirflowException, match="need a person"):
        execute(DimonaAlertOperator(task_id="alert", notifiers=[DimonaEmailNotifier(to=TO)]), run_id="run-9")

    assert "need a person: " in html_of(post.messages[0])


# --- what a team puts in place of ours ---


def test_a_team_may_replace_a_template(filed, chat, tmp_path):
    (tmp_path / "summary.json.jinja2").write_text(DOCUMENTED[0].text)

    DimonaHttpNotifier(templates=tmp_path)(context())

    told = "1 refused, 1 warned, 1 unclear, 1 held, 1 at risk - run run-1 of dag"
    assert chat.bodies[0][1] == {"text": told}


def test_a_team_may_change_one_block_of_ours(filed, post, tmp_path):
    (tmp_path / "summary.html.jinja2").write_text(DOCUMENTED[1].text)

    DimonaEmailNotifier(to=TO, templates=str(tmp_path))(context())

    text = html_of(post.messages[0])
    assert "Call the payroll desk." in text
    assert "dimona ledger list" not in text
    assert "E-2" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ summary.nothing }}", "can't be used"),
        ("{% if %}", "line 1"),
        ("no JSON", "gives no JSON"),
        ("{{ summary.headline / 2 }}", "TypeError"),
    ],
)
def test_a_template_that_can_not_be_used_is_named(filed, chat, tmp_path, text, words):
    (tmp_path / "summary.json.jinja2").write_text(text)

    with pytest.raises(AirflowException, match=r"summary\.json\.jinja2") as refused:
        DimonaHttpNotifier(templates=tmp_path).notify(context())

    assert words in str(refused.value)
    assert not chat.bodies


def test_a_folder_that_is_not_there_is_named(filed, chat, tmp_path):
    with pytest.raises(AirflowException, match="no folder of templates"):
        DimonaHttpNotifier(templates=tmp_path / "none").notify(context())


# --- what goes wrong ---


def failure(notifier):
    """Give the sentence with which a notifier fails; nothing that led to it goes with it."""
    with pytest.raises(AirflowException) as failed:
        notifier(context())
    assert failed.value.__context__ is None
    return str(failed.value)


def test_who_does_not_answer_is_told_without_its_address(filed, connect):
    connect("http_default", {"conn_type": "http", "host": f"http://127.0.0.1:{closed_port()}"})

    told = failure(DimonaHttpNotifier(endpoint="services/SECRET"))

    assert told == "DimonaHttpNotifier over 'http_default' failed (ConnectionError)"


def test_a_refusal_over_http_is_told(filed, chat):
    chat.status = 403

    assert failure(DimonaHttpNotifier()).endswith("'http_default': the summary was answered with HTTP 403")


def test_a_refusal_of_the_mail_server_is_told_without_its_words(filed, post):
    post.refuses = True

    told = failure(DimonaEmailNotifier(to=TO))

    assert told == "DimonaEmailNotifier over 'smtp_default' failed (SMTPRecipientsRefused)"


def test_a_missing_connection_is_named(filed):
    assert "over 'smtp_none': SMTP connection is not found" in failure(
        DimonaEmailNotifier(to=TO, smtp_conn_id="smtp_none")
    )


def test_who_can_not_be_told_fails_no_task(filed, team_dags, post, connect, logged):
    connect("payroll_chat", {"conn_type": "http", "host": f"http://127.0.0.1:{closed_port()}/SECRET"})
    post.refuses = True

    run = team_dags["dimona_morning"].test()

    assert run.state == DagRunState.SUCCESS
    text = logged()
    assert "DimonaHttpNotifier over 'payroll_chat' failed (ConnectionError)" in text
    assert "DimonaEmailNotifier over 'smtp_default' failed (SMTPRecipientsRefused)" in text
    assert "SECRET" not in text


@pytest.mark.parametrize(
    ("arguments", "where", "words"),
    [
        ({"language": "it"}, context(), "language must be one of en, fr, nl, de"),
        ({}, {}, "give this notifier to a task"),
    ],
)
def test_a_wrong_use_says_what_to_do(ledger, arguments, where, words):
    with pytest.raises(AirflowException, match=words):
        DimonaHttpNotifier(**arguments).notify(where)
