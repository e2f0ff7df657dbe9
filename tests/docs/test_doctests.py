"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from support.markdown import ROOT, name_of

_SOURCES = [
    path
    for folder in ("plugins/dimona_provider", "include")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part not in {"plugins", "__init__"})


@pytest.mark.parametrize("path", _SOURCES, ids=name_of)
def test_examples_of(path: Path) -> None:
    tried = doctest.testmod(import_module(_module(path)))

    assert tried.attempted
    assert not tried.failed
