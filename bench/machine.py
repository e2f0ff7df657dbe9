"""The machine that figures come from, and its cores: who is measured, and who only serves."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

_SHOWN = ("apache-airflow", "httpx", "sqlalchemy", "uvicorn", "apache-airflow-providers-http")


def cores() -> tuple[frozenset[int], frozenset[int]]:
    """Return the core of who is measured and the core of who only serves; the same if there is one alone."""
    usable = sorted(os.sched_getaffinity(0))
    return frozenset({usable[0]}), frozenset({usable[-1]})


def peak_memory() -> float:
    """
    Return the highest resident size of this process so far, in MiB.

    Not ``getrusage``: after a fork and exec that still holds what the parent had.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def describe() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        **{name: version(name) for name in _SHOWN},
    }


def tell(line: str) -> None:
    """Say how far it is, on stderr: stdout is for results."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
