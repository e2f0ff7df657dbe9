"""The wheel alone, in an Airflow that has nothing of this repository: no plugins folder, no include/."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from support.markdown import ROOT, project_files
from support.people import item
from support.served import as_environment, serve

pytestmark = pytest.mark.slow

COUNT = 5
DAG = """
    from airflow.sdk import DAG
    from dimona_provider.operators import DimonaReportOperator, DimonaSettleOperator, DimonaSubmitOperator
    from dimona_provider.sensors import DimonaResultSensor

    with DAG("file_items"):
        submit = DimonaSubmitOperator(task_id="submit", source={path!r})
        wait = DimonaResultSensor(task_id="wait", batch=submit.output)
        settle = DimonaSettleOperator(task_id="settle", batch=submit.output)
        submit >> wait >> settle >> DimonaReportOperator(task_id="report")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel as users do."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(["make", "-s", "wheel", f"DIST={folder}"], cwd=ROOT, check=True, timeout=600)  # noqa: S607
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    package = ROOT / "plugins" / "dimona_provider"
    ours = {
        path.relative_to(package.parent).as_posix() for path in project_files() if package in path.parents
    }

    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert held == ours


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """Give an environment with the wheel and what it asks for, in the versions of requirements.txt."""
    folder = tmp_path_factory.mktemp("bare")
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv)] if uv.exists() else ["uv"]
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    python = folder / "venv" / "bin" / "python"
    constraints = ["--constraint", str(ROOT / "requirements.txt")]
    for words in (
        ["venv", "--quiet", "--python", sys.executable, str(folder / "venv")],
        ["pip", "install", "--quiet", "--python", str(python), *constraints, str(wheel)],
    ):
        subprocess.run([*command, *words], env=environment, check=True, timeout=600)
    return folder


@pytest.fixture(scope="module")
def found(bare):
    """Run everything there, against a simulated NSSO; give what was found."""
    for name in ("dags", "plugins", "home"):
        (bare / name).mkdir()
    items = bare / "items.jsonl"
    items.write_text("".join(json.dumps(item(number)) + "\n" for number in range(1, COUNT + 1)))
    (bare / "dags" / "file_items.py").write_text(textwrap.dedent(DAG.format(path=items.as_uri())))
    with serve() as nsso:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(bare),
            "AIRFLOW_HOME": str(bare / "home"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(bare / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(bare / "plugins"),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW_CONN_DIMONA_DEFAULT": as_environment(nsso.connection()),
        }

        def run(*command: str) -> str:
            done = subprocess.run(
                command,
                env=environment,
                cwd=bare,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
            return done.stdout

        scripts = bare / "venv" / "bin"
        version = run(str(scripts / "dimona"), "--version").strip()
        script = bare / "bare_airflow.py"
        script.write_text((ROOT / "tests" / "e2e" / "bare_airflow.py").read_text())
        last = run(str(scripts / "python"), str(script), str(bare / "dags")).strip().splitlines()[-1]
        return {**json.loads(last), "version": version, "posts": len(nsso.posts)}


def test_every_module_can_be_imported_and_is_the_wheels_own(found):
    assert found["strangers"] == []
    assert found["plugins_folder"] == []


def test_airflow_knows_provider_connection_type_and_plugin(found):
    assert found["provider"] == {
        "version": found["distribution"],
        "hook": "dimona_provider.hooks.DimonaHook",
        "plugins": ["dimona"],
        "plugin_errors": {},
    }


def test_the_command_makes_a_ledger_and_checks_the_connection(found):
    ready, checked = found["said"]

    assert found["version"] == f"dimona {found['distribution']}"
    assert "ledger ready" in ready
    assert "token        good" in checked


def test_operators_sensor_and_trigger_file_and_follow(found):
    assert found["states"] == dict.fromkeys(("submit", "wait", "settle", "report"), "success")
    assert found["posts"] == COUNT


def test_the_web_applications_of_the_plugin_answer_and_ask_who_is_there(found):
    assert [path for path, status in found["apps"].items() if status not in {401, 403}] == []
