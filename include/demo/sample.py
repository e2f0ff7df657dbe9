"""What the demo's DAGs work on: a key pair, a payroll of invented people, an empty ledger."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

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
        public_key=_public_key(directory),
        payroll=_payroll(directory),
    )
    env = partial(for_components, private_key=_private_key(directory), caller=settings.caller)
    return Stack(directory, REPOSITORY / "dags", env, (nsso, *AIRFLOW))


def ensure_keys(directory: Path) -> None:
    """Make the key pair with which the demo's client identifies itself to the simulator, unless there."""
    if _private_key(directory).exists() and _public_key(directory).exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # As `dimona keygen` does: the certificate below the key, so that its end is known.
    write_private(_private_key(directory), secret.decode() + _certificate(key))
    write_private(_public_key(directory), public.decode())


def _certificate(key: rsa.RSAPrivateKey) -> str:
    """Return what Chaman would have for this key; the cockpit shows when it ends."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CLIENT_ID)])
    now = dt.datetime.now(dt.UTC)
    ends = now + dt.timedelta(days=365)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, ends)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


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


def _public_key(directory: Path) -> Path:
    return directory / "keys" / "public.pem"
