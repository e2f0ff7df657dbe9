"""The command that fills a payroll store with made-up employments."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from include.payroll.sample import employments
from include.payroll.store import PayrollStore


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill the store and say how many employments were added."""
    command = argparse.ArgumentParser("python -m include.payroll", description=__doc__)
    today = datetime.now(ZoneInfo("Europe/Brussels")).date()
    command.add_argument("--db", type=Path, required=True, help="the SQLite file; made if it isn't there")
    command.add_argument("--count", type=int, required=True, help="how many employments the sample has")
    command.add_argument("--today", type=date.fromisoformat, default=today, help="day the dates are near to")
    command.add_argument("--seed", type=int, default=1, help="another seed gives other people (1)")
    options = command.parse_args(arguments)
    options.db.parent.mkdir(parents=True, exist_ok=True)
    added = PayrollStore(options.db).fill(employments(options.count, options.today, options.seed))
    sys.stdout.write(f"added {added} employments to {options.db}\n")


if __name__ == "__main__":
    main()
