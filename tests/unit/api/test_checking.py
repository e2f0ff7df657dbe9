"""What the Test button and ``dimona check`` say of a connection, step by step."""

from __future__ import annotations

from email.utils import formatdate

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from dimona_provider.checking.connection import check_clock, check_connection, check_fields, summary
from dimona_provider.checking.keys import check_key
from dimona_provider.checks import Step, Verdict
from support.nsso import BASE_URL, CLIENT_ID, TOKEN_URL, pem

UNKNOWN = {Step.CLOCK, Step.CERTIFICATE}
"""The simulator in process tells no time, and no certificate stands beside the key of these tests."""
EXTRA = {"environment": "custom", "token_url": TOKEN_URL}


@pytest.fixture
def check(wire, clock):
    """Give what checks a connection against the simulator; its verdicts by step."""

    async def run(**extra):
        made = {**EXTRA, "private_key": pem(), **extra}
        checking = check_connection(
            "dimona_default", login=CLIENT_ID, host=BASE_URL, extra=made, transport=wire, clock=clock
        )
        return {one.step: one for one in await clock.run(checking)}

    return run


def dated(clock, skew, status=200, **more):
    """Give an answer of a server whose clock is *skew* seconds behind."""
    return httpx.Response(status, headers={"Date": formatdate(clock.time - skew, usegmt=True)}, **more)


async def test_a_connection_that_works_is_good_in_every_step_and_files_nothing(check, wire, nsso):
    checks = await check()

    assert list(checks) == list(Step)
    assert {one.verdict for step, one in checks.items() if step not in UNKNOWN} == {Verdict.GOOD}
    assert wire.posts == 0
    assert [entry.method for entry in nsso.journal] == ["POST", "GET"]  # a token, and one look


async def test_what_is_wrong_with_fields_and_key_is_told_apart_and_nothing_is_asked(check, nsso):
    checks = await check(private_key="SECRET", concurrency=0.5)

    assert checks[Step.FIELDS].verdict is checks[Step.KEY].verdict is Verdict.BAD
    assert "concurrency" in checks[Step.FIELDS].text
    assert "PEM" in checks[Step.KEY].text
    assert {checks[step].verdict for step in (Step.CLOCK, Step.TOKEN, Step.READ)} == {Verdict.NOT_TRIED}
    assert not nsso.journal
    assert "SECRET" not in str(checks)


async def test_a_key_of_somebody_else_is_bad_at_the_token(check):
    checks = await check(private_key=pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))

    assert checks[Step.KEY].verdict is Verdict.GOOD
    assert checks[Step.TOKEN].verdict is Verdict.BAD
    assert "certificate" in checks[Step.TOKEN].text
    assert checks[Step.READ].verdict is Verdict.NOT_TRIED


async def test_a_clock_that_is_wrong_is_named_also_when_the_token_is_given(check, wire, clock):
    token = {"access_token": "a-made-up-token", "token_type": "Bearer", "expires_in": 600}
    wire.token_faults.append(dated(clock, 45, json=token))
    wire.get_faults.append(dated(clock, 45, 404, json={}))

    checks = await check()

    assert checks[Step.CLOCK].verdict is Verdict.DOUBTFUL
    assert "45 s ahead of" in checks[Step.CLOCK].text
    assert checks[Step.TOKEN].verdict is checks[Step.READ].verdict is Verdict.GOOD


async def test_a_clock_that_is_wrong_is_named_when_the_token_is_refused(check, wire, clock):
    wire.token_faults.append(dated(clock, -400, 400, json={"error": "invalid_client"}))

    checks = await check()

    assert "400 s behind" in checks[Step.CLOCK].text
    assert checks[Step.TOKEN].verdict is Verdict.BAD


async def test_a_server_that_nobody_reaches_is_told_and_no_clock_is_judged(check, wire):
    wire.token_faults += [httpx.ConnectError("SECRET")] * 3

    checks = await check()

    assert checks[Step.TOKEN].text == "the token endpoint can't be reached (ConnectError)"
    assert checks[Step.CLOCK].verdict is checks[Step.READ].verdict is Verdict.NOT_TRIED


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(httpx.Response(403), "right to consult", id="no right"),
        pytest.param(httpx.Response(401), "same environment", id="token not accepted"),
        pytest.param(httpx.Response(500), "HTTP 500", id="outage"),
        pytest.param(httpx.Response(404, html="<h1>Not here</h1>"), "check host", id="a gateway's page"),
        pytest.param(httpx.Response(200, text="welcome"), "check host", id="another site"),
    ],
)
async def test_what_reads_badly_says_what_to_do(check, wire, answer, words):
    wire.get_faults.append(answer)

    checks = await check()

    assert checks[Step.TOKEN].verdict is Verdict.GOOD
    assert checks[Step.READ].verdict is Verdict.BAD
    assert words in checks[Step.READ].text


def test_production_is_said_to_have_legal_effect():
    told = check_fields(CLIENT_ID, None, {"environment": "production"})

    assert told.verdict is Verdict.GOOD
    assert told.text.endswith("with legal effect")


def test_a_key_that_is_too_short_is_doubtful():
    short = pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 - on purpose

    told = check_key({"private_key": short})

    assert told.verdict is Verdict.DOUBTFUL
    assert "1024 bits" in told.text


@pytest.mark.parametrize(("mode", "verdict"), [(0o640, Verdict.GOOD), (0o644, Verdict.DOUBTFUL)])
def test_a_key_file_for_everybody_is_doubtful(tmp_path, mode, verdict):
    file = tmp_path / "private_key.pem"
    file.write_text(pem())
    file.chmod(mode)

    assert check_key({"private_key_path": str(file)}).verdict is verdict


@pytest.mark.parametrize(
    ("skew", "verdict"),
    [(None, Verdict.NOT_TRIED), (-29.0, Verdict.GOOD), (30.0, Verdict.DOUBTFUL), (-3600.0, Verdict.DOUBTFUL)],
)
def test_a_clock_is_judged_by_half_a_minute(skew, verdict):
    assert check_clock(skew).verdict is verdict


async def test_the_summary_names_what_is_doubtful_of_what_works(check, wire, clock):
    token = {"access_token": "a-made-up-token", "token_type": "Bearer", "expires_in": 600}
    wire.token_faults.append(dated(clock, 45, json=token))
    wire.get_faults.append(dated(clock, 45, 404, json={}))

    works, line = summary(list((await check()).values()))

    assert works
    assert line.startswith(f"the NSSO accepts this client; environment custom: declarations go to {BASE_URL}")
    assert "clock: this machine's clock is 45 s ahead of" in line
