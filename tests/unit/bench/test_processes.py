import sys
import time

import pytest

from bench.processes import WORKERS, Process, Watch, usage
from include.demo.components import Component
from include.demo.stack import Stack

BURN = """
import os, time
def burn(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds: pass
print("ready", flush=True)
while not os.path.exists("go"): time.sleep(0.01)
for _ in range(5):
    if (child := os.fork()) == 0:
        burn(0.06)
        os._exit(0)
    os.waitpid(child, 0)
open("done", "w").close()
time.sleep(60)
"""


def test_forks_that_have_ended_between_two_looks_are_counted(tmp_path):
    with Stack(tmp_path, tmp_path, None, (Component("forker", ("-c", BURN)),)) as stack:
        stack.start_component("forker")

        with Watch(stack, interval=60.0) as watch:
            (tmp_path / "go").touch()
            while not (tmp_path / "done").exists():
                time.sleep(0.01)

    assert watch.cpu["forker"] >= 0.28  # five times 0.06 s, read in steps of 0.01 s


def test_memory_is_looked_at_while_the_block_lasts(tmp_path):
    hold = "data = b'x' * 64_000_000; import time; time.sleep(60)"
    with Stack(tmp_path, tmp_path, None, (Component("holder", ("-c", hold)),)) as stack:
        stack.start_component("holder")

        with Watch(stack, interval=0.05) as watch:
            ends = time.monotonic() + 10
            while watch.peak["holder"] < 64_000_000 and time.monotonic() < ends:
                time.sleep(0.05)

    assert watch.peak["holder"] > 64_000_000


def test_what_the_scheduler_forks_is_the_workers():
    members = [
        Process(1, 0, f"{sys.executable} -m airflow scheduler", own=1.0, reaped=0.5, pss=10),
        Process(2, 1, "airflow serve-logs", own=0.2, reaped=0.0, pss=3),
        Process(3, 1, "airflow worker -- LocalExecutor: <idle>", own=0.1, reaped=4.0, pss=5),
        Process(4, 1, "airflow worker -- LocalExecutor: task 7", own=0.3, reaped=2.0, pss=6),
        Process(5, 4, "airflow worker -- LocalExecutor: task 7", own=0.2, reaped=0.0, pss=1),
    ]

    found = usage({"scheduler": members}, {"scheduler": 1})

    assert found.cpu["scheduler"] == 1.2
    assert found.cpu[WORKERS] == pytest.approx(0.5 + 0.1 + 4.0 + 0.3 + 2.0 + 0.2)
    assert found.memory == {"scheduler": 13, WORKERS: 12}
    assert (found.busy, found.tasks) == (2, 1)


def test_the_children_of_other_parts_count_for_these():
    members = [
        Process(8, 0, "airflow triggerer", own=1.0, reaped=0.25, pss=10),
        Process(9, 8, "python -m airflow triggerer", own=2.0, reaped=0.0, pss=20),
    ]

    found = usage({"triggerer": members}, {"triggerer": 8})

    assert found.cpu == {"triggerer": 3.25}
    assert found.memory == {"triggerer": 30}
    assert (found.busy, found.tasks) == (0, 0)
