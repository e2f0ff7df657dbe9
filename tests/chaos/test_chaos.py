"""The chaos suite in its short form: one run or more, as ``SLOW_SHARE`` says, and its last line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
RUNS = max(1, round(10 * float(os.environ.get("SLOW_SHARE", "1"))))
LAST_LINE = re.compile(
    r"runs: (\d+)  intents: (\d+)  lost: (\d+)  twice: (\d+)  unclear: (\d+)  kills: (\d+)  faults: (\d+)"
)


def test_under_chaos_nothing_is_lost_and_nothing_is_filed_twice() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    path = f"{REPOSITORY / 'plugins'}:{REPOSITORY}"

    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--runs", str(RUNS), "--seed", "1"],
        cwd=REPOSITORY,
        env={**clean, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240 + 180 * RUNS,
    )

    assert ended.returncode == 0, ended.stdout
    match = LAST_LINE.fullmatch(ended.stdout.rstrip().splitlines()[-1])
    assert match, ended.stdout
    runs, intents, lost, twice, _, kills, faults = map(int, match.groups())
    assert (runs, lost, twice) == (RUNS, 0, 0)
    assert intents >= 70 * RUNS
    assert kills >= 4 * RUNS
    assert faults > 0
