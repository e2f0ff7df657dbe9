"""The documents hold together: links lead somewhere, and nothing leads to one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.markdown import anchors, documents, links, name_of, project_files, prose

_MACHINE = re.compile(
    "|".join(
        [
            r"\.\./" + "shared",  # split, or this file would find itself
            "/work/" + r"\w",
            "/root/" + r"\w",
            "/Users/" + r"\w",
            r"index-url[ =]+" + "https?://",
            "https?://" + r"[^\s\"'`)]+/simple\b",
        ]
    )
)
_SENTENCE_END = re.compile(r"[a-z0-9)`\"\]][.!?](?:\*\*)? [A-Z`*\"\[]")


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert not broken


def test_no_file_names_this_machine() -> None:
    found = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {hit[0]}" for hit in _MACHINE.finditer(text)]

    assert not found


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_one_sentence_is_one_line(path: Path) -> None:
    crowded = [
        f"{number}: {line}"
        for number, line in enumerate(prose(path).splitlines(), start=1)
        if not line.startswith("|") and _SENTENCE_END.search(re.sub(r"^ *\d+\. ", "", line))
    ]

    assert not crowded


def test_every_document_can_be_reached_from_the_readme() -> None:
    start = next(path for path in documents() if name_of(path) == "README.md")
    reached, todo = set[Path](), [start]
    while todo:
        path = todo.pop()
        if path in reached:
            continue
        reached.add(path)
        for link in links(path):
            target = (path.parent / link.split("#")[0]).resolve()
            todo += sorted(target.glob("*.md")) if target.is_dir() else [target] * (target.suffix == ".md")

    assert {name_of(path) for path in documents()} <= {name_of(path) for path in reached}
