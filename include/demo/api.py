"""A small client of Airflow's REST API: start DAG runs and see how they do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from include.demo.errors import DemoError

FINISHED = frozenset({"success", "failed"})


@dataclass(frozen=True, slots=True)
class DagRun:
    """One run of a DAG, as the API shows it."""

    dag_id: str
    run_id: str
    state: str
    queued_at: datetime | None

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        """Read an item of the API's answers."""
        queued_at = data.get("queued_at")
        return cls(
            data["dag_id"],
            data.get("dag_run_id") or data["run_id"],
            data["state"],
            datetime.fromisoformat(queued_at) if queued_at else None,
        )


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """One task instance of a run; *state* is ``None`` until it is scheduled."""

    task_id: str
    map_index: int
    try_number: int
    state: str | None
    ended_at: str = ""
    """ISO 8601 in UTC; empty while it has not ended."""

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        """Read one task instance of an answer."""
        ended_at = data.get("end_date") or ""
        return cls(data["task_id"], data["map_index"], data["try_number"], data["state"], ended_at)


class AirflowApi:
    """
    Calls to the api-server at *url*; logs in by itself, again when a token has expired.

    Every method raises ``httpx.HTTPError`` when the server can't be reached or refuses the call.
    """

    def __init__(
        self, url: str, user: str, password: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        # No proxy of the caller's environment: the server is on this machine.
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON of the answer to a request below ``/api/v2``."""
        response = self._http.request(method, f"/api/v2{path}", **options)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = self._http.post("/auth/token", json=self._login).raise_for_status().json()["access_token"]
            self._http.headers["Authorization"] = f"Bearer {token}"
            response = self._http.request(method, f"/api/v2{path}", **options)
        return response.raise_for_status().json()

    def health(self) -> dict[str, Any]:
        """Return Airflow's health report: component -> status and last heartbeat."""
        report: dict[str, Any] = self.call("GET", "/monitor/health")
        return report

    def has_dag(self, dag_id: str) -> bool:
        """Tell whether the dag-processor has found the DAG."""
        try:
            self.call("GET", f"/dags/{dag_id}")
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return False
            raise
        return True

    def import_errors(self) -> dict[str, str]:
        """Return file -> last line of the traceback, for DAG files that can't be imported."""
        errors = self.call("GET", "/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"].strip().splitlines()[-1] for error in errors}

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> DagRun:
        """Start one run: its id is ours, so that a call that Airflow fails to answer can be repeated."""
        run_id = f"manual__{datetime.now(UTC).isoformat()}_{secrets.token_hex(4)}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf or {}}
        for attempt in _tries():
            with attempt:
                try:
                    return DagRun.read(self.call("POST", f"/dags/{dag_id}/dagRuns", json=body))
                except httpx.HTTPStatusError as error:
                    if error.response.status_code == httpx.codes.CONFLICT:
                        return self.run(dag_id, run_id)
                    raise
        raise AssertionError("tenacity ends with a result or an error")

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """Return a run as it is now."""
        return DagRun.read(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str) -> list[DagRun]:
        """Return the latest 100 runs of a DAG, newest first."""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns", params={"order_by": "-run_after", "limit": 100})
        return [DagRun.read(item) for item in answer["dag_runs"]]

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """Return all task instances of a run."""
        found: list[TaskInstance] = []
        while True:
            page = {"limit": 100, "offset": len(found)}
            answer = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params=page)
            items = answer["task_instances"]
            found += [TaskInstance.read(item) for item in items]
            if not items or len(found) >= answer["total_entries"]:
                return found

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1
    ) -> Any:
        """Return a value that a task left."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.call("GET", path, params={"map_index": map_index})["value"]

    def log(self, run: DagRun, task: TaskInstance) -> list[dict[str, Any]]:
        """Return the messages of a task's last try, with what was raised below the key ``error_detail``."""
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        answer = self.call("GET", path, params={"map_index": task.map_index, "full_content": True})
        return [line if isinstance(line, dict) else {"event": str(line)} for line in answer["content"]]

    def started_by(self, run: DagRun) -> tuple[int, list[DagRun]]:
        """Return how many asset events the run has caused, and the runs that these have started so far."""
        params = {"source_dag_id": run.dag_id, "source_run_id": run.run_id, "limit": 100}
        try:
            events = self.call("GET", "/assets/events", params=params)["asset_events"]
        except httpx.HTTPStatusError as error:
            # Airflow 3.3.2 can't show an event whose run is still queued: it insists on a start date.
            if error.response.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
                return 1, []
            raise
        return len(events), [DagRun.read(created) for event in events for created in event["created_dagruns"]]


def _tries() -> Retrying:
    # On SQLite, Airflow answers 500 when its own database is busy.
    return Retrying(
        retry=retry_if_exception(
            lambda error: isinstance(error, httpx.HTTPStatusError) and error.response.is_server_error
        ),
        stop=stop_after_attempt(4),
        wait=wait_fixed(1),
        reraise=True,
    )


def describe(error: httpx.HTTPError) -> DemoError:
    """Turn a failed call into its one line."""
    if isinstance(error, httpx.HTTPStatusError):
        request, response = error.request, error.response
        return DemoError(f"{request.method} {request.url.path}: Airflow answered {response.status_code}")
    return DemoError(f"Airflow's api-server does not answer: {type(error).__name__}")
