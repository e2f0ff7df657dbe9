"""What the overview says about a connection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from dimona_provider.cockpit.health import forget, health
from support.certified import bundle, key_pair
from support.served import Served


def test_the_end_of_a_certificate_is_that_below_the_key(nsso: Served, connect: Callable[..., None]) -> None:
    forget()
    connect("dimona_default", nsso.connection(private_key=bundle(key_pair(30))))
    connect("dimona_other", nsso.connection())

    ends = health("dimona_default").certificate_ends
    assert ends is not None
    assert 29 < (ends - time.time()) / 86_400 < 31
    assert health("dimona_other").certificate_ends is None, "no certificate stands below its key"


def test_a_connection_is_asked_once_in_some_minutes(nsso: Served, connect: Callable[..., None]) -> None:
    forget()
    connect("dimona_default", nsso.connection())

    found = [health("dimona_default") for _ in range(3)]

    assert {one.problem for one in found} == {None}
    assert len(nsso.token_requests) == 1
    assert nsso.looks == []


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ({"conn_type": "dimona", "extra": "{"}, "readable connection"),
        ({"conn_type": "dimona"}, "login"),
    ],
)
def test_a_connection_that_can_not_be_used_says_why(
    connection: dict[str, str], said: str, connect: Callable[..., None], metadata_database: None
) -> None:
    forget()
    connect("dimona_default", connection)

    assert said in str(health("dimona_default").problem)
    assert "PRIVATE KEY" not in json.dumps(str(health("dimona_default")))


def test_a_connection_that_is_not_there_is_said_to_be_missing(metadata_database: None) -> None:
    forget()

    assert "no readable connection" in str(health("dimona_elsewhere").problem)
