"""The token endpoint checks the assertion for real; every call needs a valid token."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

URN = "urn:problem-type:belgif:"


def test_a_good_assertion_gets_a_token(nsso):
    response = nsso.ask_token()

    content = response.json()
    assert response.status_code == 200
    assert set(content) == {"access_token", "token_type", "expires_in", "scope"}
    assert content["expires_in"] == 600
    assert content["token_type"] == "Bearer"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "somebody"}, id="issuer is another client"),
        pytest.param({"iss": "somebody", "sub": "somebody"}, id="client is not registered"),
        pytest.param({"sub": None}, id="no subject"),
        pytest.param({"aud": "https://elsewhere.example/token"}, id="meant for another server"),
        pytest.param({"aud": None}, id="meant for nobody"),
        pytest.param({"jti": None}, id="no identifier"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"iat": None}, id="no beginning"),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(nsso, changes):
    response = nsso.ask_token(client_assertion=nsso.assertion(**changes))

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("issued", "expires", "status"),
    [
        pytest.param(-10, 290, 200, id="300 seconds"),
        pytest.param(-10, 291, 401, id="301 seconds"),
        pytest.param(-100, 0, 401, id="just expired"),
        pytest.param(30, 300, 200, id="a clock a little ahead"),
        pytest.param(31, 300, 401, id="from the future"),
    ],
)
def test_the_times_of_an_assertion_are_checked(nsso, clock, issued, expires, status):
    assertion = nsso.assertion(iat=clock.now + issued, exp=clock.now + expires)

    assert nsso.ask_token(client_assertion=assertion).status_code == status


def test_an_assertion_not_valid_yet_is_refused(nsso, clock):
    assert nsso.ask_token(client_assertion=nsso.assertion(nbf=clock.now + 60)).status_code == 401


def test_another_key_is_refused(nsso):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    response = nsso.ask_token(client_assertion=nsso.assertion(key=stranger))

    assert response.status_code == 401


def test_an_unsigned_or_symmetric_assertion_is_refused(nsso):
    claims = jwt.decode(nsso.assertion(), options={"verify_signature": False})

    for assertion in (jwt.encode(claims, None, "none"), jwt.encode(claims, "x" * 64, "HS256"), "no.jwt"):
        assert nsso.ask_token(client_assertion=assertion).status_code == 401


def test_an_assertion_is_good_for_one_token(nsso):
    assertion = nsso.assertion()
    assert nsso.ask_token(client_assertion=assertion).status_code == 200

    assert nsso.ask_token(client_assertion=assertion).status_code == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param({"grant_type": ""}, "invalid_request", id="no grant type"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="another grant type"),
        pytest.param({"client_assertion_type": "x"}, "invalid_request", id="another assertion type"),
        pytest.param({"client_assertion": ""}, "invalid_request", id="no assertion"),
        pytest.param({"scope": "scope:dimona:everything"}, "invalid_scope", id="unknown scope"),
    ],
)
def test_a_malformed_token_request_is_refused(nsso, form, error):
    response = nsso.ask_token(**form)

    assert (response.status_code, response.json()["error"]) == (400, error)


def test_a_token_request_is_a_form(nsso):
    response = nsso.http.post("/REST/oauth/v5/token", json={"grant_type": "client_credentials"})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        pytest.param("", "noAccessToken", id="none"),
        pytest.param("Basic YTpi", "noAccessToken", id="another scheme"),
        pytest.param("Bearer made-up", "invalidAccessToken", id="made up"),
    ],
)
def test_a_call_without_a_valid_token_is_refused(nsso, header, kind):
    nsso.http.headers["Authorization"] = header

    response = nsso.get(656309292174)

    assert response.status_code == 401
    assert response.json()["type"] == URN + kind
    assert response.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_a_token_expires(nsso, clock):
    clock.advance(599.9)
    assert nsso.get(656309292174).status_code == 404
    clock.advance(0.1)

    response = nsso.get(656309292174)

    assert (response.status_code, response.json()["type"]) == (401, URN + "expiredAccessToken")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_a_token_to_consult_may_not_declare(nsso):
    token = nsso.ask_token(scope="scope:dimona:declaration:consult").json()["access_token"]
    nsso.http.headers["Authorization"] = f"Bearer {token}"

    response = nsso.post(nsso.body())

    assert (response.status_code, response.json()["type"]) == (403, URN + "missingScope")
