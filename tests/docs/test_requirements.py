"""What is installed: few packages, each with its reason, pinned with hashes, on every Python we promise."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.markdown import ROOT
from tests.pythons import VERSIONS, uv

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-"))]


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement.strip())[0].lower()


@pytest.mark.parametrize("line", _lines("requirements.in"))
def test_every_requirement_has_its_reason_on_its_line(line: str) -> None:
    _, _, reason = line.partition("#")

    assert len(reason.split()) >= 3


def test_what_the_package_asks_for_is_pinned_with_hashes() -> None:
    pinned = set(
        re.findall(r"^([\w.-]+)==\S+ \\\n +--hash=", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    )
    asked = {_name(one) for one in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgres"]]}

    assert {one.replace("_", "-") for one in asked} <= pinned
    assert {_name(line) for line in _lines("requirements.in")} <= pinned


def test_the_promised_pythons_are_those_that_are_tried() -> None:
    assert PROJECT["requires-python"] == f">={VERSIONS[0]},<3.{int(VERSIONS[-1].split('.')[1]) + 1}"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_pin_has_a_wheel_with_its_hash_for(version: str, tmp_path: Path) -> None:
    """Only resolve: ``make pythons`` installs."""
    done = subprocess.run(
        [
            *uv(),
            *("pip", "install", "--dry-run", "--quiet", "--require-hashes", "--only-binary", ":all:"),
            *("--python", sys.executable, "--target", str(tmp_path), "--python-version", version),
            *("-r", str(ROOT / "requirements.txt")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-1000:]
