import os
import socket
import stat
from dataclasses import replace

import pytest

from include.demo.components import Component
from include.demo.errors import StackFailed, StackStopped
from include.demo.records import Record
from include.demo.stack import Stack

SLEEPER = Component(
    "sleeper", ("-c", "import time; print('awake', flush=True); time.sleep(60)"), ("sleeper",)
)
BROKEN = Component("broken", ("-c", "raise SystemExit('no fuel')"), ("broken",), health="/")


@pytest.fixture
def make(tmp_path):
    made = []

    def stack(env=None, components=(SLEEPER,)):
        made.append(Stack(tmp_path / "stack", tmp_path / "dags", env, components))
        return made[-1]

    yield stack
    for one in made:
        one.stop()


def test_a_running_component_is_used_again_by_another_stack(make):
    make().start()
    first = make().record("sleeper").session

    make().start()

    assert make().record("sleeper").session == first


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system can't pin a process")
def test_a_component_runs_on_its_cores_alone(make):
    core = min(os.sched_getaffinity(0))
    stack = make(components=(replace(SLEEPER, cores=frozenset({core})),))

    stack.start()

    assert os.sched_getaffinity(stack.record("sleeper").session.pid) == {core}


def test_another_environment_starts_a_component_anew(make):
    make({"AIRFLOW_CONN_X": "1"}).start()
    first = make().record("sleeper").session

    make({"AIRFLOW_CONN_X": "2"}).start()

    second = make().record("sleeper").session
    assert second.leads()
    assert second.pid != first.pid
    assert not first.leads()


def test_stop_works_from_another_process_that_knows_no_component(make, tmp_path):
    stack = make()
    stack.start()
    session = stack.record("sleeper").session

    Stack(tmp_path / "stack", tmp_path / "dags").stop()

    assert not session.leads()
    assert Record.read_all(stack.directory) == []


def test_a_killed_component_comes_back_on_the_same_port(make):
    stack = make()
    stack.start()
    port = stack.installation.ports["sleeper"]
    stack.kill_component("sleeper")
    assert not stack.is_running("sleeper")

    again = make()
    again.start()

    assert again.is_running("sleeper")
    assert again.installation.ports["sleeper"] == port


def test_a_port_that_somebody_else_took_is_replaced(make):
    port = make().installation.ports["sleeper"]

    with socket.create_server(("", port)):
        another = make().installation.ports["sleeper"]

    assert another != port


def test_a_component_that_ends_is_reported_with_its_last_words(make):
    stack = make(components=(SLEEPER, BROKEN))
    stack.start()

    with pytest.raises(StackFailed, match=r"^broken has ended: no fuel \(log: .*broken\.log\)$"):
        stack.wait_healthy(10)


def test_a_component_that_never_answers_is_reported_in_time(make):
    silent = Component("silent", SLEEPER.arguments, ("silent",), health="/health")
    stack = make(components=(silent,))
    stack.start()

    with pytest.raises(StackFailed, match=r"^silent not healthy after 0 s: awake|no output"):
        stack.wait_healthy(0.3)


def test_a_component_that_was_ended_in_order_has_not_crashed(make):
    stack = make()
    stack.start()
    make().stop()

    with pytest.raises(StackStopped, match=r"^stopped by make down$"):
        stack.has_ended("sleeper")
    with pytest.raises(StackStopped):
        stack.wait_healthy(10)


def test_ending_a_component_leaves_the_record_of_its_successor(make):
    stack = make()
    stack.start()
    first = stack.record("sleeper")
    stack.kill_component("sleeper")
    stack.start()

    first.remove(stack.directory)

    assert stack.is_running("sleeper")


def test_some_components_can_be_stopped_alone(make):
    other = Component("other", SLEEPER.arguments, ("other",))
    stack = make(components=(SLEEPER, other))
    stack.start()

    stack.stop("other")

    assert [record.name for record in stack.records()] == ["sleeper"]
    assert stack.is_running("sleeper")


def test_secrets_are_for_the_owner_only(make):
    stack = make()
    stack.start()

    files = [stack.directory / "installation.json", stack.directory / "airflow" / "passwords.json"]

    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert stack.installation.password not in repr(stack.installation)
