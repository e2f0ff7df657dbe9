"""What docs/reconciliation.md says of gaps, reports and limits is what the code has."""

from __future__ import annotations

from dimona_provider.api.settings import REFILE_AFTER
from dimona_provider.contact import drift
from dimona_provider.contact.reconciliation import MOST_PAGES
from dimona_provider.domain.gaps import GapKind
from dimona_provider.domain.terms import MAY_STAND_TWICE
from dimona_provider.ledger.contacts import MAY_GO_ON
from dimona_provider.settling.refiling import MAY_EXIST_TWICE
from support.markdown import DOCS, table

_TEXT = (DOCS / "reconciliation.md").read_text(encoding="utf-8")


def test_every_kind_of_gap() -> None:
    assert [row[0] for row in table(_TEXT, "kind", "the NSSO")] == [str(kind) for kind in GapKind]


def test_every_column_of_the_report() -> None:
    assert [row[0] for row in table(_TEXT, "column", "meaning")] == list(drift.COLUMNS)


def test_limits() -> None:
    assert f"{MOST_PAGES} pages of 50 at most" in _TEXT
    assert f"({REFILE_AFTER:.0f}; a field" in _TEXT
    assert MAY_GO_ON == 3600
    assert "within an hour" in _TEXT
    assert f"{MOST_PAGES} unless given" in (DOCS / "dags.md").read_text(encoding="utf-8")


def test_what_may_stand_twice_is_the_same_wherever_it_matters() -> None:
    assert MAY_STAND_TWICE == MAY_EXIST_TWICE
