"""Who may ask: the token endpoint and the bearer token."""

import uuid

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

URN = "urn:problem-type:belgif:"


def test_a_token_is_given_for_a_signed_assertion(service):
    content = service.token().json()

    assert {"access_token", "token_type", "expires_in", "scope"} <= set(content)
    assert content["token_type"].lower() == "bearer"
    assert content["expires_in"] > 0


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "https://elsewhere.example/token"}, id="for somebody else"),
        pytest.param({"iss": "somebody_else"}, id="of somebody else"),
        pytest.param({"sub": "nobody", "iss": "nobody"}, id="of nobody"),
        pytest.param({"exp": 1_700_000_000}, id="expired"),
        pytest.param({"jti": None}, id="without jti"),
    ],
)
def test_a_wrong_assertion_gets_no_token(service, changes):
    response = service.token(client_assertion=service.assertion(**changes))

    assert response.status_code in {400, 401}
    assert response.json()["error"] == "invalid_client"


def test_an_assertion_signed_with_another_key_gets_no_token(service):
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    response = service.token(client_assertion=service.assertion(key.decode()))

    assert response.status_code in {400, 401}


def test_an_assertion_is_used_once(simulated):
    assertion = simulated.assertion(jti=str(uuid.uuid4()))
    assert simulated.token(client_assertion=assertion).status_code == 200

    assert simulated.token(client_assertion=assertion).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="grant"),
        pytest.param({"client_assertion": ""}, "invalid_request", id="no assertion"),
        pytest.param({"scope": "scope:dimona:everything"}, "invalid_scope", id="scope"),
    ],
)
def test_a_wrong_token_request_is_told_why(simulated, form, error):
    response = simulated.token(**form)

    assert (response.status_code, response.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("authorisation", "kind"),
    [
        pytest.param("", "noAccessToken", id="none"),
        pytest.param("Basic YTpi", "noAccessToken", id="another scheme"),
        pytest.param("Bearer made-up", "invalidAccessToken", id="made up"),
    ],
)
def test_without_a_token_nothing_is_answered(service, authorisation, kind):
    response = service.get(656310000267, headers={"Authorization": authorisation})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["type"] == URN + kind


def test_a_token_for_reading_does_not_file(service):
    token = service.token(scope="scope:dimona:declaration:consult").json()["access_token"]

    response = service.http.post(
        f"{service.origin}{service.base}/declarations",
        json=service.in_body(),
        headers={"Authorization": f"Bearer {token}"},
    )

    assert response.status_code == 403
    assert response.json()["type"] == URN + "missingScope"
