"""Brings the databases of Airflow and of the ledger up to date, and makes the administrator."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from include.deployment.errors import DeploymentError
from include.deployment.places import MOUNTED

ADMIN = "admin"
READERS = ("Viewer", "User", "Op")
"""Roles that may open the cockpit; what they may do there the permissions on the DAGs decide."""


def set_up(secrets: Path = MOUNTED) -> None:
    """Do all of it. May be run again at any time; DeploymentError names the step that failed."""
    # One process for all of Airflow's commands: each would import it anew, for seconds.
    airflow("db", "migrate")
    password = (secrets / "admin_password").read_text(encoding="utf-8").strip()
    airflow(
        *("users", "create", "--username", ADMIN, "--role", "Admin", f"--password={password}"),
        *("--firstname", "Airflow", "--lastname", "Admin", "--email", "admin@example.org"),
    )
    # The UI reads the views of plugins from an endpoint that only administrators may read by themselves.
    airflow("roles", "add-perms", *READERS, "--action", "can_read", "--resource", "Plugins")
    try:
        subprocess.run(["dimona", "ledger", "init"], check=True)  # noqa: S607 - the image's own
    except subprocess.CalledProcessError:
        raise DeploymentError("the ledger could not be made or migrated: see the line above") from None


def airflow(*words: str) -> None:
    """Run a command of Airflow's in this process."""
    from airflow.cli.cli_parser import get_parser  # noqa: PLC0415 - takes seconds

    arguments = get_parser().parse_args(words)
    try:
        arguments.func(arguments)
    except SystemExit as ended:
        if ended.code:
            raise DeploymentError(f"airflow {_shown(words)} ended with {ended.code}") from None


def _shown(words: Sequence[str]) -> str:
    return " ".join(words[:2])
