"""Law-safe: nothing but filing a declaration has an effect at the NSSO, and no end of a task does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from dimona_provider.domain.outcome import OUTCOMES, State, state_after
from support.markdown import ROOT, name_of

PACKAGE = ROOT / "plugins" / "dimona_provider"


def _nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted([*PACKAGE.rglob("*.py"), *(ROOT / "dags").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def test_nothing_acts_when_a_task_is_killed() -> None:
    acting = [
        name_of(path)
        for path, node in _nodes()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in {"on_kill", "cleanup"}
    ]

    assert acting == []


def test_only_the_submission_can_file() -> None:
    importing = {
        name_of(path)
        for path, node in _nodes()
        if isinstance(node, ast.ImportFrom)
        and node.module == "dimona_provider.api.operations"
        and {"submit", "*"} & {alias.name for alias in node.names}
    }

    assert importing == {"plugins/dimona_provider/submission.py"}


def test_filing_is_the_only_call_that_is_not_a_question() -> None:
    methods = [
        (node.args[0].value, name_of(path))
        for path, node in _nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Operation"
        and isinstance(node.args[0], ast.Constant)
    ]

    acting = [method for method, _ in methods if method != "GET"]

    assert acting == ["POST"]


def test_accepted_with_a_warning_is_no_plain_success() -> None:
    assert state_after("W") is State.WARNED
    assert {"accepted", "warned"} <= set(OUTCOMES)


def test_an_unknown_letter_is_no_success() -> None:
    assert state_after("R") is State.UNCLEAR
