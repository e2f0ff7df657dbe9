import json
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from include.demo.api import AirflowApi, DagRun
from include.demo.errors import DemoError, RunFailed, StackFailed
from include.demo.watch import Watch, last_error

RUN = DagRun("declare", "r1", "running", None)


class Script:
    """Answers of an api-server: for each path (below /api/v2) the next of its list, the last one for good."""

    def __init__(self, **answers):
        self.answers = {name: list(given) for name, given in answers.items()}
        self.logins = 0

    def __call__(self, request):
        if request.url.path == "/auth/token":
            self.logins += 1
            return httpx.Response(201, json={"access_token": f"token {self.logins}"})
        name = request.url.path.rsplit("/", 1)[-1]
        left = self.answers["log" if "/logs/" in request.url.path else name]
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def watch(script, *, running=True, restarts=False, tell=lambda text: None, directory=Path("/stack")):
    started = []
    stack = SimpleNamespace(
        api=AirflowApi("http://airflow.test", "admin", "x", httpx.MockTransport(script)),
        components=("scheduler",),
        has_ended=lambda name: not running and name not in started,
        start_component=started.append if restarts else lambda name: None,
        log=lambda name: directory / f"{name}.log",
        directory=directory,
    )
    return Watch(stack, tell, pause=0.01)


def run(state, dag_id="declare", run_id="r1"):
    return {"dag_id": dag_id, "dag_run_id": run_id, "state": state, "queued_at": "2026-01-01T00:00:00Z"}


def tasks(*states):
    items = [
        {"task_id": f"t{number}", "map_index": -1, "try_number": 2, "state": state}
        for number, state in enumerate(states)
    ]
    return {"task_instances": items, "total_entries": len(items)}


def test_a_run_is_followed_to_its_end():
    told = []
    script = Script(r1=[run("running"), run("success")], taskInstances=[tasks("success", "deferred")])

    ended = watch(script, tell=told.append).end(RUN, 5, lambda: "3 sent")

    assert ended.state == "success"
    assert told[0] == "declare: 1 success, 1 deferred, 3 sent"


def test_a_failed_run_is_told_in_one_line_with_task_error_and_log():
    error = {
        "event": "Task failed",
        "level": "error",
        "error_detail": [{"exc_type": "E", "exc_value": "a\nb"}],
    }
    script = Script(
        r1=[run("failed")],
        taskInstances=[tasks("success", "failed", "upstream_failed")],
        log=[{"content": [{"event": "x", "level": "info"}, error, {"event": "::endgroup::"}]}],
    )

    with pytest.raises(RunFailed) as caught:
        watch(script).end(RUN, 5)

    log = "/stack/airflow/logs/dag_id=declare/run_id=r1/task_id=t1/attempt=2.log"
    assert str(caught.value) == f"declare failed in task t1: E: a b (log: {log})"


def test_a_failed_run_is_told_even_without_its_log():
    script = Script(r1=[run("failed")], taskInstances=[tasks("failed")], log=[httpx.Response(404)])

    with pytest.raises(RunFailed, match="failed in task t0: no error in its log"):
        watch(script).end(RUN, 5)


def test_a_run_that_takes_too_long_is_told():
    script = Script(r1=[run("running")], taskInstances=[tasks("deferred", None)])

    with pytest.raises(RunFailed, match=r"declare has not ended within 0 s \(1 deferred, 1 not yet\)"):
        watch(script).end(RUN, 0.05)


def test_a_component_that_ends_meanwhile_is_started_again():
    told = []

    ended = watch(Script(r1=[run("success")]), running=False, restarts=True, tell=told.append).end(RUN, 5)

    assert ended.state == "success"
    assert told == ["scheduler has ended and is started again"]


def test_a_component_that_keeps_ending_is_told(tmp_path):
    (tmp_path / "scheduler.log").write_text("fine\nout of memory\n\n-----\n")

    with pytest.raises(StackFailed, match=r"^scheduler has ended: out of memory \(log: "):
        watch(Script(r1=[run("running")], taskInstances=[tasks()]), running=False, directory=tmp_path).end(
            RUN, 5
        )


def test_a_locked_database_is_waited_for():
    script = Script(r1=[httpx.Response(500), httpx.Response(503), run("success")])

    assert watch(script).end(RUN, 5).state == "success"


def test_a_refusal_is_not_waited_for():
    with pytest.raises(DemoError, match="GET /api/v2/dags/declare/dagRuns/r1: Airflow answered 404"):
        watch(Script(r1=[httpx.Response(404)])).end(RUN, 5)


def test_the_run_that_an_asset_event_starts_is_found():
    created = {"dag_id": "apply", "run_id": "r2", "state": "running"}
    other = created | {"dag_id": "other"}
    script = Script(
        events=[
            {"asset_events": [{"created_dagruns": []}]},
            httpx.Response(500),  # a queued run, which Airflow 3.3.2 can't show
            {"asset_events": [{"created_dagruns": [other]}, {"created_dagruns": [created]}]},
        ],
        dagRuns=[{"dag_runs": []}],
    )

    assert watch(script).started_by(RUN, "apply", 5) == DagRun("apply", "r2", "running", None)


def test_without_an_asset_event_no_run_is_waited_for():
    assert watch(Script(events=[{"asset_events": []}])).started_by(RUN, "apply", 5) is None


def test_an_asset_event_without_its_run_is_told():
    script = Script(events=[{"asset_events": [{"created_dagruns": []}]}], dagRuns=[{"dag_runs": []}])

    with pytest.raises(RunFailed, match="declare has ended, but no run of apply began"):
        watch(script).started_by(RUN, "apply", 0.05)


def test_a_run_that_an_earlier_one_holds_back_is_waited_for():
    told = []
    created = run("running", "apply", "r2")
    script = Script(
        events=[
            *[{"asset_events": [{"created_dagruns": []}]}] * 20,
            {"asset_events": [{"created_dagruns": [created]}]},
        ],
        dagRuns=[{"dag_runs": [run("running", "apply", "r1"), run("success", "apply", "r0")]}],
        taskInstances=[tasks("success", "deferred")],
    )

    found = watch(script, tell=told.append).started_by(RUN, "apply", timeout=0.05, patience=5)

    assert found.run_id == "r2"
    assert "waiting for an earlier run of apply to end: 1 success, 1 deferred" in told


def test_an_earlier_run_that_never_ends_is_told():
    script = Script(
        events=[{"asset_events": [{"created_dagruns": []}]}],
        dagRuns=[{"dag_runs": [run("running", "apply")]}],
        taskInstances=[tasks("deferred")],
    )

    with pytest.raises(RunFailed, match="an earlier run of apply has not ended within 0 s"):
        watch(script).started_by(RUN, "apply", patience=0.1)


def test_a_dag_that_cannot_be_imported_is_told_with_the_error():
    script = Script(
        declare=[httpx.Response(404)],
        importErrors=[
            {"import_errors": [{"filename": "declare.py", "stack_trace": "Traceback\nNameError: x\n"}]}
        ],
    )

    with pytest.raises(RunFailed, match=r"DAG declare was not found .*\(declare.py: NameError: x\)"):
        watch(script).dag("declare", 0.05)


def test_a_login_that_has_expired_is_renewed():
    script = Script(r1=[httpx.Response(401), run("running"), httpx.Response(401), run("success")])
    api = AirflowApi("http://airflow.test", "admin", "x", httpx.MockTransport(script))

    states = [api.run("declare", "r1").state for _ in range(2)]

    assert states == ["running", "success"]
    assert script.logins == 2


def test_all_pages_of_task_instances_are_read():
    pages = [
        tasks(*["success"] * 100) | {"total_entries": 130},
        tasks(*["failed"] * 30) | {"total_entries": 130},
    ]
    api = AirflowApi("http://airflow.test", "admin", "x", httpx.MockTransport(Script(taskInstances=pages)))

    assert len(api.task_instances("declare", "r1")) == 130


def test_a_log_without_an_error_has_none():
    assert last_error([json.loads('{"event": "fine", "level": "info"}')]) == ""


def test_the_cause_of_a_failure_is_the_task_that_failed_first():
    failed = tasks("failed", "failed")
    failed["task_instances"][0]["end_date"] = "2026-01-01T00:00:02Z"
    failed["task_instances"][1]["end_date"] = "2026-01-01T00:00:01Z"
    script = Script(r1=[run("failed")], taskInstances=[failed], log=[{"content": []}])

    with pytest.raises(RunFailed, match="failed in task t1"):
        watch(script).end(RUN, 5)


def test_a_run_that_airflow_fails_to_confirm_is_started_once():
    asked: list[tuple[str, str]] = []

    def script(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        run_id = body.get("dag_run_id") or request.url.path.rsplit("/", 1)[1]
        asked.append((request.method, run_id))
        if len(asked) == 1:
            return httpx.Response(500)
        if request.method == "POST":
            return httpx.Response(409)
        return httpx.Response(200, json={"dag_id": "a", "dag_run_id": run_id, "state": "queued"})

    run = AirflowApi("http://airflow.test", "admin", "x", httpx.MockTransport(script)).trigger("a")

    assert [method for method, _ in asked] == ["POST", "POST", "GET"]
    assert {run_id for _, run_id in asked} == {run.run_id}
