import os
import signal
import subprocess
import sys
import time

import pytest

from include.demo import sessions
from include.demo.sessions import Session, end, launch, start_token

# A leader that starts a child in a process group of its own and waits; both deaf to SIGTERM when asked.
FAMILY = """
import os, signal, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    time.sleep(60)
    os._exit(0)
time.sleep(60)
"""


@pytest.fixture
def family(tmp_path):
    started = []

    def start(*arguments):
        command = [sys.executable, "-c", FAMILY, *arguments]
        child = launch(command, dict(os.environ), tmp_path, tmp_path / "log")
        started.append(child)
        session = Session.of(child.pid, tmp_path)
        _wait(lambda: len(session.members()) == 3)
        return session

    yield start
    for child in started:
        for pid in Session(child.pid, start_token(child.pid) or "", str(tmp_path)).members():
            os.kill(pid, signal.SIGKILL)
        child.wait()


def _wait(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.02)


def _alive(members):
    return [pid for pid, token in members.items() if start_token(pid) == token]


@pytest.mark.parametrize("arguments", [pytest.param((), id="willing"), pytest.param(("deaf",), id="deaf")])
def test_ending_a_session_leaves_neither_children_nor_grandchildren(family, arguments):
    session = family(*arguments)
    members = session.members()

    end([session], patience=0.5)

    assert not _alive(members)
    assert session.members() == {}


def test_orphans_of_a_killed_leader_are_ended(family):
    session = family()
    os.kill(session.pid, signal.SIGKILL)
    _wait(lambda: not session.leads())
    orphans = session.members()

    end([session], patience=0.5)

    assert len(orphans) == 2
    assert not _alive(orphans)


def test_a_recycled_pid_is_not_ended(family, tmp_path):
    living = family()
    recorded = Session(living.pid, "an earlier start", str(tmp_path))

    end([recorded], patience=0.1)

    assert len(living.members()) == 3
    assert not recorded.leads()
    assert recorded.members() == {}


def test_orphans_of_a_strangers_session_are_left_alone(family, tmp_path):
    living = family()
    recorded = Session(living.pid, "an earlier start", str(tmp_path / "elsewhere"))
    os.kill(living.pid, signal.SIGKILL)
    _wait(lambda: not living.leads())

    end([recorded], patience=0.1)

    assert len(living.members()) == 2


def test_a_signal_is_not_sent_to_a_recycled_pid(family):
    living = family()

    sessions.send({living.pid: "an earlier start"}, signal.SIGKILL)

    time.sleep(0.1)  # time to die
    assert living.leads()


def test_ending_twice_is_harmless(family):
    session = family()

    end([session], patience=0.5)
    end([session], patience=0.5)

    assert not session.leads()


def test_a_command_does_not_begin_before_its_pid_is_noted(tmp_path):
    begun = tmp_path / "begun"
    noted = []

    def note(pid):
        time.sleep(0.05)  # time to begin
        noted.append((pid, begun.exists()))

    child = launch(["/bin/sh", "-c", "touch begun"], dict(os.environ), tmp_path, tmp_path / "log", note)

    assert child.wait(5) == 0
    assert noted == [(child.pid, False)]
    assert begun.exists()


def test_a_command_whose_pid_could_not_be_noted_never_begins(tmp_path):
    noted = []

    def interrupted(pid):
        noted.append(pid)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(["/bin/sh", "-c", "touch begun"], dict(os.environ), tmp_path, tmp_path / "log", interrupted)

    _wait(lambda: start_token(noted[0]) is None)
    assert not (tmp_path / "begun").exists()


def test_a_zombie_counts_as_ended(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""], cwd=tmp_path)
    _wait(lambda: start_token(child.pid) is None)

    assert Session.of(child.pid, tmp_path) is None
    child.wait()
