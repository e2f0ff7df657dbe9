"""Airflow's own metrics carry ours: real StatsD packets of real DAG runs, held against the NSSO's journal."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.metrics import emit
from dimona_provider.tally import Numbers, Tally
from include.dimona_simulator.tables import UNKNOWN_EMPLOYER
from support.markdown import DOCS, table
from support.people import EMPLOYER, item
from support.served import as_environment, serve
from support.statsd import statsd

ROOT = Path(__file__).parents[2]
COUNT = 30
DAG = """
    from airflow.sdk import DAG
    from dimona_provider.operators import DimonaSubmitOperator
    from dimona_provider.sensors import DimonaResultSensor

    with DAG("file_items"):
        submit = DimonaSubmitOperator(task_id="submit", source={path!r})
        DimonaResultSensor(task_id="wait", batch=submit.output)
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run a DAG of 30 declarations and the follow-up: one is refused, and one POST has no usable answer."""
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "dags").mkdir()
    source = folder / "items.jsonl"
    # Sooner, and the follow-up would raise the alarm for what is unclear.
    start = (dt.datetime.now(BRUSSELS) + dt.timedelta(days=3)).date().isoformat()
    items = [item(number, startDate=start) for number in range(1, COUNT + 1)]
    items[4]["declaration"]["employer"]["enterpriseNumber"] = UNKNOWN_EMPLOYER
    source.write_text("".join(json.dumps(one) + "\n" for one in items))
    (folder / "dags" / "file_items.py").write_text(textwrap.dedent(DAG.format(path=source.as_uri())))
    follow_up = (ROOT / "dags" / "dimona_follow_up.py").read_text()
    (folder / "dags" / "dimona_follow_up.py").write_text(follow_up)
    with serve() as nsso, statsd() as server:
        nsso.answer_with("POST", "/declarations", 500)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            **server.settings(),
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW_CONN_DIMONA_DEFAULT": as_environment(nsso.connection()),
        }
        script = ROOT / "tests" / "docs" / "run_dags.py"
        done = subprocess.run(
            [
                *(sys.executable, str(script), str(folder / "dags"), str(folder / "report.json")),
                *("file_items={}", "dimona_follow_up={}"),
            ],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        assert json.loads((folder / "report.json").read_text())["states"] == {
            "file_items": ["success"],
            "dimona_follow_up": ["success"],
        }
        yield server, nsso


@pytest.mark.slow
def test_counters_agree_with_the_journal_of_the_nsso(ran):
    server, nsso = ran
    requests = [one for one in nsso.simulator.journal if not one.path.endswith("/token")]

    assert server.total("declarations.accepted") == COUNT - 2
    assert server.total("declarations.refused") == 1
    assert server.total("declarations.unclear") == 1
    assert server.total("declarations.planned") == COUNT
    assert server.total("posts.filed") == COUNT - 1
    assert server.total("posts.unclear") == 1
    assert server.total("polls") == len(nsso.looks)
    assert server.total("tokens.renewed") == len(nsso.token_requests)
    # The simulator never saw the POST that was answered with 500.
    assert server.total("budget.requests.dimona_default") == len(requests) + 1
    assert server.total("outcome_within.1h") == COUNT - 1


@pytest.mark.slow
def test_gauges_say_what_is_open_and_what_the_budget_is(ran):
    server, _ = ran

    assert server.values("custom.open.unclear", "g") == [1.0]
    assert server.values("custom.open.held", "g") == [0.0]
    assert server.values("custom.deadline.passed", "g") == [0.0]
    assert set(server.values("budget.limit.dimona_default", "g")) == {4000.0}
    assert max(server.values("time_to_outcome", "ms")) > 0


@pytest.mark.slow
def test_a_declaration_costs_no_packet_of_its_own(ran):
    server, _ = ran
    ours = [line for line in server.lines if line.startswith("airflow.dimona.")]
    tasks = 8

    assert len(server.values("declarations.accepted", "c")) <= 3
    assert len(server.values("polls", "c")) <= 3
    assert len(ours) < tasks * len(server.names())


@pytest.mark.slow
def test_no_packet_names_a_person_an_employer_or_a_declaration(ran):
    server, nsso = ran
    people = {one["declaration"]["worker"]["ssin"] for one in map(item, range(1, COUNT + 1))}
    numbers = {one["id"] for one in nsso.simulator.declarations_since(0)["declarations"]}
    ours = "\n".join(line for line in server.lines if line.startswith("airflow.dimona."))

    assert [secret for secret in {*people, EMPLOYER, *map(str, numbers)} if secret in ours] == []


@pytest.mark.slow
def test_every_metric_that_came_is_documented(ran):
    server, _ = ran
    documented = [row[0] for row in table((DOCS / "metrics.md").read_text(), "metric", "type")]
    patterns = [
        re.compile(re.escape(name.removeprefix("dimona.")).replace("CONN", ".+").replace("ENV", "[a-z]+"))
        for name in documented
    ]

    assert [name for name in server.names() if not any(one.fullmatch(name) for one in patterns)] == []


def test_what_was_taken_is_sent_once():
    tally = Tally()
    tally.count("polls", 3)
    tally.count("polls")
    tally.time("poll_lateness", 2.0)
    tally.time("poll_lateness", 1.0)

    taken = tally.take()

    assert (taken.counts, taken.longest) == ({"polls": 4}, {"poll_lateness": 2.0})
    assert tally.take() == Numbers()


def test_metrics_that_can_not_be_sent_fail_nothing(monkeypatch, caplog):
    def down(*_):
        raise OSError("SECRET")

    monkeypatch.setattr("airflow.sdk.observability.stats.incr", down)
    tally = Tally()
    tally.count("polls")

    emit(tally)

    assert "metrics could not be sent (OSError)" in caplog.text
    assert "SECRET" not in caplog.text
