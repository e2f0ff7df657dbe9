"""``dimona keygen`` and ``dimona check``: from nothing to a connection that works."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from support.certified import bundle, key_pair
from support.nsso import CLIENT_ID
from support.people import SSIN


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_new_key_signs_in_once_its_certificate_is_uploaded(tmp_path, nsso, connect):
    made = run("keygen", tmp_path / "2027", "--name", "Acme payroll")
    nsso.simulator.register(CLIENT_ID, (tmp_path / "2027" / "certificate.pem").read_text())
    key_file = tmp_path / "2027" / "private_key.pem"
    connect("dimona_default", nsso.connection(private_key=None, private_key_path=str(key_file)))

    checked = run("check", "--format", "json")

    assert made.exit_code == checked.exit_code == 0, made.output + checked.output
    verdicts = {one["step"]: one["verdict"] for one in json.loads(checked.stdout)}
    assert list(verdicts) == ["fields", "key", "certificate", "clock", "token", "read"]
    assert set(verdicts.values()) == {"good"}


def test_keygen_says_what_to_upload_and_shows_no_key(tmp_path):
    made = run("keygen", tmp_path, "--days", 30)

    assert f"certificate  {tmp_path / 'certificate.pem'} (public; to upload)" in made.stdout
    assert re.search(r"^SHA-256      ([0-9A-F]{2}:){31}[0-9A-F]{2}$", made.stdout, re.MULTILINE)
    assert "Chaman" in made.stdout
    assert "BEGIN" not in made.stdout
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_keygen_never_overwrites(tmp_path):
    run("keygen", tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    again = run("keygen", tmp_path)

    assert again.exit_code == 1
    assert "already: name another folder" in again.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--bits", "1024"], id="too short"),
        pytest.param(["--days", "0"], id="no day"),
        pytest.param(["--name", ""], id="no name"),
        pytest.param(["--name", "x" * 65], id="a long name"),
        pytest.param(["--name", f"payroll of {SSIN}"], id="a person"),
        pytest.param(["--name", "two\nlines"], id="two lines"),
    ],
)
def test_keygen_refuses_what_no_certificate_should_have(words, tmp_path):
    refused = run("keygen", tmp_path / "keys", *words)

    assert refused.exit_code == 2
    assert not (tmp_path / "keys").exists()
    assert SSIN not in refused.output


def test_keygen_says_where_it_can_not_write(tmp_path):
    (tmp_path / "file").touch()

    refused = run("keygen", tmp_path / "file")

    assert refused.exit_code == 1
    assert "can't write to" in refused.stderr


def test_keygen_needs_no_airflow(tmp_path):
    script = (
        "import sys; from dimona_provider.cli.main import app\n"
        "try: app(['keygen', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print('LOADED', 'airflow' in sys.modules)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300
    )

    assert ended.stdout.endswith("LOADED False\n")


def test_check_ends_with_1_and_says_which_step_is_bad(nsso, connect):
    connect("dimona_default", nsso.connection(private_key=bundle(key_pair(5))))

    checked = run("check")

    assert checked.exit_code == 1
    lines = {line.split()[0]: line for line in checked.stdout.splitlines()}
    assert "doubtful" in lines["certificate"]
    assert "in 5 days: make and upload a new one" in lines["certificate"]
    assert "bad" in lines["token"]
    assert "not tried" in lines["read"]


def test_what_is_doubtful_works(nsso, connect):
    pair = key_pair(5)
    nsso.simulator.register(CLIENT_ID, pair.certificate)
    connect("dimona_other", nsso.connection(private_key=bundle(pair)))

    assert run("check", "dimona_other").exit_code == 0


def test_check_names_the_connection_that_is_missing():
    checked = run("check", "dimona_nowhere")

    assert checked.exit_code == 1
    assert checked.stderr.startswith("dimona: there is no readable connection 'dimona_nowhere'")
