"""docs/rest-body.md names every member that is read, with its form; its examples are good declarations."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dimona_provider.api.members import Block, Leaf, kind_members, root_blocks
from dimona_provider.api.names import BLOCKS, INFERRED
from dimona_provider.api.verdict import check_body
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.needs import limits
from support.markdown import DOCS, blocks, section, table

_PATH = DOCS / "rest-body.md"
_ROWS = table(_PATH.read_text(encoding="utf-8"), "member", "form", "kinds")
_EXAMPLES = blocks(_PATH, "json")


def _leaves(at: str, members: Mapping[str, Block | Leaf]) -> Iterator[tuple[str, Leaf]]:
    for name, member in members.items():
        if isinstance(member, Leaf):
            yield f"{at}{name}", member
        else:
            yield from _leaves(f"{at}{name}.", member.members)


_MEMBERS = dict([*_leaves("", root_blocks()), *_leaves("….", kind_members())])


def _name(row: list[str]) -> str:
    return row[0].removesuffix("†").strip().strip("`")


def _kinds(path: str, field: str) -> str:
    if not path.startswith("…"):
        return ", ".join(Kind)
    top = field.partition(".")[0]
    always = {"start_date", "features.joint_committee", "features.worker_type"}
    said = [] if top == "period_id" else ["IN*" if field in always else "IN"]
    for kind, row in limits()["kinds"].items():
        if field in row["required"]:
            said.append(f"{kind}*")
        elif field in row["optional"]:
            said.append(kind)
    return ", ".join(said)


def test_every_member_is_documented_and_no_other() -> None:
    assert sorted(map(_name, _ROWS)) == sorted(_MEMBERS)


def test_the_kinds_are_those_of_the_rules() -> None:
    assert {_name(row): row[2] for row in _ROWS} == {
        path: _kinds(path, leaf.field) for path, leaf in _MEMBERS.items()
    }


def test_names_that_are_only_believed_are_marked() -> None:
    believed = {
        path
        for path, leaf in _MEMBERS.items()
        if leaf.field in INFERRED or leaf.field.partition(".")[0] in INFERRED
    }

    assert {_name(row) for row in _ROWS if "†" in row[0]} == believed


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_the_form_is_what_is_read(row: list[str]) -> None:
    read = _MEMBERS[_name(row)].read
    good: list[Any] = []
    bad: list[Any] = [None, True, [], ""]
    if found := re.fullmatch(r"text, up to (\d+)", row[1]):
        good, bad = ["x" * int(found[1])], [*bad, "x" * (int(found[1]) + 1), 1]
    elif found := re.match(r"number from (\d+) to (\d+)", row[1]):
        good, bad = [int(found[1]), int(found[2])], [*bad, int(found[1]) - 1, int(found[2]) + 1, found[1]]
    elif row[1].startswith("number of up to twelve digits"):
        good, bad = [1, 10**12 - 1], [*bad, 0, 10**12, "1"]
    elif row[1].startswith("number"):
        good, bad = [100006], [*bad, 100007, "100006"]
    else:
        good, bad = re.findall(r"`(\w+)`", row[1].replace("YYYY", "1999").replace("HHMM", "0930")), [*bad, 1]

    assert not [value for value in good if read(value) is None]
    assert not [value for value in bad if read(value) is not None]


@pytest.mark.parametrize("block", _EXAMPLES, ids=lambda block: block.name)
def test_every_example_is_a_declaration_without_a_defect(block: Any) -> None:
    assert check_body(json.loads(block.text), dt.date(2027, 1, 11)) == []


def test_each_kind_has_its_examples() -> None:
    kinds = {str(BLOCKS[name]) for block in _EXAMPLES for name in json.loads(block.text) if name in BLOCKS}
    ins = [json.loads(block.text)["dimonaIn"]["features"] for block in _EXAMPLES if "dimonaIn" in block.text]

    assert kinds == {kind for kind in Kind if section(_PATH, kind)}
    assert {"OTH", "STU", "FLX", "EXT"} <= {features["workerType"] for features in ins}
    assert {"322", "124"} <= {features["jointCommissionNumber"] for features in ins}
