"""What the service ``init`` calls, without Airflow."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from include.deployment import setting_up


@pytest.mark.parametrize("password", ["-plain", "--help", "$p a'ss%\"@"])
def test_no_password_is_taken_for_an_option(tmp_path: Path, monkeypatch, password):
    (tmp_path / "admin_password").write_text(f"{password}\n")
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(setting_up, "airflow", lambda *words: ran.append(words))
    monkeypatch.setattr(setting_up.subprocess, "run", lambda *_, **__: None)

    setting_up.set_up(tmp_path)

    parser = ArgumentParser()
    parser.add_argument("--password")
    (words,) = [words for words in ran if words[:2] == ("users", "create")]
    assert parser.parse_known_args(words[2:])[0].password == password
