import os
import sys

import pytest

from include.demo.errors import DemoError
from include.demo.maintenance import run
from include.demo.supervision import Supervision

RECORDED = "import pathlib; raise SystemExit(not pathlib.Path('run/chore.json').exists())"


def chore(directory, code, timeout=20):
    run([sys.executable, "-c", code], dict(os.environ), directory / "logs" / "chore.log", timeout)


def test_a_command_is_recorded_while_it_runs(tmp_path):
    chore(tmp_path, RECORDED)

    assert Supervision(tmp_path).records() == []


def test_a_command_that_fails_is_told_with_its_last_line(tmp_path):
    with pytest.raises(DemoError, match=r"ended with 1: no fuel \(log: .*chore\.log\)$"):
        chore(tmp_path, "raise SystemExit('no fuel')")


def test_a_command_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(DemoError, match="did not end within 0 s"):
        chore(tmp_path, "import time; time.sleep(60)", timeout=0.2)

    assert Supervision(tmp_path).records() == []


def test_what_a_killed_demo_has_left_of_a_command_is_ended_first(tmp_path):
    (tmp_path / "logs").mkdir()
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    left = Supervision(tmp_path).launch("chore", command, dict(os.environ))

    chore(tmp_path, "pass")

    assert left.wait(0) is not None
