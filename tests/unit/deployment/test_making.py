"""New secrets are random, whole, and never written over others."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include.demo.environment import REPOSITORY
from include.deployment.errors import DeploymentError
from include.deployment.making import make_secrets
from include.deployment.places import SECRETS
from support.nsso import pem


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_text(pem())
    return path


def test_every_secret_is_made_anew(tmp_path, key):
    for name in ("one", "two"):
        make_secrets(tmp_path / name, "client", key)

    made = {name: (tmp_path / "one" / name).read_text() for name in SECRETS}
    again = {name: (tmp_path / "two" / name).read_text() for name in SECRETS}
    assert {path.name for path in (tmp_path / "one").iterdir()} == set(SECRETS)
    assert [name for name in SECRETS if made[name] == again[name]] == ["private_key.pem"]
    Fernet(made["fernet_key"])


def test_only_the_owner_enters_the_folder(tmp_path, key):
    make_secrets(tmp_path / "own", "client", key)

    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
    # Containers read them as other users, and see the files alone.
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "own").iterdir()} == {0o444}


def test_a_folder_that_is_there_is_left_alone(tmp_path, key):
    (tmp_path / "own").mkdir()

    with pytest.raises(DeploymentError, match="never overwritten"):
        make_secrets(tmp_path / "own", "client", key)

    assert not list((tmp_path / "own").iterdir())


@pytest.mark.parametrize(("client", "file"), [("", "key.pem"), (" ", "key.pem"), ("client", "")])
def test_nothing_is_made_of_nothing(tmp_path, client, file):
    with pytest.raises(DeploymentError, match="say CLIENT_ID"):
        make_secrets(tmp_path / "own", client, Path(file))

    assert not (tmp_path / "own").exists()


def test_nothing_is_made_without_a_key(tmp_path):
    with pytest.raises(DeploymentError, match="can't be read"):
        make_secrets(tmp_path / "own", "client", tmp_path / "none.pem")

    assert not (tmp_path / "own").exists()


def test_making_them_needs_python_alone(tmp_path, key):
    words = ["secrets", str(tmp_path / "own"), "--client-id", "client", "--private-key", str(key)]

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _ALONE, str(REPOSITORY), *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "own" / "fernet_key").exists()


_ALONE = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from include.deployment.__main__ import main
sys.exit(main())
"""
