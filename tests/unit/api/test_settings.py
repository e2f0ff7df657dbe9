"""A connection is read once and refused as a whole: every problem named, no secret shown."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given

from dimona_provider.api.settings import BASE_URLS, NSSO_TOKEN_URL, Settings
from dimona_provider.errors import ConfigurationError
from support.nsso import BASE_URL, CLIENT_ID, TOKEN_URL, pem
from support.properties import anything, changed

GOOD = {"environment": "custom", "token_url": TOKEN_URL, "private_key": pem()}


def read(login=CLIENT_ID, host=None, **extra) -> Settings:
    return Settings.read("dimona_default", login=login, host=host, extra={"private_key": pem(), **extra})


def problems(**arguments) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(**arguments)
    return str(caught.value)


def elliptic() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


def test_the_simulation_is_the_default():
    settings = read()

    assert settings.environment == "simulation"
    assert settings.base_url == BASE_URLS["simulation"]
    assert settings.token_url == NSSO_TOKEN_URL
    assert (settings.requests_per_second, settings.concurrency, settings.scope) == (20.0, 20, None)


def test_production_has_to_be_named():
    assert read(environment="production").base_url == BASE_URLS["production"]


def test_a_custom_environment_has_its_own_addresses():
    settings = read(
        host=BASE_URL + "/", environment="custom", token_url=TOKEN_URL, scope="a b", concurrency="2"
    )

    assert settings.base_url == BASE_URL
    assert settings.token_url == TOKEN_URL
    assert (settings.scope, settings.concurrency) == ("a b", 2)


def test_every_problem_is_named_at_once():
    said = problems(
        login=None,
        host="https://elsewhere.example",
        environment="test",
        token_url="token",
        private_key="nonsense",
        requests_per_second="many",
        concurrency=1.5,
    )

    parts = ("environment", "login", "host", "token_url", "private key", "requests_per_second", "concurrency")
    assert all(part in said for part in parts)
    assert "nonsense" not in said
    assert "\n" not in said


def test_a_custom_environment_needs_both_addresses():
    said = problems(environment="custom")

    assert "host" in said
    assert "token_url" in said


@pytest.mark.parametrize("environment", ["simulation", "production"])
def test_a_host_beside_a_fixed_environment_is_refused(environment):
    assert "custom" in problems(environment=environment, host="https://elsewhere.example/dimona")


def test_the_fixed_address_itself_may_stand_as_host():
    assert read(host=BASE_URLS["simulation"] + "/").base_url == BASE_URLS["simulation"]


@pytest.mark.parametrize(
    ("host", "word"),
    [
        pytest.param("http://nsso.example/v2", "https", id="plain http elsewhere"),
        pytest.param("http://127.0.0.1.example/v2", "https", id="a name that looks like this machine"),
        pytest.param("ftp://nsso.example", "http(s)", id="another protocol"),
        pytest.param("nsso.example/v2", "http(s)", id="no protocol"),
        pytest.param("https://", "http(s)", id="no host"),
        pytest.param("https://[::1/v2", "http(s)", id="no address"),
        pytest.param("https://nsso.example:port/v2", "http(s)", id="no port"),
        pytest.param("https://user:geheim@nsso.example", "credentials", id="credentials"),
        pytest.param("https://:geheim@nsso.example", "credentials", id="a password alone"),
    ],
)
def test_an_address_that_is_no_safe_url_is_refused(host, word):
    said = problems(environment="custom", token_url=TOKEN_URL, host=host)

    assert word in said
    assert "geheim" not in said


@pytest.mark.parametrize("host", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_plain_http_is_for_this_machine(host):
    assert read(environment="custom", token_url=TOKEN_URL, host=host).base_url == host


def test_neither_key_nor_password_show_in_the_settings():
    shown = repr(read()) + str(read())

    assert "PRIVATE" not in shown
    assert pem()[100:120] not in shown


def test_the_key_may_be_a_file(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text(pem())

    settings = read(private_key=None, private_key_path=str(path))

    assert settings.private_key == read().private_key


@pytest.mark.parametrize("path", ["/nowhere/key.pem", "/", "/dev/null/x", "a\0b"])
def test_a_key_file_that_cant_be_read_is_named(path):
    assert "private_key_path can't be read" in problems(private_key=None, private_key_path=path)


def test_a_key_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "key.der"
    path.write_bytes(b"\xff\xfe\x00")

    assert "private_key_path can't be read" in problems(private_key=None, private_key_path=str(path))


def test_a_key_with_written_out_line_ends_is_read():
    assert read(private_key=pem().replace("\n", "\\n")).private_key.private.key_size == 2048


@pytest.mark.parametrize(
    ("key", "word"),
    [
        pytest.param(None, "missing", id="none"),
        pytest.param("", "missing", id="empty"),
        pytest.param("geheim", "PEM", id="no PEM"),
        pytest.param(["geheim"], "PEM", id="a list"),
        pytest.param(elliptic(), "RSA", id="an elliptic curve"),
        pytest.param(
            read()
            .private_key.private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"geheim"),
            )
            .decode(),
            "unencrypted",
            id="encrypted",
        ),
        pytest.param(
            read()
            .private_key.private.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            "PEM",
            id="the public half",
        ),
    ],
)
def test_an_unusable_key_is_refused_without_showing_it(key, word):
    said = problems(private_key=key)

    assert word in said
    assert "geheim" not in said
    assert "BEGIN" not in said


@pytest.mark.parametrize("rate", [0, -1, "x", [], float("nan"), float("inf"), 10**400])
def test_a_rate_has_to_be_a_number_above_zero(rate):
    assert "requests_per_second" in problems(requests_per_second=rate)


@pytest.mark.parametrize("rate", [None, ""])
def test_an_empty_field_of_the_form_means_the_default(rate):
    assert read(requests_per_second=rate).requests_per_second == 20.0


@given(
    changed({**GOOD, "requests_per_second": 5, "concurrency": 1, "private_key_path": "/nowhere"}), anything
)
def test_whatever_stands_in_the_extra_gives_settings_or_one_error(extra, login):
    try:
        Settings.read(
            "dimona_default", login=login if isinstance(login, str) else None, host=BASE_URL, extra=extra
        )
    except ConfigurationError as error:
        assert "PRIVATE" not in str(error)  # noqa: PT017 - both ends are right


@pytest.mark.parametrize(
    "employers",
    [
        pytest.param({"BE 0477.472.701": "dimona_other"}, id="object"),
        pytest.param('{"477472701": "dimona_other"}', id="text, as the form gives it"),
    ],
)
def test_employers_lead_to_connections_of_their_own(employers):
    assert read(employers=employers).employers == {"0477472701": "dimona_other"}


@pytest.mark.parametrize(
    ("employers", "problem"),
    [
        pytest.param("{", "must be a JSON object", id="broken"),
        pytest.param([], "must be a JSON object", id="list"),
        pytest.param({"0477472701": 5}, "must be a JSON object", id="no connection id"),
        pytest.param(
            {"0477472702": "dimona_other"},
            "names an employer by what is an enterprise number with wrong check digits, and an NSSO number "
            "out of range",
            id="check digits of an enterprise number",
        ),
        pytest.param(
            {"100007": "dimona_other"},
            "names an employer by what is not an enterprise number of ten digits, and an NSSO number with "
            "wrong check digits",
            id="check digits of an NSSO number",
        ),
    ],
)
def test_malformed_employers_are_named_among_the_problems(employers, problem):
    assert problem in problems(employers=employers)


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (None, {}),
        ("", {}),
        (7, {"*": 7}),
        ("0", {"*": 0}),
        ('{"BE 0477.472.701": 7, "*": 30}', {"0477472701": 7, "*": 30}),
    ],
)
def test_a_window_is_days_for_all_or_by_employer(ahead, expected):
    assert read(file_ahead_days=ahead).file_ahead_days == expected


@pytest.mark.parametrize("ahead", [-1, 3651, True, 1.5, "soon", [7], {"*": "7"}, {"0477472702": 7}, "{"])
def test_a_malformed_window_is_named_among_the_problems(ahead):
    assert "extra.file_ahead_days" in problems(file_ahead_days=ahead)


@pytest.mark.parametrize(
    "committees",
    [
        pytest.param({"302/EXT": "XXX", "302.01": "140", "149": "149"}, id="object"),
        pytest.param('{"302/EXT": "XXX", "3020100": "140", "149": "149"}', id="text, as the form gives it"),
    ],
)
def test_joint_committees_are_read_as_payroll_writes_them(committees):
    expected = {"302/EXT": "XXX", "3020100": "140", "149": "149"}

    assert read(joint_committees=committees).joint_committees == expected


@pytest.mark.parametrize(
    ("committees", "problem"),
    [
        pytest.param("{", "must be a JSON object", id="broken"),
        pytest.param(["302"], "must be a JSON object", id="list"),
        pytest.param({"PC 200": "XXX"}, "'PC 200' is no committee number", id="no number"),
        pytest.param({"302/ABC": "XXX"}, "'302/ABC' names no worker type", id="no worker type"),
        pytest.param({"302/": "XXX"}, "'302/' names no worker type", id="an empty worker type"),
        pytest.param({"302": "200"}, "'302' leads to none of 124 140", id="no value of Dimona's"),
        pytest.param({"302": 302}, "'302' leads to none of 124 140", id="a number"),
        pytest.param({"302": ["XXX"]}, "'302' leads to none of 124 140", id="a list as value"),
        pytest.param({"302.01": "302", "3020100": "XXX"}, "'3020100' stands there twice", id="twice"),
        pytest.param({"<script>": "XXX"}, "a key is no committee number", id="a key that is not shown"),
    ],
)
def test_malformed_joint_committees_are_named_among_the_problems(committees, problem):
    found = problems(joint_committees=committees, concurrency="x")

    assert problem in found
    assert "extra.concurrency" in found


@pytest.mark.parametrize(
    "host",
    [
        "https://services.socialsecurity.be/REST/dimona/v2",
        "https://SERVICES-SIM.SocialSecurity.be./REST/dimona/v2",
        "https://services\u3002socialsecurity\u3002be/REST/dimona/v2",
    ],
)
def test_custom_never_leads_to_the_nsso(host):
    assert "host is the NSSO's own" in problems(environment="custom", host=host, token_url=TOKEN_URL)
