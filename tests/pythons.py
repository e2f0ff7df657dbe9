"""
The hashed requirements and the wheel on every Python that we promise: installed for real, and used.

Run by ``make pythons``; needs the interpreters, from pyenv or on the path, and a minute for each.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
_USE = """
import importlib, pkgutil, sys
import airflow, dimona_provider
for one in pkgutil.walk_packages(dimona_provider.__path__, "dimona_provider."):
    if not one.name.endswith("migrations.env"):
        importlib.import_module(one.name)
print(f"Airflow {airflow.__version__}")
"""


def uv() -> list[str]:
    """Give the uv that the Makefile uses."""
    beside = Path(sys.executable).with_name("uv")
    return [shutil.which("uv") or str(beside)]


def interpreter(version: str) -> str | None:
    """Give a Python of *version* that runs here."""
    return next(filter(_runs, _candidates(version)), None)


def _candidates(version: str) -> Iterator[str]:
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        yield sys.executable
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted((root / "versions").glob(f"{version}.*/bin/python{version}"), reverse=True))
    if found := shutil.which(f"python{version}"):
        yield found


def _runs(python: str) -> bool:
    # A shim of pyenv may be there for a version that is not.
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def try_out(python: str, folder: Path) -> str:
    """Install into *folder* and use it; give one line about it. Raises CalledProcessError."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {"AIRFLOW_HOME": str(folder / "home"), "UV_PYTHON_DOWNLOADS": "never"}
    there = folder / "venv" / "bin" / "python"

    def run(*command: str) -> str:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    run(*uv(), "venv", "--quiet", "--python", python, str(folder / "venv"))
    install = (*uv(), "pip", "install", "--quiet", "--python", str(there))
    run(*install, "--require-hashes", "-r", str(ROOT / "requirements.txt"))
    run(*install, "--no-deps", str(_wheel(folder)))
    run(*uv(), "pip", "check", "--quiet", "--python", str(there))
    packages = len(
        run(*uv(), "pip", "list", "--quiet", "--format", "freeze", "--python", str(there)).split("\n")
    )
    said = run(str(there), "-W", "ignore", "-c", _USE)
    command = str(there.with_name("dimona"))
    run(command, "ledger", "init", "--quiet")
    version, listed = run(command, "--version"), run(command, "ledger", "list")
    assert listed == "[]", listed
    full = run(str(there), "-c", "import platform; print(platform.python_version())")
    return (
        f"Python {full}: {packages} packages, {said.splitlines()[-1]}, {version}, a ledger was made and read"
    )


def _wheel(folder: Path) -> Path:
    dist = folder / "dist"
    if not dist.exists():
        make = ["make", "-s", "wheel", f"DIST={dist}"]
        subprocess.run(make, cwd=ROOT, check=True, capture_output=True, text=True)
    return next(dist.glob("*.whl"))


def main() -> int:
    """Try every version; give 1 when one is missing or does not work."""
    failed = 0
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            sys.stderr.write(f"Python {version}: not here (pyenv, or python{version} on the path)\n")
            failed = 1
            continue
        with tempfile.TemporaryDirectory(prefix="dimona-python-") as folder:
            try:
                sys.stdout.write(try_out(python, Path(folder)) + "\n")
                sys.stdout.flush()
            except subprocess.CalledProcessError as error:
                said = str(error.stderr)[-2000:]
                sys.stderr.write(f"Python {version}: {' '.join(error.cmd[:4])} failed:\n{said}\n")
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
