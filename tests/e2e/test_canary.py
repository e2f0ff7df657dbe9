"""
No person in Airflow: people who can't be anywhere by chance go through everything, and are then searched for.

One real Airflow runs the shipped DAGs and a team's own (tests/support/canary_dags.py) on them: well, and into
errors that repeat them. ``SLOW_SHARE`` sizes the payroll.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from include.demo.api import DagRun
from include.demo.connections import CLIENT_ID
from support import people
from support.canary import Person, Search, ssin_forms
from support.gateway import DENIED_TOKEN_PATH
from support.live import Live, kill, live_airflow, private_key
from support.waiting import wait_until

pytestmark = pytest.mark.slow

SUPPORT = Path(__file__).parents[1] / "support"
PAYROLL_PEOPLE = max(8, int(40 * float(os.environ.get("SLOW_SHARE", "1"))))
EACH = 3
"""People of each DAG of the team."""
TEAM_DAGS = (
    "canary_source", "canary_path", "canary_poke", "canary_crash", "canary_crash_poke", "canary_crash_source",
    "canary_garbage", "canary_garbage_poke", "canary_ledger_intake", "canary_ledger_claim",
    "canary_ledger_trigger", "canary_ledger_poke", "canary_denied",
)  # fmt: skip
BY_DESIGN = ("keys/*", "simulator/*", "payroll.db*", "people/*")
"""Where persons and the key come from: payroll, the client's key, the NSSO."""
FAILS = {
    ("canary_crash", "wait"): "failed with ValueError",
    ("canary_crash_poke", "wait"): "failed with ValueError",
    ("canary_crash_source", "submit"): "the callable given as source failed with ValueError",
    ("canary_ledger_intake", "submit"): "the ledger's database failed (IntegrityError)",
    ("canary_ledger_claim", "submit"): "the ledger's database failed (IntegrityError)",
    ("canary_ledger_trigger", "wait"): "the ledger's database failed (IntegrityError)",
    ("canary_ledger_poke", "wait"): "the ledger's database failed (IntegrityError)",
    ("canary_denied", "submit"): "token",
    ("payroll_employments", "stage"): "HTTP 400",
}
"""Tasks that must fail, and what their log says of it."""
OF_DAG = "(SELECT dag_id FROM batches WHERE reference = NEW.batch)"
BROKEN_LEDGER = f"""
CREATE TRIGGER broken_intake BEFORE INSERT ON intents WHEN {OF_DAG} = 'canary_ledger_intake'
    BEGIN SELECT RAISE(ABORT, 'broken'); END;
CREATE TRIGGER broken_claim BEFORE UPDATE OF state ON intents
    WHEN NEW.state = 'sending' AND {OF_DAG} = 'canary_ledger_claim'
    BEGIN SELECT RAISE(ABORT, 'broken'); END;
CREATE TRIGGER broken_answers BEFORE INSERT ON answers
    WHEN (SELECT dag_id FROM batches JOIN intents ON batch = batches.reference WHERE intents.id = NEW.intent)
        IN ('canary_ledger_trigger', 'canary_ledger_poke')
    BEGIN SELECT RAISE(ABORT, 'broken'); END;
"""  # noqa: S608 - no input


@dataclass(slots=True)
class Facts:
    """What was seen."""

    search: Search
    seeded: Search
    echoed: dict[str, int]
    posts: int
    failures: dict[tuple[str, str], str]
    """Failed task -> everything that its logs say."""
    run_states: dict[str, str]
    planted: dict[str, str]
    """Place in the copy -> what was planted there."""


def _start_date() -> str:
    return (dt.datetime.now(ZoneInfo("Europe/Brussels")) + dt.timedelta(days=1)).date().isoformat()


def _payroll(persons: list[Person]) -> list[dict[str, Any]]:
    """Give employments: known workers, one without SSIN, and wrong ones that repeat the person."""
    records = [
        people.employment(employment_id=f"P-{number}", worker=person.known(), start_date=_start_date())
        for number, person in enumerate(persons)
    ]
    records[0]["worker"] = persons[0].unnumbered()
    records[1]["employment_id"] = persons[1].ssin
    records[2]["worker_type"] = persons[2].family_name
    records[3]["worker"] = {**persons[3].known(), "birth_date": persons[3].given_name}
    records[4]["worker"] = {**persons[4].known(), persons[4].family_name: persons[4].ssin}
    return records


def _items(dag_id: str, persons: list[Person]) -> list[dict[str, Any]]:
    block = {"startDate": _start_date(), "features": {"jointCommissionNumber": "XXX", "workerType": "OTH"}}
    good = [
        {
            "reference": f"{dag_id}-{number}",
            "declaration": {
                "employer": {"enterpriseNumber": people.EMPLOYER},
                "worker": {
                    "ssin": person.ssin,
                    "familyName": person.family_name,
                    "givenName": person.given_name,
                },
                "dimonaIn": block,
            },
        }
        for number, person in enumerate(persons)
    ]
    bad = [{**good[0], "reference": persons[0].ssin}, {**good[0], "declaration": persons[0].known()}]
    return good + bad


class Canary:
    """The run of everything."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.payroll_people = [Person.number(number) for number in range(PAYROLL_PEOPLE)]
        self.team = {
            dag_id: [Person.number(PAYROLL_PEOPLE + EACH * place + number) for number in range(EACH)]
            for place, dag_id in enumerate(TEAM_DAGS)
        }
        self.search = Search()
        for person in (*self.payroll_people, *chain(*self.team.values())):
            self.search.add_person(person)

    def prepare(self) -> dict[str, str]:
        """Write what the team's DAGs read; gives the environment that tells them where."""
        items = {dag_id: _items(dag_id, persons) for dag_id, persons in self.team.items()}
        for folder in ("people", "team"):
            (self.directory / folder).mkdir()
        file, lines = self.directory / "people" / "people.json", self.directory / "people" / "people.jsonl"
        file.write_text(json.dumps(items), encoding="utf-8")
        rows = [json.dumps(one) for one in items["canary_path"]]
        lines.write_text("\n".join([*rows, rows[0][:-9]]), encoding="utf-8")  # and one that is cut off
        shutil.copy(SUPPORT / "canary_trigger.py", self.directory / "team")
        return {"CANARY_PEOPLE": str(file), "CANARY_LINES": f"file://{lines}"}

    def run(self, live: Live) -> dict[str, DagRun]:
        """Run everything to its end; gives the last run of each DAG."""
        api = live.stack.api
        self._break_things(live)
        live.payroll.fill(_payroll(self.payroll_people))
        for dag_id in (*TEAM_DAGS, "payroll_employments", "payroll_apply_outcomes"):
            wait_until(lambda dag_id=dag_id: api.has_dag(dag_id), seconds=60)
        runs = {dag_id: api.trigger(dag_id) for dag_id in TEAM_DAGS}
        live.gateway.refuses_payroll = True
        refused = runs["payroll_employments"] = api.trigger("payroll_employments")
        api.call("PATCH", "/dags/dimona_declare", json={"is_paused": True})
        live.wait_for_end(refused)
        live.gateway.refuses_payroll = False
        live.wait_for_end(api.trigger("payroll_employments"))
        self.search.tables("staging", self.ledger_file, ["staged_pages"])
        api.call("PATCH", "/dags/dimona_declare", json={"is_paused": False})
        runs["dimona_declare"] = api.trigger("dimona_declare")
        self._watch(live, list(runs.values()))
        wait_until(lambda: bool(api.runs("payroll_apply_outcomes")), seconds=60)
        runs["payroll_apply_outcomes"] = api.runs("payroll_apply_outcomes")[0]
        live.wait_for_end(runs["payroll_apply_outcomes"])
        return {dag_id: api.run(dag_id, run.run_id) for dag_id, run in runs.items()}

    @property
    def ledger_file(self) -> Path:
        return self.directory / "airflow" / "dimona" / "ledger.db"

    def _break_things(self, live: Live) -> None:
        gateway, key = live.gateway, private_key(self.directory).read_text(encoding="ascii")
        for person, status in zip(self.payroll_people[5:7], (400, 500), strict=True):
            gateway.echoes[person.ssin] = status
        for dag_id in ("canary_source", "canary_poke"):
            for person, status in zip(self.team[dag_id][1:], (400, 500), strict=True):
                gateway.echoes[person.ssin] = status
        for dag_id in ("canary_garbage", "canary_garbage_poke"):
            gateway.garbles.update({person.ssin: 2 for person in self.team[dag_id]})
        denied = gateway.connection(CLIENT_ID, private_key=key, token_url=gateway.url + DENIED_TOKEN_PATH)
        stored = gateway.connection(CLIENT_ID, private_key=key)
        for conn_id, connection in {"dimona_stored": stored, "dimona_denied": denied}.items():
            content = {**connection, "connection_id": conn_id, "extra": json.dumps(connection["extra"])}
            live.stack.api.call("POST", "/connections", json=content)
        with closing(sqlite3.connect(self.ledger_file, timeout=20)) as connection:
            connection.executescript(BROKEN_LEDGER)

    def _watch(self, live: Live, runs: list[DagRun]) -> None:
        """Look while the runs go on at what is deleted again: triggers, and what deferred tasks wait with."""
        database = self.directory / "airflow" / "airflow.db"

        def have_ended() -> bool:
            self.search.tables("metadata, meanwhile,", database, ["trigger", "task_instance", "xcom"])
            api = live.stack.api
            return all(api.run(run.dag_id, run.run_id).state in {"success", "failed"} for run in runs)

        wait_until(have_ended, seconds=180)

    def look_everywhere(self, search: Search, folder: Path) -> None:
        """Search what is left when nothing runs any more."""
        search.files(folder, BY_DESIGN)
        search.tables("metadata", folder / "airflow" / "airflow.db")
        search.tables("ledger", folder / "airflow" / "dimona" / "ledger.db")


def _failures(live: Live, runs: dict[str, DagRun]) -> dict[tuple[str, str], str]:
    api = live.stack.api
    return {
        (dag_id, task.task_id): json.dumps(api.log(run, task))
        for dag_id, run in runs.items()
        for task in api.task_instances(dag_id, run.run_id)
        if task.state == "failed"
    }


def _plant(folder: Path, persons: list[Person], token: str, key_line: str) -> dict[str, str]:
    """Put people, a token and a key into a copy, one into each kind of place; gives place -> what."""
    metadata, ledger = folder / "airflow" / "airflow.db", folder / "airflow" / "dimona" / "ledger.db"
    one = persons[0]
    statements = (
        (metadata, "UPDATE xcom SET value = ?", json.dumps(one.family_name)),
        (metadata, "UPDATE rendered_task_instance_fields SET rendered_fields = ?", one.birth_date),
        (metadata, "UPDATE task_instance SET next_kwargs = ?", json.dumps({"worker": one.known()})),
        (metadata, "UPDATE log SET extra = ?", one.given_name),
        (metadata, "INSERT INTO trigger (classpath, kwargs, created_date) VALUES ('x', ?, '')", one.ssin),
        (ledger, "UPDATE events SET detail = ?", one.ssin),
        (
            ledger,
            "INSERT INTO staged_pages (export, number, body, staged_at) VALUES ('x', 1, ?, 0)",
            one.ssin,
        ),
    )
    for database, statement, value in statements:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(statement, (value,))
    dotted = next(form for form in ssin_forms(one.ssin) if form.count(b".") == 3 and form.count(b"-") == 1)
    task_log = next((folder / "airflow" / "logs").rglob("attempt=1.log"))
    files = {
        task_log: ("SSIN", dotted),
        folder / "logs" / "scheduler.log": ("family name", persons[1].family_name.encode("latin-1")),
        folder / "logs" / "triggerer.log": ("access tokens and assertions", token.encode()),
        folder / "logs" / "api-server.log": ("private key", key_line.encode()),
        folder / "logs" / "dag-processor.log": ("SSIN", b"eHh4" + _base64_inside(one.ssin)),
        folder / "logs" / "db-migrate.log": ("family name", quote(one.family_name).encode()),
        metadata.with_name("airflow.db-wal"): ("given name", one.given_name.encode()),
    }
    for path, (_, content) in files.items():
        with path.open("ab") as file:
            file.write(b" ... " + content + b" ...\n")
    return {
        "metadata xcom": "family name",
        "metadata rendered_task_instance_fields": "birth date",
        "metadata task_instance": "SSIN",
        "metadata log": "given name",
        "metadata trigger": "SSIN",
        "ledger events": "SSIN",
        "ledger staged_pages": "SSIN",
        **{str(path.relative_to(folder)): what for path, (what, _) in files.items()},
    }


def _base64_inside(text: str) -> bytes:
    return base64.b64encode(f'{{"worker": "{text}"}}'.encode())


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    directory = tmp_path_factory.mktemp("canary")
    canary = Canary(directory)
    dags = {"canary_dags.py": (SUPPORT / "canary_dags.py").read_text(encoding="utf-8")}
    change = {"dimona_declare.py": lambda text: text.replace("17 * * * *", "17 3 1 1 *")}
    settings, path = canary.prepare(), [directory / "team"]
    with live_airflow(directory, dags=dags, change=change, settings=settings, path=path) as live:
        runs = canary.run(live)
        failures = _failures(live, runs)
        kill(live.stack)  # an orderly end would empty the write-ahead logs
        key_lines = private_key(directory).read_text(encoding="ascii").splitlines()[1:-1]
        secrets = sorted(live.gateway.secrets)
        signatures = [part for secret in secrets for part in secret.split(".")[1:]]
        canary.search.add_secrets("private key", key_lines)
        canary.search.add_secrets("access tokens and assertions", [*secrets, *signatures])
        copy = tmp_path_factory.mktemp("seeded") / "copy"
        shutil.copytree(directory, copy)
        canary.look_everywhere(canary.search, directory)
        planted = _plant(copy, canary.payroll_people, secrets[0], key_lines[1])
        seeded = canary.search.anew()
        canary.look_everywhere(seeded, copy)
        yield Facts(
            canary.search,
            seeded,
            dict(live.gateway.echoed),
            len(live.gateway.posts),
            failures,
            {dag_id: run.state for dag_id, run in runs.items()},
            planted,
        )


def test_no_person_no_key_and_no_token_is_anywhere(facts: Facts, record_testsuite_property: Any) -> None:
    record_testsuite_property("canary: places searched", dict(facts.search.places))
    record_testsuite_property("canary: octets searched", facts.search.octets)

    assert facts.search.hits == {}


def test_every_kind_of_place_was_searched(facts: Facts) -> None:
    places = facts.search.places

    for table in ("xcom", "rendered_task_instance_fields", "task_instance", "log", "dag_run", "connection"):
        assert places[f"rows of metadata {table}"], table
    for table in ("intents", "attempts", "answers", "events", "findings", "batches"):
        assert places[f"rows of ledger {table}"], table
    assert places["rows of metadata, meanwhile, trigger"], "no trigger was seen while it waited"
    assert places["rows of staging staged_pages"], "nothing was seen in the staging area"
    assert places["task logs"] > len(TEAM_DAGS)
    assert places["output of components"] >= 4
    assert places["database files"] >= 2


def test_the_ways_that_fail_were_taken(facts: Facts) -> None:
    assert {"HTTP 400": 3, "HTTP 500": 3}.items() <= facts.echoed.items()
    assert facts.echoed["garbled answer"] == 2 * 2 * EACH
    assert facts.echoed["denied token"] >= 1
    assert facts.echoed["payroll"] == 1
    # Without a batch there is nothing to settle.
    assert {task for task in facts.failures if task[1] != "settle"} == set(FAILS)
    for task, words in FAILS.items():
        assert words in facts.failures[task], task
    succeeded = {dag_id for dag_id, state in facts.run_states.items() if state == "success"}
    assert {"dimona_declare", "payroll_apply_outcomes", "canary_source", "canary_poke"} <= succeeded


def test_the_search_finds_what_is_planted_in_each_kind_of_place(facts: Facts) -> None:
    found = facts.seeded.hits

    missed = {place: what for place, what in facts.planted.items() if what not in found.get(place, set())}
    assert missed == {}
    assert {place for place in found if ".db" not in place} == {
        place for place in facts.planted if ".db" not in place
    }
