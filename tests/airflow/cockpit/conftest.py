"""A cockpit with declarations in every state that a person looks at, and users with each kind of right."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import httpx
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Airflow's api-server imports a test client that says it is deprecated
    from dimona_provider.cockpit import health, opening, overview
from dimona_provider.domain.outcome import State
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.answers import fold, insert_answers
from support import ledgers
from support.clocks import START
from support.desks import browser_of, served_cockpit
from support.ledgers import ENVIRONMENT

Open = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def _cockpit(tmp_path_factory: pytest.TempPathFactory, metadata_database: None) -> Iterator[str]:
    with served_cockpit(tmp_path_factory.mktemp("cockpit")) as url:
        yield url


@pytest.fixture
def filed(ledger: Ledger) -> list[str]:
    """
    Give the references of seven declarations, by number of their employment.

    E-1 accepted, E-2 warned, E-3 refused, E-4 identifying, E-5 unclear, E-6 held, E-7 waiting.
    """
    batch = ledgers.batch_of(ledger, 7)
    ids = ledgers.file_all(ledger, batch)
    answers = [("A", ()), ("W", ("90017-369",)), ("B", ("90373-460", "00911-001")), ("S", ())]
    found = [
        ledgers.received(ledger, intent, result, anomalies=codes, at=START + 5)
        for intent, (result, codes) in zip(ids, answers, strict=False)
    ]
    insert_answers(ledger, ENVIRONMENT, found)
    fold(ledger, batch, now=START + 6)
    ledgers.set_state(
        ledger, ids[4], state=State.UNCLEAR, declaration_id=None, filed_at=None, reason="HTTP 500"
    )
    ledgers.set_state(ledger, ids[5], state=State.HELD, declaration_id=None, filed_at=None, reason="HTTP 400")
    return [one.reference for one in ledgers.rows(ledger)]


@pytest.fixture
def visit(_cockpit: str, ledger: Ledger) -> Iterator[Open]:
    """Give what opens the cockpit for a user: anna may act, viv may look, nobody has no role."""
    opened: list[httpx.Client] = []

    def as_user(name: str | None, **headers: str) -> httpx.Client:
        opened.append(browser_of(_cockpit, name, **headers))
        return opened[-1]

    for module in (opening, health, overview):
        module.forget()
    yield as_user
    for one in opened:
        one.close()
    opening.forget()
