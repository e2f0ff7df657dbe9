"""``python -m include.demo up|down|status``: the demo as a command."""

from __future__ import annotations

import argparse
import os
import sys

from include.demo import run
from include.demo.errors import DemoError, StackStopped, Terminated
from include.demo.lock import turn_of_down, turn_of_up
from include.demo.progress import Progress
from include.demo.settings import Settings, directory_of
from include.demo.supervision import Supervision

INTERRUPTED = 130
TERMINATED = 143


def up(arguments: argparse.Namespace) -> int:
    """Start what is missing, run the DAGs once, print what came of it and leave the UI running."""
    settings = Settings.read(os.environ, arguments.employments, arguments.timeout)
    with turn_of_up(settings.directory):
        progress = Progress()
        stack = run.start(settings, progress)
        try:
            summary = run.run_dags(stack, settings, progress)
        except (StackStopped, Terminated):
            raise
        except (DemoError, KeyboardInterrupt):
            print(f"The components still run; `make down` stops them. {run.login(stack)}", flush=True)
            raise
        print("\n".join(run.report(stack, summary)), flush=True)
    return 0


def down(_: argparse.Namespace) -> int:
    """Stop everything that was started, an ``up`` that is still at work first."""
    directory = directory_of(os.environ)
    if not directory.exists():
        print("nothing runs", flush=True)
        return 0
    with turn_of_down(directory, lambda line: print(line, flush=True)) as was_at_work:
        started = Supervision(directory)
        names = [record.name for record in started.records()]
        if names:
            print(f"stopping {', '.join(names)}", flush=True)
            started.stop()
        print("stopped" if names or was_at_work else "nothing runs", flush=True)
    return 0


def status(_: argparse.Namespace) -> int:
    """Show what runs; 1 when something that was started has ended, or nothing was started."""
    records = Supervision(directory_of(os.environ)).records()
    for record in records:
        state = f"runs, pid {record.session.pid}" if record.session.leads() else "has ended"
        print(f"{record.name}: {state}")
    if not records:
        print("nothing runs")
    return 0 if records and all(record.session.leads() for record in records) else 1


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a failure is one line on stderr and a code other than 0."""
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.command(chosen)
    except (DemoError, OSError) as error:
        return _failed(error, 1)
    except Terminated as error:
        return _failed(error, TERMINATED)
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    return code


def _failed(reason: object, code: int) -> int:
    print(f"demo: {' '.join(str(reason).split())}", file=sys.stderr, flush=True)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.demo", description="Dimona on Airflow, as a demo."
    )
    commands = parser.add_subparsers(required=True, metavar="up|down|status")
    start = commands.add_parser("up", help=up.__doc__)
    start.add_argument("--employments", metavar="N", help="size of the sample (DEMO_EMPLOYMENTS, else 300)")
    start.add_argument("--timeout", type=float, default=1800, metavar="S", help="seconds for each DAG run")
    start.set_defaults(command=up)
    commands.add_parser("down", help=down.__doc__).set_defaults(command=down)
    commands.add_parser("status", help=status.__doc__).set_defaults(command=status)
    return parser


if __name__ == "__main__":
    sys.exit(main())
