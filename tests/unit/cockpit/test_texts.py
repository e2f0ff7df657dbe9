"""Every text of the cockpit is there in all four languages, and no template says anything by itself."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from dimona_provider.cockpit.languages import texts
from dimona_provider.domain.anomalies import Severity
from dimona_provider.domain.anomaly_tables import LANGUAGES
from dimona_provider.domain.gaps import GapKind
from dimona_provider.domain.outcome import State
from dimona_provider.domain.planning.words import DecisionKind, Option
from dimona_provider.ledger.browsing import Sort
from support.markdown import ROOT

FOLDER = ROOT / "plugins/dimona_provider/cockpit"
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
WORDS = {
    "state": State,
    "severity": Severity,
    "gap": GapKind,
    "question": DecisionKind,
    "option": Option,
    "sort": Sort,
    "order": ("asc", "desc"),
    "environment": ("production", "simulation", "custom"),
    "event": [*State, "attempt", "answer", "acknowledged", "resolved", "released", "shown with its person"],
}
_KEY = re.compile(r"""say\("([a-z_.0-9]+)"(?! ~)""")
_NOT_TEXT = re.compile(r"{%.*?%}|{{.*?}}|<[^>]*>|&[a-z]+;|Dimona|[^\w]|\d", re.DOTALL)
_ATTRIBUTE = re.compile(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"')


@pytest.mark.parametrize("key", texts())
def test_a_text_is_in_all_languages_with_the_same_values(key: str) -> None:
    found = texts()[key]

    assert set(found) == set(LANGUAGES)
    assert all(text.strip() for text in found.values())
    names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in found.values()]
    assert all(one == names[0] for one in names)


@pytest.mark.parametrize("key", texts())
def test_a_sentence_is_translated(key: str) -> None:
    # A single word may be the same in several languages.
    if len(texts()[key]["en"].split()) > 2:
        assert len(set(texts()[key].values())) == len(LANGUAGES), key


@pytest.mark.parametrize("group", WORDS)
def test_every_word_of_ours_is_in_the_table(group: str) -> None:
    missing = [word for word in WORDS[group] if f"{group}.{str(word).replace(' ', '_')}" not in texts()]

    assert missing == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_asks_only_for_texts_that_are_there(path: Path) -> None:
    assert set(_KEY.findall(path.read_text("utf-8"))) <= set(texts())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_by_itself(path: Path) -> None:
    source = re.sub(r"{% block tab %}.*?{% endblock %}", "", path.read_text("utf-8"))
    attributes = [re.sub(r"{{.*?}}|{%.*?%}|[^\w]", "", one) for one in _ATTRIBUTE.findall(_plain(source))]

    assert _NOT_TEXT.sub("", re.sub(r"{%.*?%}|{{.*?}}", "", source)) == ""
    assert "".join(attributes) == ""


def _plain(source: str) -> str:
    """Take the quotes inside Jinja's braces away, so that attributes can be read."""
    return re.sub(r"{{.*?}}|{%.*?%}", "", source)


def test_every_text_is_used() -> None:
    sources = "".join(path.read_text("utf-8") for path in [*TEMPLATES, *FOLDER.glob("*.py")])
    groups = {*WORDS, "deadline", "done", "problem", "field"}

    unused = [
        key
        for key in texts()
        if key.partition(".")[0] not in groups and f'"{key}"' not in sources and "declaration." not in key
    ]
    assert unused == []


def test_no_style_and_no_script_stands_in_a_page() -> None:
    # The policy would not let it work.
    for path in TEMPLATES:
        source = path.read_text("utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|https?://", source), (
            path.name
        )
