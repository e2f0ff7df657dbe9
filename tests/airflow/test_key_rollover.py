"""Keys are changed while declarations are filed and followed, and no request fails; over HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from dimona_provider.api.client import open_client
from dimona_provider.api.operations import HARMLESS_DECLARATION, fetch_answer
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.errors import AuthenticationFailed
from dimona_provider.hooks import DimonaHook
from dimona_provider.operators import DimonaSubmitOperator
from dimona_provider.sensors import DimonaResultSensor
from support import people
from support.certified import bundle, key_pair
from support.nsso import CLIENT_ID, pem, private_key

OLD = private_key()
SHORT = 1
"""Seconds that a token lives in these tests: it is renewed every half second."""


@pytest.fixture(scope="module")
def new():
    return key_pair(300)


def items(first, count):
    tomorrow = (dt.datetime.now(BRUSSELS) + dt.timedelta(days=1)).date().isoformat()  # earlier would be late
    return [people.item(number, startDate=tomorrow) for number in range(first, first + count)]


def refused(nsso):
    """Give the answers that no client may get while keys change; a GET of what is not known yet is a 404."""
    return [one for one in nsso.simulator.journal if one.status in {400, 401, 403} or one.status >= 500]


async def look_while(settings, change, looks=12):
    """Ask without a pause, and let *change* happen in the middle."""
    async with open_client(settings) as client:
        for number in range(looks):
            if number == looks // 2:
                change()
            await client.run(fetch_answer(HARMLESS_DECLARATION))
            await asyncio.sleep(0.1)


def test_with_both_certificates_uploaded_nothing_is_refused_at_all(nsso, connect, new):
    nsso.start_anew(token_lifetime=SHORT)
    connect("dimona_default", nsso.connection(next_private_key=bundle(new)))

    def upload_beside():
        nsso.simulator.register(CLIENT_ID, [OLD.public_key(), new.certificate])

    asyncio.run(look_while(DimonaHook().settings(), upload_beside))
    connect("dimona_default", nsso.connection(private_key=bundle(new), next_private_key=pem()))
    asyncio.run(
        look_while(DimonaHook().settings(), lambda: nsso.simulator.register(CLIENT_ID, new.certificate))
    )

    assert refused(nsso) == []
    assert len(nsso.token_requests) > 4


def test_with_one_certificate_in_place_of_the_other_no_look_fails(nsso, connect, new):
    nsso.start_anew(token_lifetime=SHORT)
    connect("dimona_default", nsso.connection(next_private_key=bundle(new)))

    asyncio.run(
        look_while(DimonaHook().settings(), lambda: nsso.simulator.register(CLIENT_ID, new.certificate))
    )

    # The token endpoint refuses the old key once; from then on the new one comes first.
    assert [one.path.rsplit("/", 1)[1] for one in refused(nsso)] == ["token"]


def test_declarations_are_filed_and_followed_across_the_change(nsso, connect, new, execute, states):
    nsso.start_anew(token_lifetime=SHORT)
    connect("dimona_default", nsso.connection(next_private_key=bundle(new), requests_per_second=10))
    first = DimonaSubmitOperator(task_id="first", source=lambda: items(1, 8))
    second = DimonaSubmitOperator(task_id="second", source=lambda: items(9, 8))

    batches = [execute(first)]
    nsso.simulator.register(CLIENT_ID, new.certificate)
    batches.append(execute(second))
    for number, batch in enumerate(batches):
        execute(DimonaResultSensor(task_id=f"wait{number}", batch=batch, deferrable=False))

    assert states() == ["accepted"] * 16
    assert {one.path.rsplit("/", 1)[1] for one in refused(nsso)} == {"token"}
    assert len(nsso.posts) == 16


def test_a_next_key_that_is_not_uploaded_yet_changes_nothing(nsso, connect, new):
    connect("dimona_default", nsso.connection(next_private_key=bundle(new)))

    checks = {one.step: one.verdict for one in DimonaHook().checks()}

    assert checks["token"] == checks["read"] == "good"
    assert refused(nsso) == []


async def test_two_strangers_are_refused_as_one(nsso, connect):
    stranger = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    connect(
        "dimona_default",
        nsso.connection(private_key=stranger, next_private_key=bundle(key_pair(1))),
    )

    async with open_client(await DimonaHook().asettings()) as client:
        with pytest.raises(AuthenticationFailed, match="certificate of this private key"):
            await client.prepare()
