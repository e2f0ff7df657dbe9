"""The demo's simulator speaks https, with a certificate that a client verifies strictly."""

from __future__ import annotations

import os
import ssl
import stat
import subprocess
import sys

import httpx

from include.demo.environment import REPOSITORY
from include.deployment.demo import make_certificate, prepare
from include.deployment.places import AUTHORITIES, SIMULATOR_KEY


def test_what_is_there_is_kept(tmp_path):
    prepare(tmp_path / "keys", tmp_path / "payroll.db", 3)
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}

    prepare(tmp_path / "keys", tmp_path / "payroll.db", 3)

    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    assert set(before) == {"private_key.pem", "public_key.pem", AUTHORITIES, SIMULATOR_KEY}
    assert stat.S_IMODE((tmp_path / "keys" / SIMULATOR_KEY).stat().st_mode) == 0o600


def test_strict_clients_trust_the_simulator(tmp_path):
    make_certificate(tmp_path, "localhost")
    options = (
        "--data",
        str(tmp_path),
        "--certificate",
        str(tmp_path / AUTHORITIES),
        str(tmp_path / SIMULATOR_KEY),
    )
    trust = ssl.create_default_context(cafile=str(tmp_path / AUTHORITIES))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT  # Python's default from 3.13 on

    with subprocess.Popen(
        [sys.executable, "-m", "include.dimona_simulator", *options],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            url = process.stdout.readline().split()[-1].replace("127.0.0.1", "localhost")
            health = httpx.get(f"{url}/simulator/health", verify=trust, trust_env=False)
        finally:
            process.terminate()

    assert url.startswith("https://")
    assert health.status_code == httpx.codes.OK
