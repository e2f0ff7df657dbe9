"""Keys and certificates are made as the NSSO takes them, kept for their owner alone, and read together."""

from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dimona_provider.api.certificates import (
    CERTIFICATE_FILE,
    KEY_FILE,
    make_key_pair,
    write_key_pair,
)
from dimona_provider.api.keys import SigningKey
from dimona_provider.checking import keys as key_checks
from dimona_provider.checking.keys import check_certificate, check_key
from dimona_provider.checks import Verdict
from support.certified import bundle, key_pair
from support.nsso import pem

NOW = dt.datetime(2027, 1, 3, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def pair():
    return make_key_pair("Acme payroll", days=365, bits=2048, now=NOW)


def test_the_certificate_is_self_signed_by_an_rsa_key_with_sha256_for_signatures(pair):
    made = x509.load_pem_x509_certificate(pair.certificate.encode())

    made.verify_directly_issued_by(made)
    key = made.public_key()
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2048
    assert made.signature_hash_algorithm.name == "sha256"
    assert made.subject.rfc4514_string() == "CN=Acme payroll"
    assert made.not_valid_after_utc == pair.ends_at == NOW + dt.timedelta(days=365)
    assert made.not_valid_before_utc < NOW
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_both_files_are_for_their_owner_alone_whatever_the_umask(pair, tmp_path):
    before = os.umask(0)
    try:
        files = write_key_pair(tmp_path / "new" / "2027", pair)
    finally:
        os.umask(before)

    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("there", [KEY_FILE, CERTIFICATE_FILE])
def test_nothing_is_overwritten_and_nothing_left_half(there, pair, tmp_path):
    (tmp_path / there).write_text("mine")

    with pytest.raises(FileExistsError):
        write_key_pair(tmp_path, pair)

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(there, "mine")]


def test_a_broken_link_is_not_followed(pair, tmp_path):
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExistsError):
        write_key_pair(tmp_path, pair)

    assert not (tmp_path / "elsewhere").exists()


def test_a_key_file_tells_when_its_certificate_ends(pair, tmp_path):
    key_file, _ = write_key_pair(tmp_path, pair)

    read = SigningKey.read(key_file.read_text())

    assert read.ends_at == pair.ends_at.timestamp()
    assert read == SigningKey.read(bundle(pair).replace("\n", "\\n"))
    assert "PRIVATE" not in repr((read, pair))


def test_a_key_alone_tells_no_end():
    assert SigningKey.read(pem()).ends_at is None


def test_of_several_certificates_its_own_counts(pair):
    chain = pair.private + key_pair(1).certificate + pair.certificate

    assert SigningKey.read(chain).ends_at == pair.ends_at.timestamp()


def _elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(lambda pair: "SECRET", "not an unencrypted PEM key", id="no PEM"),
        pytest.param(lambda pair: pair.certificate, "not an unencrypted PEM key", id="certificate alone"),
        pytest.param(lambda pair: _elliptic(), "not an RSA key", id="elliptic curve"),
        pytest.param(
            lambda pair: pem() + pair.certificate, "certificate of another key", id="of another key"
        ),
        pytest.param(lambda pair: pair.private + pair.certificate[:200], "can't be read", id="cut off"),
    ],
)
def test_what_can_not_be_read_is_said_without_repeating_it(text, words, pair):
    with pytest.raises(ValueError, match=words) as refused:
        SigningKey.read(text(pair))

    assert "SECRET" not in str(refused.value)
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second", "verdict", "words"),
    [
        pytest.param(61, None, Verdict.GOOD, "in 61 days", id="more than 60 days"),
        pytest.param(60, None, Verdict.DOUBTFUL, "in 60 days: make and upload", id="60 days"),
        pytest.param(-3, None, Verdict.DOUBTFUL, "ended on", id="ended"),
        pytest.param(5, 300, Verdict.GOOD, "next private key ends", id="the next one lasts"),
        pytest.param(5, 6, Verdict.DOUBTFUL, "next private key ends", id="neither lasts"),
    ],
)
def test_a_certificate_is_judged_by_the_days_left(first, second, verdict, words):
    extra = {"private_key": bundle(key_pair(first))}
    if second is not None:
        extra["next_private_key"] = bundle(key_pair(second))

    told = check_certificate(extra, dt.datetime.now(dt.UTC).timestamp())

    assert told.verdict is verdict
    assert words in told.text


def test_without_a_certificate_its_end_is_said_to_be_unwatched():
    told = check_certificate({"private_key": pem()}, 0.0)

    assert told.verdict is Verdict.NOT_TRIED
    assert "nobody watches" in told.text


def test_without_a_readable_key_nothing_is_said_of_its_certificate():
    told = check_certificate({"private_key_path": "/nowhere/key.pem"}, 0.0)

    assert told.verdict is Verdict.NOT_TRIED
    assert "without its key" in told.text


def test_a_secret_of_a_container_may_be_readable_for_all_in_it(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(key_checks, "_CONTAINERS_OWN", tmp_path)
    file = tmp_path / "private_key.pem"
    file.write_text(pem())
    file.chmod(0o444)

    assert check_key({"private_key_path": str(file)}).verdict is Verdict.GOOD


def test_a_next_key_that_everybody_can_read_is_doubtful(tmp_path: Path):
    file = tmp_path / "next.pem"
    file.write_text(pem())
    file.chmod(0o644)

    told = check_key({"private_key": pem(), "next_private_key_path": str(file)})

    assert told.verdict is Verdict.DOUBTFUL
    assert "next private key" in told.text
