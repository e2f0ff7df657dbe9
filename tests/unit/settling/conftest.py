"""A world on each database."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import Ledger
from support.world import World


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)
