"""``python -m include.deployment``: what services of docker-compose.yaml call, and ``secrets`` for you."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from include.deployment import checking, health, making
from include.deployment.errors import DeploymentError
from include.deployment.places import DEMO_KEYS, MOUNTED, SIMULATOR_DATA


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser("python -m include.deployment", description=__doc__)
    verbs = command.add_subparsers(dest="verb", required=True)
    made = verbs.add_parser("secrets", help="make a folder of new secrets")
    made.add_argument("folder", type=Path, help="the new folder")
    made.add_argument("--client-id", required=True, help="the client id that Chaman gave you")
    made.add_argument("--private-key", type=Path, required=True, help="its private key, a PEM file")
    verbs.add_parser("check", help="refuse the example's secrets outside the demo")
    verbs.add_parser("init", help="migrate the databases, make the administrator and the ledger")
    demo = verbs.add_parser("demo", help="make the demo's keys, certificate and payroll")
    demo.add_argument("--employments", type=int, default=300, help="how many (300)")
    beats = verbs.add_parser("beats", help="tell whether a job of Airflow's in this container is alive")
    beats.add_argument("job", choices=("SchedulerJob", "TriggererJob", "DagProcessorJob"))
    verbs.add_parser("answers", help="tell whether the Celery worker in this container is alive")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; 1, with one line on stderr, when it can't be done or the answer is no."""
    options = parser().parse_args(arguments)
    try:
        return 0 if _run(options) else 1
    except DeploymentError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(options: argparse.Namespace) -> bool:
    match options.verb:
        case "secrets":
            making.make_secrets(options.folder, options.client_id, options.private_key)
            sys.stdout.write(f"made {options.folder}: back it up, and keep it out of every repository\n")
        case "check":
            checking.check_options(os.environ)
            is_demo = checking.check(MOUNTED, os.environ.get("SSL_CERT_FILE"), checking.simulator_answers)
            sys.stdout.write("this is the demo\n" if is_demo else "the secrets are your own\n")
        case "init":
            from include.deployment.setting_up import set_up  # noqa: PLC0415 - the others need no Airflow

            set_up()
        case "demo":
            from include.deployment.demo import prepare  # noqa: PLC0415 - the others need no cryptography

            prepare(DEMO_KEYS, SIMULATOR_DATA / "payroll.db", options.employments)
        case "beats":
            return health.beats(options.job)
        case "answers":
            return health.worker_answers()
    return True


if __name__ == "__main__":
    sys.exit(main())
