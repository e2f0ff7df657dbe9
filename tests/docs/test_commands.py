"""Commands and settings that the documents name exist."""

from __future__ import annotations

import itertools
import re

import pytest
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from include.demo.__main__ import _parser as demo_parser
from include.dimona_simulator.__main__ import parser as simulator_parser
from support.markdown import DOCS, ROOT, code_spans, documents, name_of, shell_lines, table

_MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
_LINES = sorted({line for path in documents() for line in shell_lines(path)})


def _commands(program: str) -> list[str]:
    return [line for line in _LINES if line == program or line.startswith(program + " ")]


@pytest.mark.parametrize("line", _commands("make"))
def test_every_make_target_exists(line: str) -> None:
    targets = re.findall(r"^([a-z-]+):", _MAKEFILE, re.MULTILINE)

    assert line.split()[1] in targets


def test_every_make_target_is_documented() -> None:
    targets = re.findall(r"^\.PHONY: ([a-z-]+)$", _MAKEFILE, re.MULTILINE)

    assert {f"make {target}" for target in targets} <= set(_LINES)


@pytest.mark.parametrize("line", _commands("dimona"))
def test_every_dimona_command_exists(line: str) -> None:
    words = list(itertools.takewhile(str.isalpha, line.split()[1:]))

    shown = CliRunner().invoke(app, [*words, "--help"])

    assert shown.exit_code == 0, shown.output
    assert "Usage" in shown.output
    assert not words or words[-1] in shown.output


def test_every_dimona_command_is_documented() -> None:
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    commands = {
        f"dimona {name} {command.name}"
        for name, group in groups.items()
        if group
        for command in group.registered_commands
    }

    commands |= {f"dimona {command.name}" for command in app.registered_commands}

    assert commands
    assert not [one for one in commands if not any(line.startswith(one) for line in _commands("dimona"))]


@pytest.mark.parametrize("line", _commands("python -m include.dimona_simulator"))
def test_every_simulator_command_is_understood(line: str) -> None:
    words = line.split()[3:]

    if words and words != ["--help"]:
        assert simulator_parser().parse_args(words)


def test_the_simulators_options_are_the_documented_ones() -> None:
    rows = table((DOCS / "simulator.md").read_text(encoding="utf-8"), "option", "meaning", "default")
    options = {
        option
        for action in simulator_parser()._actions
        for option in action.option_strings
        if option[1] == "-"
    }

    assert {row[0].split()[0] for row in rows} == options - {"--help"}


@pytest.mark.parametrize("line", _commands(".venv/bin/pytest"))
def test_every_test_that_can_be_run_exists(line: str) -> None:
    assert (ROOT / line.split()[1]).exists()


def test_every_variable_of_the_demo_is_documented() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "include" / "demo").glob("*.py"))
    read = set(re.findall(r'"(DEMO_[A-Z_]+)"', sources))
    rows = table((ROOT / "README.md").read_text(encoding="utf-8"), "variable", "meaning", "default")
    documented = {row[0] for row in rows}

    assert read == {name for name in documented if name.startswith("DEMO_")}
    assert all(name in sources for name in documented)


def test_the_default_size_of_the_demo_is_the_documented_one() -> None:
    from include.demo.settings import MOST_EMPLOYMENTS, Settings

    rows = table((ROOT / "README.md").read_text(encoding="utf-8"), "variable", "meaning", "default")
    row = next(row for row in rows if row[0] == "DEMO_EMPLOYMENTS")

    assert row[2] == str(Settings.read({}).employments)
    assert str(MOST_EMPLOYMENTS) in row[1]
    assert demo_parser().parse_args(["up"])


def test_every_path_in_backticks_exists() -> None:
    folders = ("plugins/", "dags/", "include/", "tests/", "docs/")
    named = {
        (name_of(path), span)
        for path in documents()
        for span in code_spans(path)
        if span.startswith(folders) and not re.search(r"[*<{ ]", span)
    }

    missing = [(document, span) for document, span in sorted(named) if not (ROOT / span).exists()]

    assert not missing
