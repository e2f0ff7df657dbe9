"""The commands in the documents are run, in the order in which they stand there, on a real ledger."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import sqlalchemy as sa
from typer.main import get_command
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.domain.outcome import State
from dimona_provider.hooks import DimonaLedgerHook
from dimona_provider.ledger import questions
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.questions import Question
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, row, set_state
from support.markdown import DOCS, blocks
from support.people import EMPLOYER

_DOCUMENTS = ("ledger.md", "operations.md", "reconciliation.md")
TOO_EARLY = "dimona ledger rotate-key --drop-old"
"""Stands in the document right after the rotation; refused for a day."""


def documented(name):
    lines = "".join(block.text for block in blocks(DOCS / name, "bash")).splitlines()
    return [line for line in lines if line.startswith("dimona ")]


@pytest.fixture
def ledger_of_home(monkeypatch, tmp_path, nsso, connect):
    connect("dimona_default", nsso.connection())  # for `dimona check`
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["ledger", "init"]).exit_code == 0

    def opened():
        return DimonaLedgerHook().location().open("test")

    ledger = opened()
    batch_of(ledger, 1)
    ledger.close()
    return opened


def asked(ledger, line):
    """Ask what a document's line answers; return the question's reference."""
    question = Question(
        environment=ENVIRONMENT,
        employer=EMPLOYER,
        kind="late_cancel",
        employments=["E-1"],
        periods=[287654321012],
        options=["keep", "correct", "file"],
        answer_by=START,
        body=json.dumps([{"key": line, "declaration": {}}]).encode(),
    )
    with ledger.write() as connection:
        questions.ask(ledger, connection, question, now=START)
        newest = sa.select(decisions.c.reference).order_by(decisions.c.id.desc()).limit(1)
        return connection.scalar(newest)


@pytest.mark.parametrize("name", ["ledger.md", "operations.md"])
def test_the_commands_of_a_document_work(name, ledger_of_home):
    lines = documented(name)
    assert len(lines) >= 10

    for line in lines:
        ledger = ledger_of_home()
        state = {"resolve": State.UNCLEAR, "release": State.HELD}.get(
            next((word for word in ("resolve", "release") if f" {word} " in line), ""), State.PLANNED
        )
        set_state(ledger, 1, state=state, declaration_id=None, result=None)
        if " --outcome " in line:
            set_state(ledger, 1, declaration_id=287654321012, result="R")
        said = line.replace("REFERENCE", row(ledger, 1).reference).replace("QUESTION", asked(ledger, line))
        words = shlex.split(said, comments=True)
        ledger.close()

        ended = CliRunner().invoke(app, words[1:])

        is_too_early = " ".join(words) == TOO_EARLY
        assert ended.exit_code == is_too_early, (line, ended.output)


def test_every_option_is_documented():
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in _DOCUMENTS)
    group = get_command(app)
    ledger_commands = group.commands["ledger"].commands
    commands = {**ledger_commands, "hold": group.commands["hold"], "release": group.commands["release"]}

    options = {
        (name, option)
        for name, command in commands.items()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--help"
    }

    assert not [one for one in sorted(options) if not re.search(rf"{one[1]}\b", text)]


def test_every_command_explains_itself():
    group = get_command(app)
    commands = {**group.commands["ledger"].commands, **group.commands}

    for name, command in commands.items():
        assert command.help, name
        assert name == "ledger" or len(command.help) > 40, name
