"""What the overview says about a connection."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from dimona_provider.cockpit.health import certificate_end, forget, health
from support.nsso import private_key
from support.served import Served

ENDS = dt.datetime(2030, 5, 1, tzinfo=dt.UTC)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a certificate that lies beside a private key."""
    key = private_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "payroll")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, ENDS - dt.timedelta(days=365), ENDS)
    path = tmp_path / "certificate.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def test_the_end_of_a_certificate_is_read_beside_the_key_or_where_it_is_named(certificate: Path) -> None:
    beside = {"private_key_path": str(certificate.with_name("private_key.pem"))}
    named = {"certificate_path": str(certificate)}

    assert certificate_end(beside) == certificate_end(named) == ENDS.timestamp()


@pytest.mark.parametrize(
    "extra", [{}, {"private_key_path": "/nowhere/k.pem"}, {"certificate_path": "/dev/null"}]
)
def test_without_a_certificate_nobody_knows(extra: dict[str, str]) -> None:
    assert certificate_end(extra) is None


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
