"""The list of what is public is true and complete: what documents and DAGs import stands on it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from dimona_provider import errors, operators
from support.markdown import DOCS, ROOT, all_blocks, table


def _listed() -> dict[str, list[str]]:
    rows = table((DOCS / "api.md").read_text(encoding="utf-8"), "import from", "names")
    return {module: re.findall(r"\w+", names) for module, names in rows}


PUBLIC = _listed()


def _imports(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dimona_provider"):
            yield from ((str(node.module), one.name) for one in node.names)


def _users() -> list[tuple[str, str]]:
    dags = [(path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "dags").glob("*.py"))]
    return [*dags, *((block.name, block.text) for block in all_blocks("python"))]


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in PUBLIC for name in PUBLIC[module]])
def test_what_is_listed_exists_and_says_what_it_is(module: str, name: str) -> None:
    found = getattr(import_module(module), name)

    assert inspect.getdoc(found)


@pytest.mark.parametrize(("user", "text"), _users(), ids=[name for name, _ in _users()])
def test_what_a_team_copies_imports_nothing_that_is_not_listed(user: str, text: str) -> None:
    assert [one for one in _imports(text) if one[1] not in PUBLIC.get(one[0], [])] == [], user


def test_all_operators_and_errors_are_listed() -> None:
    raised = [
        name
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, errors.DimonaError)
    ]

    assert PUBLIC["dimona_provider.operators"] == operators.__all__
    assert PUBLIC["dimona_provider.errors"] == sorted(raised)


@pytest.mark.parametrize("module", [module for module in PUBLIC if module.count(".") == 1])
def test_a_module_has_no_class_for_users_that_is_not_listed(module: str) -> None:
    loaded = import_module(module)
    classes = {
        name
        for name, cls in inspect.getmembers(loaded, inspect.isclass)
        if name.startswith("Dimona") and cls.__module__.startswith(module)
    }

    assert classes <= set(PUBLIC[module])


def test_the_names_of_a_module_are_sorted_so_that_a_change_shows() -> None:
    assert {module: sorted(names) for module, names in PUBLIC.items()} == PUBLIC
