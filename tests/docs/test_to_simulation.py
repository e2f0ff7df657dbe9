"""
The way to the simulation, walked: every command of its page, in order, against the simulator.

Connections come from Airflow's secrets backend of local files, as docs/keys.md shows it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.markdown import DOCS, blocks
from support.nsso import CLIENT_ID
from support.served import Served, serve

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
PAGE = DOCS / "to-simulation.md"


def _commands(folder: Path) -> list[str]:
    lines = [line.strip() for block in blocks(PAGE, "bash") for line in block.text.splitlines()]
    return [line.replace("/etc/dimona", str(folder)) for line in lines if line.startswith("dimona ")]


def _connections(folder: Path, nsso: Served) -> dict[str, Any]:
    """Give the file that docs/keys.md shows, with the connection of the page, leading to the simulator."""
    (shown,) = (
        one
        for block in blocks(DOCS / "keys.md", "json")
        if "dimona_ledger" in (one := json.loads(block.text))
    )
    (dimona,) = (json.loads(block.text) for block in blocks(PAGE, "json"))
    served = nsso.connection(private_key=None)
    key_file = dimona["extra"]["private_key_path"].replace("/etc/dimona", str(folder))
    return {
        "dimona_default": dimona
        | {"login": CLIENT_ID, "host": served["host"]}
        | {"extra": served["extra"] | {"private_key_path": key_file}},
        "dimona_ledger": shown["dimona_ledger"]
        | {"host": str(folder / "ledger.db"), "extra": {"key_file": str(folder / "ledger-keys.json")}},
    }


def _environment(folder: Path) -> dict[str, str]:
    text = blocks(DOCS / "keys.md", "bash")
    exports = dict(re.findall(r"^export (\w+)='?(.+?)'?$", "\n".join(one.text for one in text), re.MULTILINE))
    assert set(exports) == {"AIRFLOW__SECRETS__BACKEND", "AIRFLOW__SECRETS__BACKEND_KWARGS"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    here = {name: value.replace("/etc/dimona", str(folder)) for name, value in exports.items()}
    return clean | here | {"AIRFLOW_HOME": str(folder / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("dimona")
    keygen, *commands = _commands(folder)
    with serve() as nsso:
        (folder / "connections.json").write_text(json.dumps(_connections(folder, nsso)))

        def run(*lines: str) -> dict[str, Any]:
            (folder / "lines").write_text("\n".join(lines))
            script = [sys.executable, str(HERE / "run_commands.py"), str(folder / "lines")]
            done = subprocess.run(
                [*script, str(folder / "report.json")],
                env=_environment(folder),
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
            return json.loads((folder / "report.json").read_text())  # type: ignore[no-any-return]

        subprocess.run(
            [sys.executable, "-c", "from dimona_provider.cli.main import app; app()", *_words(keygen)],
            check=True,
            capture_output=True,
            timeout=300,
        )
        certificate = next(folder.rglob("certificate.pem"))
        nsso.simulator.register(CLIENT_ID, certificate.read_text())  # what a person does in Chaman
        yield {**run(*commands), "folder": folder, "lines": commands}


def _words(line: str) -> list[str]:
    return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)][1:]


def test_every_command_of_the_page_does_what_it_should(walked: dict[str, Any]) -> None:
    assert len(walked["commands"]) >= 7
    assert [one for one in walked["commands"] if one["code"] != 0] == []


def test_the_check_finds_every_step_good(walked: dict[str, Any]) -> None:
    (checked,) = (one["said"] for one in walked["commands"] if one["line"] == "dimona check")

    verdicts = {line.split()[0]: line.split()[1] for line in checked.splitlines()}
    assert verdicts == dict.fromkeys(("fields", "key", "certificate", "clock", "token", "read"), "good")


def test_a_worker_finds_connection_ledger_and_keys_in_the_backend(walked: dict[str, Any]) -> None:
    assert walked["worker"]["client"] == CLIENT_ID
    assert walked["worker"]["ledger"].endswith(str(walked["folder"] / "ledger.db"))
    assert walked["worker"]["keys"]


def test_no_file_of_secrets_is_for_others(walked: dict[str, Any]) -> None:
    secret = [*walked["folder"].rglob("private_key.pem"), walked["folder"] / "ledger-keys.json"]

    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in secret] == [0, 0]


def test_no_command_shows_a_key(walked: dict[str, Any]) -> None:
    assert "PRIVATE" not in "".join(one["said"] for one in walked["commands"])
