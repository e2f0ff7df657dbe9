"""Law-safe: nothing but filing a declaration has an effect at the NSSO, and no end of a task does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from dimona_provider.domain.outcome import OUTCOMES, State, state_after
from support.markdown import ROOT, name_of

PACKAGE = ROOT / "plugins" / "dimona_provider"
FILING = "dimona_provider.api.operations.submit"


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


def _imports(name: str) -> set[str]:
    """Return what a module of the package imports of it, as ``module`` or ``module.attribute``."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if not file.exists():  # an attribute of a module
        return set()
    return {
        full
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name)
        for alias in node.names
        for full in (str(node.module), f"{node.module}.{alias.name}")
    }


def _reaches(name: str, seen: set[str]) -> set[str]:
    for imported in _imports(name) - seen:
        seen.add(imported)
        _reaches(imported, seen)
    return seen


@pytest.mark.parametrize("module", ["triggers", "sensors", "following", "poller", "settlement", "sharing"])
def test_whoever_waits_can_not_file(module: str) -> None:
    assert FILING not in _reaches(f"{PACKAGE.name}.{module}", set())


def test_the_submit_operator_files() -> None:
    assert FILING in _reaches(f"{PACKAGE.name}.operators.filing", set())


def test_filing_is_the_only_call_that_is_not_a_question() -> None:
    calls = [
        node
        for _, node in _nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Operation"
    ]

    methods = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]
    acting = [call for call in calls if any(word.arg == "safe" for word in call.keywords)]

    assert len(methods) == len(calls)
    assert set(methods) == {"GET", "POST"}
    assert [ast.unparse(call.args[1]) for call in acting] == ["'declarations'"]
    # The other POSTs are searches.
    asking = [
        ast.unparse(call.args[1]) for call in calls if call.args[0].value == "POST" and call not in acting
    ]
    assert asking == ["f'{route}?{query}'"]


def test_accepted_with_a_warning_is_no_plain_success() -> None:
    assert state_after("W") is State.WARNED
    assert {"accepted", "warned"} <= set(OUTCOMES)


def test_an_unknown_letter_is_no_success() -> None:
    assert state_after("R") is State.UNCLEAR
