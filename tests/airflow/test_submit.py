"""The submit operator files each declaration with exactly one effect, whatever ends the task."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from airflow.sdk import DAG, ObjectStoragePath
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from cryptography.hazmat.primitives.asymmetric import rsa

from dimona_provider.ledger.schema import batches, intents
from dimona_provider.operators import DimonaPlanOperator, DimonaStageOperator, DimonaSubmitOperator
from include.dimona_simulator.tables import EMPLOYER_WITHOUT_MANDATE
from support.nsso import pem
from support.people import SSIN, employment, in_body, item, ssin
from support.served import closed_port


def items(count):
    return [item(number) for number in range(1, count + 1)]


def submit(**arguments):
    return DimonaSubmitOperator(task_id="submit", **arguments)


@pytest.fixture
def planned(ledger, execute):
    """Give the reference of a batch of three, planned and not yet filed."""
    records = [
        employment(employment_id=f"E-{n}", worker={"ssin": ssin(n)}, start_date="2035-01-10")
        for n in (1, 2, 3)
    ]
    execute(DimonaStageOperator(task_id="stage", pages=lambda: [records]))
    (reference,) = execute(DimonaPlanOperator(task_id="plan"))
    return reference


# --- what it files ---


def test_a_planned_batch_is_filed_and_its_reference_returned(planned, execute, nsso, states):
    returned = execute(submit(batch=planned))

    assert returned == planned
    assert states() == ["sent"] * 3
    assert len(nsso.posts) == 3


def test_the_batch_is_a_template():
    assert "batch" in DimonaSubmitOperator.template_fields


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _: lambda: items(3), id="callable that returns a list"),
        pytest.param(lambda _: lambda: iter(items(3)), id="callable that returns an iterator"),
        pytest.param(lambda _: lambda: (one for one in items(3)), id="generator"),
        pytest.param(lambda source: source(items(3)), id="path"),
        pytest.param(lambda source: f"file://{source(items(3))}", id="URL"),
        pytest.param(lambda source: ObjectStoragePath(source(items(3))), id="ObjectStoragePath"),
        pytest.param(
            lambda source: source(items(3), "run-1.jsonl").replace("run-1", "{{ run_id }}"), id="template"
        ),
    ],
)
def test_a_team_may_bring_its_own_declarations(make, source, execute, nsso, states):
    execute(submit(source=make(source)))

    assert states() == ["sent"] * 3
    assert len(nsso.posts) == 3


def test_a_source_runs_in_the_task_and_not_where_the_dag_is_parsed():
    calls = []

    with DAG("d", schedule=None):
        submit(source=lambda: calls.append(1) or [])

    assert calls == []


def test_an_empty_source_is_a_success_that_files_nothing(source, execute, nsso):
    reference = execute(submit(source=source([])))

    assert reference
    assert not nsso.posts


def test_items_that_are_no_declarations_are_listed_and_the_others_go_on(tmp_path, execute, nsso, logged):
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        b'{"reference": "E-1", "declaration": {"employer": {}}}\n'
        b"not json\n\n\xff\xfe\n[]\n" + b"[" * 100_000 + b"\n"
        b'{"reference": "' + SSIN.encode() + b'", "declaration": {}}\n'
    )
    with path.open("a") as file:
        file.write(json.dumps(item(7)) + "\n")

    execute(submit(source=str(path)))

    text = logged()
    assert len(nsso.posts) == 1
    assert "6 records malformed" in text
    assert "not a JSON object on one line" in text
    assert SSIN not in text


# --- what it refuses ---


@pytest.mark.parametrize(
    "arguments", [{}, {"batch": "b", "source": list}], ids=["neither batch nor source", "both"]
)
def test_it_wants_either_a_batch_or_a_source(arguments, ledger, execute):
    with pytest.raises(AirflowFailException, match=r"^DimonaSubmitOperator needs either batch or source"):
        execute(submit(**arguments))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        pytest.param(
            lambda: {"reference": "E-1"}, "must return or yield items", id="callable returns a dict"
        ),
        pytest.param(lambda: "text", "must return or yield items", id="callable returns a text"),
        pytest.param(lambda: None, "must return or yield items", id="callable returns nothing"),
        pytest.param("/nowhere/file.jsonl", "FileNotFoundError", id="no such file"),
        pytest.param("/", "IsADirectoryError", id="a folder"),
        pytest.param("nope://bucket/file.jsonl", "can't be read", id="unknown kind of storage"),
        pytest.param("", "can't be read", id="empty path"),
    ],
)
def test_a_source_that_can_not_be_read_fails_at_once_with_one_sentence(bad, says, ledger, execute, nsso):
    with pytest.raises(AirflowFailException, match=says) as failed:
        execute(submit(source=bad))

    assert "\n" not in str(failed.value)
    assert not nsso.posts


def test_an_unknown_batch_fails_at_once(ledger, execute):
    with pytest.raises(AirflowFailException, match="knows no batch 'nothing'"):
        execute(submit(batch="nothing"))


def test_a_batch_of_another_environment_is_never_sent(planned, execute, nsso, connect, states):
    connect("dimona_other", {**nsso.connection(), "host": "http://localhost:1/REST/dimona/v2"})

    with pytest.raises(AirflowFailException, match="was planned for"):
        execute(submit(batch=planned, dimona_conn_id="dimona_other"))

    assert not nsso.posts
    assert states() == ["planned"] * 3


def test_a_missing_connection_fails_at_once(planned, execute, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_DIMONA_DEFAULT")

    with pytest.raises(AirflowFailException, match="dimona_default"):
        execute(submit(batch=planned))


def test_a_missing_ledger_fails_at_once_and_says_what_to_do(execute, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("AIRFLOW_CONN_DIMONA_LEDGER")

    with pytest.raises(AirflowFailException, match="dimona ledger init"):
        execute(submit(source=list))


# --- never twice ---


def test_a_retry_sends_nothing_twice(source, execute, nsso):
    operator = submit(source=source(items(3)))
    first = execute(operator)

    again = execute(operator)

    assert again == first
    assert len(nsso.posts) == 3


def test_a_source_that_fails_half_way_is_taken_up_by_the_retry(execute, nsso, states):
    def breaks():
        yield from items(600)
        raise OSError("the disk is gone")

    with pytest.raises(AirflowException, match="given as source failed with OSError"):
        execute(submit(source=breaks))
    posts_before = len(nsso.posts)

    execute(submit(source=lambda: items(700)))

    assert posts_before == 0
    assert len(nsso.posts) == 700
    assert set(states()) == {"sent"}


def test_mapped_tasks_of_one_run_have_batches_of_their_own(execute, ledger):
    execute(submit(source=lambda: items(1)), map_index=0)
    execute(submit(source=lambda: [item(2)]), map_index=1)

    with ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(batches)) == 2


# --- the service fails ---


def test_a_wrong_key_fails_at_once_and_the_right_one_files_everything_later(
    planned, execute, nsso, connect, states
):
    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    connect("dimona_default", nsso.connection(private_key=other))

    with pytest.raises(AirflowFailException, match="refused our credentials") as failed:
        execute(submit(batch=planned))

    assert "\n" not in str(failed.value)
    assert not nsso.posts
    assert states() == ["planned"] * 3
    connect("dimona_default", nsso.connection())
    execute(submit(batch=planned))
    assert states() == ["sent"] * 3


def test_an_unreachable_service_is_retried_and_the_rows_stay_planned(execute, nsso, connect, source, states):
    host = f"http://127.0.0.1:{closed_port()}/REST/dimona/v2"
    connect("dimona_default", {**nsso.connection(), "host": host})

    with pytest.raises(AirflowException, match="can't be reached") as failed:
        execute(submit(source=source(items(2))))

    assert not isinstance(failed.value, AirflowFailException)
    assert states() == ["planned"] * 2


def test_a_ledger_that_fails_meanwhile_is_retried(planned, execute, ledger):
    with ledger.write() as connection:
        connection.execute(sa.text("DROP TABLE attempts"))

    with pytest.raises(AirflowException, match="the ledger's database failed") as failed:
        execute(submit(batch=planned))

    assert not isinstance(failed.value, AirflowFailException)


def test_what_the_service_refuses_is_held_and_fails_nothing(planned, execute, nsso, states):
    nsso.answer_with("POST", "/declarations", 400)

    execute(submit(batch=planned))

    assert sorted(states()) == ["held", "sent", "sent"]


def test_an_employer_without_mandate_is_held_and_fails_nothing(execute, nsso, states):
    other = {"reference": "E-9", "declaration": in_body(ssin(9), employer=EMPLOYER_WITHOUT_MANDATE)}

    execute(submit(source=lambda: [other, *items(2)]))

    assert states() == ["held", "sent", "sent"]


def test_what_nobody_can_say_arrived_is_unclear_fails_nothing_and_is_not_sent_again(
    planned, execute, nsso, states
):
    nsso.answer_with("POST", "/declarations", 500)
    execute(submit(batch=planned))
    posts = len(nsso.posts)

    execute(submit(batch=planned))

    assert sorted(states()) == ["sent", "sent", "unclear"]
    assert len(nsso.posts) == posts == 2


def test_killing_the_task_has_nothing_to_cancel_with():
    from airflow.sdk import BaseOperator

    assert DimonaSubmitOperator.on_kill is BaseOperator.on_kill


# --- privacy ---


def chain(error):
    """Yield *error* and everything that Airflow's traceback of it could show besides."""
    seen = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


PERSON = (SSIN, "93.05.18", "Zwartewei", "Pieternel", "1990-02-03")


def wrong_key(nsso, connect, _ledger):
    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    connect("dimona_default", nsso.connection(private_key=other))


def nobody_there(nsso, connect, _ledger):
    host = f"http://127.0.0.1:{closed_port()}/REST/dimona/v2"
    connect("dimona_default", {**nsso.connection(), "host": host})


def broken_ledger(_nsso, _connect, ledger):
    with ledger.write() as connection:
        connection.execute(sa.text("DROP TABLE attempts"))


def full_ledger(_nsso, _connect, ledger):
    with ledger.write() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER full BEFORE INSERT ON intents BEGIN SELECT RAISE(ABORT, 'full'); END")
        )


@pytest.mark.parametrize("trouble", [wrong_key, nobody_there, broken_ledger, full_ledger])
def test_no_error_that_leaves_a_task_names_a_person_or_a_secret(trouble, request, nsso, connect, ledger):
    execute, logged = request.getfixturevalue("execute"), request.getfixturevalue("logged")
    worker = {"familyName": "Zwartewei", "givenName": "Pieternel", "birthDate": "1990-02-03"}
    body = in_body(SSIN)
    body["worker"] |= worker
    trouble(nsso, connect, ledger)

    with pytest.raises(AirflowException) as failed:
        execute(submit(source=lambda: [{"reference": "E-1", "declaration": body}]))

    told = (
        "\n".join(f"{one!r} {one} {getattr(one, '__notes__', '')}" for one in chain(failed.value)) + logged()
    )
    assert [word for word in PERSON if word in told] == []
    assert "PRIVATE KEY" not in told
    assert failed.value.__suppress_context__


def test_the_logs_name_no_person_key_or_token(planned, execute, logged, nsso, ledger):
    execute(submit(batch=planned))

    text = logged()
    with ledger.read() as connection:
        references = connection.scalars(sa.select(intents.c.employment)).all()
    assert f"batch {planned}: 3 filed by this attempt" in text
    assert references == ["E-1", "E-2", "E-3"]
    for secret in (ssin(1), ssin(2), ssin(3), pem().splitlines()[3], "Bearer", "eyJ"):
        assert secret not in text
