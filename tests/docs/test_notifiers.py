"""What docs/notifiers.md says of classes, templates and what they see is what there is."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

import pytest

from dimona_provider.telling.rendering import _FOLDER
from dimona_provider.telling.summary import MOST, Code, Entry, Summary
from support.markdown import DOCS, section, table

PAGE = DOCS / "notifiers.md"
TEXT = PAGE.read_text(encoding="utf-8")


def _own(cls: type[Any]) -> dict[str, Any]:
    """Give the parameters that a class has besides Airflow's, with their defaults."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name not in {"self", "kwargs"}
    }


def _class(name: str) -> type[Any]:
    from dimona_provider import notifiers

    return vars(notifiers)["DimonaSummaryNotifier" if name == "Both" else name]


@pytest.mark.parametrize("name", ["DimonaEmailNotifier", "DimonaHttpNotifier", "Both"])
def test_every_parameter_and_its_default_is_documented(name: str) -> None:
    cls = _class(name)
    rows = table(section(PAGE, name), "parameter")
    told = {row[0]: row[2] for row in rows}

    assert list(told) == list(_own(cls)) == re.findall(r":param (\w+):", inspect.getdoc(cls) or "")
    for parameter, default in _own(cls).items():
        if default not in {None, "", inspect.Parameter.empty}:
            assert told[parameter] == str(default)


@pytest.mark.parametrize("name", ["DimonaEmailNotifier", "DimonaHttpNotifier"])
def test_what_is_templated_is_said_to_be(name: str) -> None:
    rows = {row[0]: row[1] for row in table(section(PAGE, name), "parameter")}

    assert {one for one, meaning in rows.items() if "(templated)" in meaning} == set(
        _class(name).template_fields
    )


def test_every_template_is_documented() -> None:
    assert {row[0] for row in table(TEXT, "file", "for")} == {path.name for path in _FOLDER.iterdir()}


def test_what_a_template_sees_is_documented() -> None:
    of_summary = {name for row in table(TEXT, "of summary", "is") for name in row[0].split(", ")}
    of_entry = {row[0] for row in table(TEXT, "of a declaration", "is")}
    (codes,) = (line for line in TEXT.splitlines() if line.startswith("| `codes`"))

    properties = {name for name, value in vars(Summary).items() if isinstance(value, property)}
    assert of_summary == {one.name for one in fields(Summary)} | properties
    assert of_entry == {one.name for one in fields(Entry)}
    assert re.findall(r"`(\w+)`", codes)[1:] == [one.name for one in fields(Code)]
    assert f"names at most ({MOST};" in TEXT


def test_the_blocks_of_our_e_mail_are_documented() -> None:
    (sentence,) = (line for line in TEXT.splitlines() if "its blocks are" in line)
    there = re.findall(r"{% block (\w+) %}", (_FOLDER / "summary.html.jinja2").read_text(encoding="utf-8"))

    assert re.findall(r"`(\w+)`", sentence.partition("its blocks are")[2]) == there
