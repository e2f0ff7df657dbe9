"""
The whole thing, as a newcomer runs it: `python -m include.demo up` with the four real Airflow components.

One run of several minutes is looked at by all tests of this module. ``SLOW_SHARE`` sizes its sample.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from include.demo import sample
from include.demo.errors import DemoError
from include.demo.settings import Settings
from include.demo.stack import Stack
from include.dimona_simulator import polls_off_schedule, read_journal
from include.dimona_simulator.server import own_key
from include.payroll.sample import Case, case_of
from include.payroll.store import PayrollStore
from support.waiting import wait_until

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
EMPLOYMENTS = max(100, int(300 * float(os.environ.get("SLOW_SHARE", "1"))))
LAST_LINE = re.compile(
    r"declarations: (\d+)  accepted: (\d+)  warned: (\d+)  refused: (\d+)  identifying: (\d+)"
    r"  unclear: (\d+)  waiting: (\d+)"
)


@dataclass(slots=True)
class Facts:
    """What was seen on the way."""

    directory: Path
    workers_while_deferred: list[str] = field(default_factory=list)
    still_deferred: bool = False
    answers_before_kill: int = -1
    first: subprocess.CompletedProcess[str] | None = None
    payroll_after_first: dict[str, str] = field(default_factory=dict)
    posts_after_first: int = 0
    second: subprocess.CompletedProcess[str] | None = None
    posts_after_second: int = 0
    external: subprocess.CompletedProcess[str] | None = None
    external_posts: int = 0
    posts_after_external: int = 0
    ssins_found: dict[str, int] = field(default_factory=dict)
    ssins_searched: int = 0
    seeded_hit_found: bool = False
    down: subprocess.CompletedProcess[str] | None = None
    left_over: list[str] = field(default_factory=list)


class Demo:
    """The demo in a directory of its own."""

    def __init__(self, directory: Path, **env: str) -> None:
        self.directory = directory
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self.env = {**clean, "DEMO_DIRECTORY": str(directory), "DEMO_EMPLOYMENTS": str(EMPLOYMENTS), **env}

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "include.demo", *command],
            cwd=REPOSITORY,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*command)
        output, _ = process.communicate(timeout=900)
        return subprocess.CompletedProcess(command, process.returncode, output)

    def stack(self) -> Stack:
        return sample.make_stack(Settings.read(self.env))

    def posts(self) -> int:
        return _posts(self.directory / "simulator")


def _posts(folder: Path) -> int:
    journal = read_journal(folder / "journal.jsonl")
    return sum(
        entry.method == "POST" and entry.path.endswith("/declarations") and entry.status == 201
        for entry in journal
    )


def _is_waiting(demo: Demo) -> bool:
    """Tell whether the sensor of the declare run is deferred."""
    # The installation's files appear while the demo starts.
    if not (demo.directory / "installation.json").exists():
        return False
    stack = demo.stack()
    if not stack.is_running("api-server"):
        return False
    try:
        runs = stack.api.runs("dimona_declare")
        tasks = [task for run in runs for task in stack.api.task_instances("dimona_declare", run.run_id)]
    except (httpx.HTTPError, DemoError):  # not up yet
        return False
    finally:
        stack.api.close()
    return any(task.task_id.endswith("wait") and task.state == "deferred" for task in tasks)


def _worker_titles(stack: Stack) -> list[str]:
    record = stack.record("scheduler")
    assert record is not None
    titles = [" ".join(psutil.Process(pid).cmdline()).strip() for pid in record.session.members()]
    return [title for title in titles if "LocalExecutor:" in title]


def _settled_titles(stack: Stack) -> list[str]:
    """Give the process that deferred its task the seconds that Airflow takes to end it."""
    ends = time.monotonic() + 10
    while any(not title.endswith("<idle>") for title in _worker_titles(stack)) and time.monotonic() < ends:
        time.sleep(0.1)
    return _worker_titles(stack)


def _search_ssins(demo: Demo, ssins: list[str]) -> dict[str, int]:
    """Search everything that Airflow and its components write; also as digits with the usual separators."""
    needles = [
        form.encode()
        for ssin in ssins
        for form in (ssin, f"{ssin[:2]}.{ssin[2:4]}.{ssin[4:6]}-{ssin[6:9]}.{ssin[9:]}")
    ]
    found = {}
    for folder in (demo.directory / "airflow", demo.directory / "logs"):
        for path in folder.rglob("*"):
            if path.is_file() and (hits := sum(needle in path.read_bytes() for needle in needles)):
                found[str(path.relative_to(demo.directory))] = hits
    return found


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    facts = Facts(demo.directory)
    try:
        _first_run(demo, facts)
        facts.second = demo.run("up")
        facts.posts_after_second = demo.posts()
        _external_run(demo, facts, tmp_path_factory.mktemp("external"))
        ssins = _sample_ssins(demo)
        facts.ssins_searched = len(ssins)
        facts.ssins_found = _search_ssins(demo, ssins)
        seeded = demo.directory / "logs" / "seeded.log"
        seeded.write_text(f"... {ssins[0]} ...")
        facts.seeded_hit_found = _search_ssins(demo, ssins) == {"logs/seeded.log": 1}
        yield _end(demo, facts)
    finally:
        demo.run("down")


def _first_run(demo: Demo, facts: Facts) -> None:
    running = demo.start("up")
    try:
        wait_until(lambda: _is_waiting(demo) or running.poll() is not None, seconds=300)
        stack = demo.stack()
        facts.workers_while_deferred = _settled_titles(stack)
        facts.still_deferred = _is_waiting(demo)
        stack.kill_component("triggerer")  # the demo starts it again
        facts.answers_before_kill = sum(
            entry.method == "GET" and entry.status == 200
            for entry in read_journal(demo.directory / "simulator" / "journal.jsonl")
        )
        output, _ = running.communicate(timeout=900)
    finally:
        running.kill()
    facts.first = subprocess.CompletedProcess("up", running.returncode, output)
    facts.posts_after_first = demo.posts()
    store = PayrollStore(demo.directory / "payroll.db")
    facts.payroll_after_first = {one.employment_id: one.outcome for one in store.outcomes()}


def _external_run(demo: Demo, facts: Facts, folder: Path) -> None:
    """Run the demo against a server that was there before, as a team with a test server of its own does."""
    own_key(folder)
    command = ["--data", str(folder), "--processing", "2:3", "--tail", "0:3", "--client-id", "external"]
    server = subprocess.Popen(
        [sys.executable, "-m", "include.dimona_simulator", *command, "--location", "absolute"], cwd=REPOSITORY
    )
    try:
        wait_until((folder / "port").exists, seconds=20)
        base = f"http://127.0.0.1:{(folder / 'port').read_text().strip()}/REST"
        extra = {
            "environment": "custom",
            "token_url": f"{base}/oauth/v5/token",
            "private_key_path": str(folder / "private_key.pem"),
            "requests_per_second": 100,
        }
        connection = {"conn_type": "dimona", "host": f"{base}/dimona/v2", "login": "external", "extra": extra}
        outside = Demo(demo.directory, AIRFLOW_CONN_DIMONA_DEFAULT=json.dumps(connection))
        facts.external = outside.run("up")
        facts.external_posts = _posts(folder)
        facts.posts_after_external = demo.posts()
    finally:
        server.terminate()
        server.wait(10)


def _end(demo: Demo, facts: Facts) -> Facts:
    sessions = [record.session for record in demo.stack().records()]
    facts.down = demo.run("down")
    facts.left_over = [str(session) for session in sessions if session.members()]
    return facts


def _sample_ssins(demo: Demo) -> list[str]:
    page = PayrollStore(demo.directory / "payroll.db").page(0, EMPLOYMENTS)
    workers = [record["worker"] for record in page.records if isinstance(record.get("worker"), dict)]
    return [worker["ssin"] for worker in workers if isinstance(worker.get("ssin"), str)]


def _counts(run: subprocess.CompletedProcess[str] | None) -> list[int]:
    assert run is not None
    assert run.returncode == 0, run.stdout
    match = LAST_LINE.fullmatch(run.stdout.rstrip().splitlines()[-1])
    assert match, run.stdout
    return [int(number) for number in match.groups()]


def test_the_demo_ends_well_and_its_last_line_adds_up(facts: Facts) -> None:
    declarations, *outcomes = _counts(facts.first)

    assert declarations > EMPLOYMENTS * 0.9
    assert sum(outcomes) == declarations
    assert outcomes[-2:] == [0, 0], "nothing is unclear or waiting"


def test_every_intended_declaration_was_filed_once(facts: Facts) -> None:
    assert facts.posts_after_first == _counts(facts.first)[0]


def test_during_the_wait_every_worker_is_idle(facts: Facts) -> None:
    assert facts.workers_while_deferred
    assert facts.still_deferred
    assert [title for title in facts.workers_while_deferred if not title.endswith("<idle>")] == []


def test_a_killed_triggerer_changes_no_outcome(facts: Facts) -> None:
    declared = _counts(facts.first)[0]

    assert 0 <= facts.answers_before_kill < declared, "the triggerer was killed too late to matter"
    assert facts.first is not None
    assert "triggerer has ended and is started again" in facts.first.stdout
    expected = {
        Case.ACCEPTED: "accepted",
        Case.WARNED: "warned",
        Case.IDENTIFIED_LATER: "identifying",
    }
    for number in range(1, EMPLOYMENTS + 1):
        if outcome := expected.get(case_of(number)):
            pair = number % 100 in {10, 60}  # of two equal employments the NSSO refuses the later one
            got = facts.payroll_after_first[f"E-{number:06d}"]
            assert got == outcome or (pair and got == "refused"), f"employment {number}"
    got = Counter(facts.payroll_after_first.values())
    assert got["refused"] == sum(case_of(n) is Case.REFUSED for n in range(1, EMPLOYMENTS + 1))


def test_no_look_was_early_or_off_the_grid(facts: Facts) -> None:
    journal = read_journal(facts.directory / "simulator" / "journal.jsonl")
    looks = [entry for entry in journal if entry.method == "GET" and entry.declaration_id]

    assert looks
    assert polls_off_schedule(journal) == []


def test_malformed_employments_are_listed_and_not_counted(facts: Facts) -> None:
    assert facts.first is not None
    output = facts.first.stdout

    for number in range(1, EMPLOYMENTS + 1):
        if case_of(number) is Case.MALFORMED:
            assert f"E-{number:06d}: " in output


def test_a_second_demo_works_on_top_of_the_first_and_files_nothing_again(facts: Facts) -> None:
    assert _counts(facts.second) == _counts(facts.first)
    assert facts.posts_after_second == facts.posts_after_first


def test_a_connection_from_outside_is_used_instead_of_the_simulator(facts: Facts) -> None:
    declarations, *_ = _counts(facts.external)

    assert declarations == facts.external_posts == _counts(facts.first)[0]
    assert facts.posts_after_external == facts.posts_after_first


def test_no_ssin_is_anywhere_in_airflow(facts: Facts) -> None:
    assert facts.seeded_hit_found, "the search itself does not work"
    assert facts.ssins_searched > EMPLOYMENTS * 0.9
    assert facts.ssins_found == {}


def test_down_ends_every_process(facts: Facts) -> None:
    assert facts.down is not None
    assert facts.down.returncode == 0
    assert facts.left_over == []
