"""Every text of the cockpit in English, French, Dutch and German, and which of them a user wants."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from dimona_provider.domain.anomalies import Language
from dimona_provider.domain.anomaly_tables import LANGUAGES

COOKIE = "dimona_language"
NAMES: Mapping[Language, str] = {"en": "English", "fr": "Français", "nl": "Nederlands", "de": "Deutsch"}


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return all texts by key, each by language; ``tests`` see to it that none is missing."""
    text = resources.files("dimona_provider.cockpit").joinpath("texts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True, slots=True)
class Translation:
    """The texts in one language."""

    lang: Language

    def __call__(self, key: str, /, **values: object) -> str:
        """
        Return the text of *key* with *values* in its braces; KeyError for a key that is not in the table.

        >>> Translation("nl")("nav.gaps")
        'Verschillen'
        """
        return texts()[key][self.lang].format(**values)

    def word(self, group: str, word: str) -> str:
        """
        Return the text of a word of ours in a group; one that the table does not know stays as it is.

        >>> Translation("fr").word("state", "refused"), Translation("fr").word("event", "seen by nobody")
        ('refusée', 'seen by nobody')
        """
        found = texts().get(f"{group}.{word.replace(' ', '_')}")
        return found[self.lang] if found else word


def choose(cookie: str | None, accepted: str) -> Language:
    """
    Return the language that the user chose, else the first that the browser asks for and we have.

    >>> choose("de", "fr"), choose(None, "pt, nl-BE;q=0.9, en;q=0.8"), choose("xx", "")
    ('de', 'nl', 'en')
    """
    by_cookie = [lang for lang in LANGUAGES if lang == cookie]
    if by_cookie:
        return by_cookie[0]
    ranked = sorted(map(_weighed, accepted.split(",")), key=lambda one: -one[1])
    known = (lang for tag, weight in ranked if weight > 0 for lang in LANGUAGES if tag == lang)
    return next(known, "en")


def _weighed(part: str) -> tuple[str, float]:
    tag, _, weight = part.partition(";q=")
    try:
        return tag.strip().lower()[:2], float(weight or 1)
    except ValueError:
        return "", 0.0
