"""The command line that every cell has: its options, progress on stderr, JSON on stdout."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.machine import describe
from bench.table import Figure

Measure = Callable[[argparse.Namespace], Sequence[Figure]]


def parser(module: str, text: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of all cells; *text* is the cell's docstring."""
    command = argparse.ArgumentParser(
        f"python -m bench.{module}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("--full", action="store_true", help="the long form (FULL=1 of `make bench`)")
    command.add_argument("--seed", type=int, default=1, help="decides people and processing times (1)")
    command.add_argument("--out", type=Path, help="also write the JSON there")
    return command


def run(command: argparse.ArgumentParser, measure: Measure) -> None:
    """Measure as the command line says, and print what came out; SIGTERM ends what was started, too."""
    asked = command.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    machine = describe()
    write({"machine": machine, "figures": [one.as_json() for one in measure(asked)]}, asked.out)


def write(results: dict[str, Any], file: Path | None) -> None:
    """Print the results as JSON, and keep them in *file*."""
    text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
