"""The runbook has every alert, error and reason, and the commands in the documents can be read."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import pytest
import typer

from dimona_provider import errors
from dimona_provider.cli.main import app
from support.markdown import DOCS, ROOT, all_blocks, headings, section, table

RUNBOOK = DOCS / "operations.md"
COMMANDS = sorted(
    {
        (block.name, line.partition(" #")[0].strip())
        for block in all_blocks("bash")
        for line in block.text.splitlines()
        if line.strip().startswith("dimona ")
    }
)


@pytest.mark.parametrize(
    "alert",
    [row[0] for row in table((DOCS / "metrics.md").read_text(encoding="utf-8"), "alert", "fires when")],
)
def test_every_alert_leads_to_its_place_in_the_runbook(alert: str) -> None:
    title, link = re.fullmatch(r"\[(.+)\]\((.+)\)", alert).groups()  # type: ignore[union-attr]

    assert title in headings(RUNBOOK)
    assert link == f"operations.md#{title.lower().replace(' ', '-')}"
    assert section(RUNBOOK, title).strip()


def test_every_error_has_its_line_in_the_runbook() -> None:
    rows = table(section(RUNBOOK, "Errors of tasks"), "error", "Airflow")
    named = [found[1] for row in rows if (found := re.match(r"\[(\w+)\]", row[0]))]
    raised = [
        name
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, errors.DimonaError) and cls is not errors.DimonaError
    ]

    assert named == raised


def test_what_is_said_to_be_retried_is() -> None:
    for row in table(section(RUNBOOK, "Errors of tasks"), "error", "Airflow"):
        if found := re.match(r"\[(\w+)\]", row[0]):
            assert getattr(errors, found[1]).retryable == (row[1] == "retries"), row[0]


def _sources() -> str:
    package = ROOT / "plugins" / "dimona_provider"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py")))
    return re.sub(r'"\s*\n\s*f?"', "", text)


@pytest.mark.parametrize("heading", ["Why it is unclear", "Why it is held"])
def test_the_reasons_of_the_runbook_are_those_of_the_ledger(heading: str) -> None:
    sources = _sources()

    for row in table(section(RUNBOOK, heading), "reason", "what happened"):
        if "dimona hold" in row[0]:
            continue
        parts = [part.strip() for part in re.split(r"…|\d{3}", row[0]) if part.strip()]
        assert all(part in sources for part in parts), row[0]


def test_every_reason_why_the_machine_gives_up_is_in_the_runbook() -> None:
    shown = section(RUNBOOK, "Why it is unclear")
    settling = ROOT / "plugins" / "dimona_provider" / "settling"
    refiling = (settling / "refiling.py").read_text(encoding="utf-8")
    settlement = (settling / "settlement.py").read_text(encoding="utf-8")
    reasons = [
        *re.findall(r'return f?"(.+)"', refiling),
        *re.findall(r'^_(?:BUSY|DOUBTFUL) = "(.+)"', settlement, re.MULTILINE),
    ]

    assert len(reasons) >= 7
    assert [one for one in reasons if re.sub(r"\{.+?\}", "…", one) not in shown] == []


@pytest.mark.parametrize(("place", "line"), COMMANDS, ids=[f"{Path(p).name} {n}" for p, n in COMMANDS])
def test_the_arguments_of_every_command_can_be_read(place: str, line: str, tmp_path: Path) -> None:
    group = typer.main.get_command(app)
    words = [re.sub(r"^/etc/dimona", str(tmp_path), word) for word in shlex.split(line)[1:]]

    command, name = group, "dimona"
    while hasattr(command, "commands"):
        if words and words[0].startswith("--"):
            return  # of the group itself: --version
        name = words.pop(0)
        command = command.commands[name]
    context = command.make_context(name, words)

    assert context.params is not None, place
