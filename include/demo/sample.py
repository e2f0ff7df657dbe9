"""What the demo's DAGs work on: a key pair, a payroll of invented people, an empty ledger."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from dimona_provider.api.certificates import make_key_pair
from include.demo.components import AIRFLOW, simulator
from include.demo.connections import CLIENT_ID, for_components
from include.demo.environment import REPOSITORY
from include.demo.installation import write_private
from include.demo.maintenance import run
from include.demo.settings import Settings
from include.demo.stack import Stack


def make_stack(settings: Settings) -> Stack:
    """Describe the demo's stack: Airflow with this repository's DAGs, and the simulator."""
    directory = settings.directory
    nsso = simulator(
        data=directory / "simulator",
        client_id=CLIENT_ID,
        public_key=_certificate(directory),
        payroll=_payroll(directory),
    )
    env = partial(for_components, private_key=_private_key(directory), caller=settings.caller)
    return Stack(directory, REPOSITORY / "dags", env, (nsso, *AIRFLOW))


def ensure_keys(directory: Path) -> None:
    """Make key and certificate of the demo's client, as `dimona keygen` does, unless they are there."""
    if _private_key(directory).exists() and _certificate(directory).exists():
        return
    pair = make_key_pair(CLIENT_ID, days=365, bits=2048, now=dt.datetime.now(dt.UTC))
    write_private(_private_key(directory), pair.private + pair.certificate)
    write_private(_certificate(directory), pair.certificate)


def fill_payroll(settings: Settings, environment: Mapping[str, str]) -> None:
    """Fill the payroll store with the sample."""
    store = ("--db", str(_payroll(settings.directory)), "--count", str(settings.employments))
    _run([sys.executable, "-m", "include.payroll", *store], environment, settings.directory, "payroll")


def make_ledger(directory: Path, environment: Mapping[str, str]) -> None:
    """Make the ledger and its keys, unless there."""
    command = str(Path(sys.executable).with_name("dimona"))  # installed beside the interpreter
    _run([command, "ledger", "init"], environment, directory, "ledger-init")


def _run(command: list[str], environment: Mapping[str, str], directory: Path, name: str) -> None:
    run(command, environment, directory / "logs" / f"{name}.log")


def _payroll(directory: Path) -> Path:
    return directory / "payroll.db"


def _private_key(directory: Path) -> Path:
    return directory / "keys" / "private.pem"


def _certificate(directory: Path) -> Path:
    return directory / "keys" / "certificate.pem"
