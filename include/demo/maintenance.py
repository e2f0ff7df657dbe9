"""What must be in place before components start: the metadata database and enough file descriptors."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from include.demo.environment import home
from include.demo.errors import DemoError
from include.demo.supervision import Supervision

_FILES = 8192
"""The triggerer holds one log file for each trigger, the scheduler one for each task."""


def raise_file_limit() -> None:
    """Let this process, and so the components it starts, open more files, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # some systems say "unlimited" and mean less
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def migrate(directory: Path, environment: Mapping[str, str]) -> None:
    """Create or upgrade Airflow's metadata database, once for each version of Airflow."""
    marker = home(directory) / ".migrated"
    current = version("apache-airflow-core")
    if marker.exists() and marker.read_text(encoding="utf-8") == current:
        return
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    run(command, environment, log=directory / "logs" / "db-migrate.log")
    marker.write_text(current, encoding="utf-8")


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, timeout: float = 300) -> None:
    """
    Run a command to its end; ``DemoError`` with the last line of its output when it fails.

    *log* is in the folder ``logs`` of a stack's directory. The command is recorded there like a component, so
    that ``down`` finds it.
    """
    what = " ".join(Path(part).name if part == command[0] else part for part in command)
    stack, name = Supervision(log.parents[1]), log.stem
    stack.stop(name)  # what a killed predecessor has left behind
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    try:
        code = stack.launch(name, command, environment).wait(timeout)
    except subprocess.TimeoutExpired:
        message = f"`{what}` did not end within {timeout:.0f} s (log: {log})"
        raise DemoError(message) from None
    finally:
        stack.stop(name)
    if code != 0:
        message = f"`{what}` ended with {code}: {last_line(log)} (log: {log})"
        raise DemoError(message)


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    with suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace")[-20_000:].splitlines()
        return next((line.strip() for line in reversed(lines) if any(map(str.isalnum, line))), "no output")
    return "no output"
