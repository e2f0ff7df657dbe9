"""The DAGs that the README and the how-to show are run by Airflow, against the simulator."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dimona_provider.ledger import Ledger, open_ledger
from dimona_provider.ledger.keys import read_keys
from dimona_provider.ledger.summaries import outcomes
from include.dimona_simulator import polls_off_schedule, read_journal
from support.markdown import DOCS, ROOT, blocks
from support.people import EMPLOYER, ssin

_README = blocks(ROOT / "README.md", "python")[0]
_HOW_TO = blocks(DOCS / "how-to-submit-your-own.md", "python")
_CLIENT = "self_service_chaman_000000_simulator"
_HIRED = ssin(201)


@dataclass(frozen=True, slots=True)
class Ran:
    home: Path
    journal: Path
    environment: str
    errors: dict[str, str]
    states: dict[str, list[str]]
    log: str

    def ledger(self) -> Ledger:
        folder = self.home / "dimona"
        return open_ledger(
            f"sqlite:///{folder / 'ledger.db'}", read_keys(folder / "ledger-keys.json"), actor="test"
        )


def test_the_dag_is_short() -> None:
    lines = [line for line in _README.text.splitlines() if line.strip()]

    assert len(lines) <= 15


def test_the_first_screen_is_in_order() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first_screen = text.splitlines()[:60]
    order = ["# ", "- ", "```python", "make setup", "make demo", "make down", "](docs/connection.md)"]

    places = [next(n for n, line in enumerate(first_screen) if mark in line) for mark in order]

    assert places == sorted(places)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start the simulator; gives its folder."""
    folder = tmp_path_factory.mktemp("simulator")
    command = [sys.executable, "-m", "include.dimona_simulator", "--data", str(folder)]
    process = subprocess.Popen(
        [*command, "--processing", "0.2:0.3", "--tail", "0:0"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while not (folder / "port").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield folder
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def ran(simulator: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the three DAGs, that of the path three times, in an Airflow of their own."""
    folder = tmp_path_factory.mktemp("airflow")
    home, dags = folder / "home", folder / "dags"
    items, both = folder / "declarations.jsonl", folder / "both.jsonl"
    dags.mkdir()
    (dags / "readme.py").write_text(_README.text)
    (dags / "how_to.py").write_text(_HOW_TO[0].text)
    (dags / "function.py").write_text(_HOW_TO[1].text)
    (dags / "periods.py").write_text(_HOW_TO[2].text)
    hires = folder / "hires.csv"
    hires.write_text(_hires())
    items.write_text(_first_item() + "\n")
    both.write_text(f"{_first_item()}\n{_items()[1]}\n")
    of_hires = f"file_from_a_function={json.dumps({'file': hires.as_uri()})}"
    url = f"http://127.0.0.1:{(simulator / 'port').read_text().strip()}"
    report = folder / "report.json"
    of_items, of_both = (f"file_from_a_path={json.dumps({'file': file.as_uri()})}" for file in (items, both))
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("run_dags.py")), str(dags), str(report)),
            *("hello_dimona={}", of_items, of_items, of_both, of_hires, "read_periods={}"),
        ],
        env=_environment(home, dags, url, simulator / "private_key.pem"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    journal = simulator / "journal.jsonl"
    return Ran(home, journal, f"{url}/REST/dimona/v2", log=done.stdout, **json.loads(report.read_text()))


def _items() -> list[str]:
    return blocks(DOCS / "how-to-submit-your-own.md", "json")[0].text.splitlines()


def _first_item() -> str:
    """Return the first item of the how-to, to begin tomorrow: an IN that begins earlier is late."""
    return re.sub(r'"startDate": "[0-9-]+"', f'"startDate": "{_tomorrow()}"', _items()[0])


def _hires() -> str:
    """Return what the function of the how-to reads: an invented person who begins tomorrow."""
    return f"contract,employer,ssin,start\ncontract-2001,{EMPLOYER},{_HIRED},{_tomorrow()}\n"


def _tomorrow() -> date:
    return datetime.now(ZoneInfo("Europe/Brussels")).date() + timedelta(days=1)


def _environment(home: Path, dags: Path, url: str, key: Path) -> dict[str, str]:
    connection = {
        "conn_type": "dimona",
        "login": _CLIENT,
        "host": f"{url}/REST/dimona/v2",
        "extra": {
            "environment": "custom",
            "token_url": f"{url}/REST/oauth/v5/token",
            "private_key_path": str(key),
        },
    }
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW_CONN_DIMONA_DEFAULT": json.dumps(connection),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}",
    }


def test_airflow_can_parse_them(ran: Ran) -> None:
    assert ran.errors == {}


def test_the_runs_end_well_but_for_what_fail_on_names(ran: Ran) -> None:
    assert ran.states == {
        "hello_dimona": ["success"],
        "file_from_a_path": ["success", "success", "failed"],
        "file_from_a_function": ["success"],
        "read_periods": ["success"],
    }


def test_a_second_run_files_nothing_and_says_what_the_how_to_shows(ran: Ran) -> None:
    how_to = (DOCS / "how-to-submit-your-own.md").read_text(encoding="utf-8")
    line = r"^2 (records read: 0 new intents, )2 (known already, 0 findings)$"
    shown = re.search(line, how_to, re.MULTILINE)

    assert shown
    assert "1 records read: 1 new intents, 0 known already, 0 findings" in ran.log
    assert f"1 {shown[1]}1 {shown[2]}" in ran.log


def test_settle_lists_what_was_refused_also_when_wait_failed(ran: Ran) -> None:
    # The period of the example is invented, so the simulator refuses its OUT.
    assert re.search(r"refused: OUT of contract-0815: [0-9]{5}-[0-9]{3}", ran.log)


def test_each_declaration_has_its_outcome(ran: Ran) -> None:
    ledger = ran.ledger()

    found = [one for page in outcomes(ledger, ran.environment, after=(0.0, 0)) for one in page]
    ledger.close()

    assert [(one.employment, str(one.state)) for one in found] == [
        ("contract-1", "accepted"),
        ("contract-4711", "accepted"),
        ("contract-0815", "refused"),
        ("contract-2001", "accepted"),
    ]


def test_each_declaration_is_sent_once_and_asked_for_on_schedule(ran: Ran) -> None:
    journal = read_journal(ran.journal)

    posts = [entry for entry in journal if entry.method == "POST" and entry.path.endswith("/declarations")]

    assert [entry.status for entry in posts] == [201, 201, 201, 201]
    assert not polls_off_schedule(journal)


def test_the_how_to_reads_the_periods_from_the_ledger(ran: Ran) -> None:
    database = sqlite3.connect(ran.home / "airflow.db")
    ((returned,),) = database.execute(
        "SELECT value FROM xcom WHERE dag_id = 'read_periods' AND key = 'return_value'"
    ).fetchall()
    database.close()

    periods = json.loads(returned)
    while isinstance(periods, str):  # Airflow keeps JSON within JSON
        periods = json.loads(periods)

    assert periods.keys() == {"contract-1", "contract-4711", "contract-2001"}
    assert all(isinstance(period, int) for period in periods.values())


def test_no_person_of_a_file_is_logged_or_kept_by_airflow(ran: Ran) -> None:
    kept = b"".join(path.read_bytes() for path in ran.home.rglob("*") if path.is_file())

    for person in (json.loads(_first_item())["declaration"]["worker"]["ssin"], _HIRED):
        assert person not in ran.log
        assert person.encode() not in kept
