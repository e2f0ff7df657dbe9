"""
All cells, one table.

Progress goes to stderr, the Markdown table to stdout, and everything as JSON to a file. A cell that fails is
told of and doesn't end the others; the exit code says whether one did.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.machine import describe, tell
from bench.table import Figure, markdown
from include.demo.environment import REPOSITORY

CELLS: dict[str, tuple[str, ...]] = {
    "imports": (),
    "validate": (),
    "planning": (),
    "submission": (),
    "end_to_end": (),
    "alternatives": (),
    "triggerer": (),
    "latency": (),
    "chunks": (),
    "cockpit": (),
}
"""The cells in order, each with the options that it needs to stay within its share of 20 minutes."""
IN_FULL = frozenset({"chunks", "cockpit"})
"""Cells that only ``--full`` runs, unless they are asked for."""


def main() -> int:
    """Run each cell in a process of its own: none may leave threads or memory to the next."""
    command = argparse.ArgumentParser("python -m bench", description=__doc__)
    command.add_argument("--full", action="store_true", help="the long form of the cells that have one")
    command.add_argument("--only", nargs="+", choices=CELLS, help="these cells alone")
    command.add_argument("--seed", type=int, default=1, help="decides people and processing times (1)")
    command.add_argument(
        "--out",
        type=Path,
        default=REPOSITORY / "var" / "bench.json",
        help="file for the results (var/bench.json)",
    )
    asked = command.parse_args()
    results: dict[str, Any] = {"machine": describe(), "seed": asked.seed, "full": asked.full, "cells": {}}
    failed = []
    for cell in asked.only or [cell for cell in CELLS if asked.full or cell not in IN_FULL]:
        began = time.monotonic()
        tell(f"== {cell}")
        options = ["--seed", str(asked.seed), *(["--full"] if asked.full else []), *CELLS[cell]]
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{cell}", *options], stdout=subprocess.PIPE, text=True, check=False
        )
        tell(f"== {cell}: {time.monotonic() - began:.0f} s")
        if done.returncode != 0:
            failed.append(cell)
            continue
        results["cells"][cell] = json.loads(done.stdout)["figures"]
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(markdown(Figure(**one) for cell in results["cells"].values() for one in cell))
    if failed:
        tell(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
