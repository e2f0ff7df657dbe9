import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from include.demo.__main__ import main
from include.demo.errors import DemoError
from include.demo.lock import turn_of_down, turn_of_up
from include.demo.sessions import start_token
from include.demo.stack import Stack

# An `up` as far as `down` is concerned: it has the lock, and starts again whatever ends.
UP = """
import signal, sys, time
from pathlib import Path
from include.demo.components import Component
from include.demo.errors import Terminated
from include.demo.lock import turn_of_up
from include.demo.stack import Stack

directory = Path(sys.argv[1])
sleeper = Component("sleeper", ("-c", "import time; time.sleep(60)"))
try:
    with turn_of_up(directory):
        if "deaf" in sys.argv:
            signal.signal(signal.SIGTERM, lambda *_: None)
        stack = Stack(directory, directory, components=(sleeper,))
        stack.start()
        print("at work", flush=True)
        while True:
            if stack.has_ended("sleeper"):
                stack.start_component("sleeper")
            time.sleep(0.01)
except Terminated:
    sys.exit(143)
"""


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_DIRECTORY", str(tmp_path / "demo"))
    return tmp_path / "demo"


@pytest.fixture
def start_up(directory):
    started = []

    def start(*arguments):
        command = [sys.executable, "-c", UP, str(directory), *arguments]
        env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
        child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        started.append(child)
        assert child.stdout.readline() == "at work\n"
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()
    Stack(directory, directory).stop()


def test_down_ends_a_running_up_before_it_stops_everything(start_up, directory, capsys):
    up = start_up()
    session = Stack(directory, directory).record("sleeper").session

    code = main(["down"])

    assert code == 0
    assert up.wait(0) == 143
    assert not session.members()
    assert Stack(directory, directory).records() == []
    assert capsys.readouterr().out.splitlines() == [
        f"ending the make demo that is at work (pid {up.pid})",
        "stopping sleeper",
        "stopped",
    ]


def test_an_up_that_does_not_listen_is_killed(start_up, directory):
    up = start_up("deaf")

    with turn_of_down(directory, patience=0.2) as was_at_work:
        assert up.wait(5) == -signal.SIGKILL

    assert was_at_work


def test_what_a_killed_up_has_left_is_found(start_up, directory):
    start_up().kill()
    session = Stack(directory, directory).record("sleeper").session

    assert main(["down"]) == 0
    assert not session.members()


def test_no_up_begins_while_down_is_at_work(directory):
    directory.mkdir()
    with (
        turn_of_down(directory),
        pytest.raises(DemoError, match="make down is at work"),
        turn_of_up(directory),
    ):
        pass


def test_a_lock_whose_holder_is_unknown_is_waited_for_but_not_for_ever(directory):
    directory.mkdir()
    with turn_of_up(directory):
        (directory / ".lock").write_text('{"command": "up", "pid": 1, "token": "an earlier start"}')

        with pytest.raises(DemoError, match="stays locked"), turn_of_down(directory, patience=0.05):
            pass

    assert start_token(1) is not None


def test_sigterm_means_what_it_meant_after_an_up(directory):
    before = signal.getsignal(signal.SIGTERM)

    with turn_of_up(directory):
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before
