"""What is code in the documents works: JSON is read, SQL is run, connections connect, Python is executed."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from dimona_provider.api.settings import Settings
from dimona_provider.api.wire import read_filing
from dimona_provider.domain.declaration import DimonaIn, Identity
from dimona_provider.domain.employment import read_employment, read_reference
from dimona_provider.domain.outcome import summarise
from dimona_provider.domain.planning.planner import plan_worker
from dimona_provider.domain.worker import read_worker
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.setup import initialise
from include.payroll.store import Outcome
from support.markdown import DOCS, ROOT, Block, all_blocks, blocks
from support.nsso import pem, private_key

_CONNECTION = re.compile(r"^export (AIRFLOW_CONN_\w+)='(.*?)'$", re.MULTILINE | re.DOTALL)


def _json(path: Path) -> list[Any]:
    return [
        json.loads(line)
        for block in blocks(path, "json")
        for line in (block.text.splitlines() if block.text.startswith('{"reference"') else [block.text])
    ]


def _connections() -> list[Any]:
    shown = [
        pytest.param(found[1], found[2], id=f"{block.name} {found[1]}")
        for block in all_blocks("bash")
        for found in _CONNECTION.finditer(block.text)
    ]
    in_readme = blocks(ROOT / "README.md", "json")[0]
    return [*shown, pytest.param("AIRFLOW_CONN_DIMONA_DEFAULT", in_readme.text, id=in_readme.name)]


@pytest.mark.parametrize("block", all_blocks("python"), ids=lambda block: block.name)
def test_python_can_be_compiled(block: Block) -> None:
    assert compile(block.text, block.name, "exec")


@pytest.mark.parametrize("block", all_blocks("json"), ids=lambda block: block.name)
def test_json_can_be_read(block: Block) -> None:
    for line in block.text.splitlines() if block.text.startswith('{"reference"') else [block.text]:
        assert json.loads(line)


@pytest.mark.parametrize(("name", "text"), _connections())
def test_a_connection_that_is_shown_can_be_used(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow.sdk import BaseHook

    from dimona_provider.hooks import DimonaHook, DimonaLedgerHook

    key, keys = tmp_path / "private_key.pem", tmp_path / "ledger-keys.json"
    key.write_text(pem())
    keys.write_text(Keyring.generate().to_json())
    for path in (key, keys):  # in a URI slashes are encoded
        text = text.replace(f"/etc/dimona/{path.name}", str(path))
        text = text.replace(f"%2Fetc%2Fdimona%2F{path.name}", str(path).replace("/", "%2F"))
    monkeypatch.setenv(name, text)

    if name == "AIRFLOW_CONN_DIMONA_LEDGER":
        location = DimonaLedgerHook().location()
        assert location.url.get_backend_name() == "postgresql"
        assert location.key_file == keys
        assert location.keys()
    elif name == "AIRFLOW_CONN_PAYROLL_FEED":
        assert BaseHook.get_connection("payroll_feed").host.endswith("/payroll/changes")
    else:
        assert isinstance(DimonaHook().settings(), Settings)


@pytest.mark.parametrize(
    "form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL], ids=str
)
@pytest.mark.parametrize("newline", ["\n", "\\n"], ids=["lines", "backslashes"])
def test_both_forms_of_a_key_are_read(form: serialization.PrivateFormat, newline: str) -> None:
    text = (
        private_key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    )

    settings = Settings.read(
        "dimona_default", login="me", host=None, extra={"private_key": text.replace("\n", newline)}
    )

    assert settings.environment == "simulation"


def test_the_example_of_an_employment_becomes_a_declaration() -> None:
    record = _json(DOCS / "payroll.md")[0]

    assert _is_declared(record)


def test_the_example_of_blocks_becomes_a_declaration() -> None:
    record = _json(DOCS / "payroll.md")[0]
    (blocks,) = (one for one in _json(DOCS / "payroll.md") if "user_enterprise" in one)
    temporary = record | {"worker_type": "OTH", "planned_hours": None} | blocks

    assert _is_declared(temporary)


def _is_declared(record: object) -> bool:
    now = dt.datetime(2027, 1, 3, 12, tzinfo=dt.UTC)
    (planned,) = plan_worker([read_employment(record, now.date())], [], now).planned
    return isinstance(planned.declaration, DimonaIn)


def test_the_examples_of_workers_can_be_read() -> None:
    known, unknown = (
        worker for worker in _json(DOCS / "payroll.md") if {"ssin", "family_name"} & set(worker)
    )

    assert str(read_worker(known)) == known["ssin"]
    assert isinstance(read_worker(unknown), Identity)


def test_the_longest_texts_of_an_identity_are_as_documented() -> None:
    worker = next(worker for worker in _json(DOCS / "payroll.md") if "family_name" in worker)
    sentence = re.search(r"^The longest texts: (.*)\.$", (DOCS / "payroll.md").read_text(), re.MULTILINE)
    assert sentence
    limits = {
        words.rsplit(" ", 1)[0].replace(" ", "_"): int(words.rsplit(" ", 1)[1])
        for words in sentence[1].split(", ")
    }
    names = {"box": "box_number", "municipality": "municipality_name"}

    for word, most in limits.items():
        name = names.get(word, word)
        inside = name in worker["address"]

        def with_text(text: str, name: str = name, inside: bool = inside) -> Mapping[str, Any]:  # noqa: FBT001
            if inside:
                return {**worker, "address": {**worker["address"], name: text}}
            return {**worker, name: text}

        assert read_worker(with_text("x" * most))
        with pytest.raises(Exception, match="malformed"):
            read_worker(with_text("x" * (most + 1)))


def test_the_example_of_outcomes_is_what_payroll_takes() -> None:
    shown = next(found for found in _json(DOCS / "payroll.md") if "outcomes" in found)

    assert [Outcome.from_json(outcome).as_json() for outcome in shown["outcomes"]] == shown["outcomes"]


def test_the_examples_of_items_can_be_filed() -> None:
    items = [found for found in _json(DOCS / "how-to-submit-your-own.md") if "reference" in found]

    kinds = [str(read_filing(item["declaration"]).kind) for item in items]

    assert kinds == ["IN", "OUT"]
    assert len({read_reference(item["reference"]) for item in items}) == 2


def test_the_example_of_counts_has_every_word() -> None:
    counts = next(found for found in _json(DOCS / "how-to-submit-your-own.md") if "accepted" in found)

    assert counts.keys() == summarise({}).keys()
    assert counts["declarations"] == sum(counts.values()) - counts["declarations"]


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    initialise(f"sqlite:///{path}", Keyring.generate, None, now=0.0)
    return path


@pytest.mark.parametrize("block", all_blocks("sql"), ids=lambda block: block.name)
def test_sql_can_be_run(block: Block, empty_ledger: Path) -> None:
    connection = sqlite3.connect(f"file:{empty_ledger}?mode=ro", uri=True)

    try:
        for statement in filter(str.strip, block.text.split(";")):
            assert connection.execute(statement).description
    finally:
        connection.close()


def test_the_simulators_examples_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "var" / "simulator"
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").touch()
    public = private_key().public_key()
    names: dict[str, Any] = {
        "public_key_pem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
        "clock": lambda: 1_800_000_000.0,
        "httpx": httpx,
        "Path": Path,
    }

    for block in blocks(DOCS / "simulator.md", "python"):
        exec(compile(block.text, block.name, "exec"), names)  # noqa: S102

    assert isinstance(names["http"], httpx.AsyncClient)
