"""A client's keys are what was uploaded last: one or several, keys or certificates."""

from __future__ import annotations

import uuid

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from include.dimona_simulator import Simulator
from support.certified import key_pair

NOW = 1_800_000_000
TOKEN_URL = "https://nsso.example/REST/oauth/v5/token"
OLD, NEW = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def ask(simulator, key):
    claims = {
        "iss": "me",
        "sub": "me",
        "aud": TOKEN_URL,
        "jti": str(uuid.uuid4()),
        "iat": NOW,
        "exp": NOW + 60,
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, key, algorithm="RS256"),
    }
    return simulator.handle(httpx.Request("POST", TOKEN_URL, data=form)).status_code


def test_several_keys_are_taken_at_a_time():
    simulator = Simulator({"me": [OLD.public_key(), NEW.public_key()]}, clock=lambda: NOW)

    assert [ask(simulator, key) for key in (OLD, NEW)] == [200, 200]


def test_what_is_uploaded_takes_the_place_of_what_was():
    simulator = Simulator({"me": OLD.public_key()}, clock=lambda: NOW)

    before = [ask(simulator, key) for key in (OLD, NEW)]
    simulator.register("me", NEW.public_key())
    after = [ask(simulator, key) for key in (OLD, NEW)]

    assert (before, after) == ([200, 401], [401, 200])


def test_a_certificate_does_in_the_place_of_a_key():
    pair = key_pair(300)
    simulator = Simulator({"me": pair.certificate}, clock=lambda: NOW)

    assert ask(simulator, pair.private) == 200


def test_a_client_without_keys_is_not_registered():
    assert ask(Simulator({"me": []}, clock=lambda: NOW), OLD) == 401


def test_a_key_that_is_not_rsa_is_refused():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()

    with pytest.raises(TypeError, match="not an RSA key"):
        Simulator({"me": pem})
