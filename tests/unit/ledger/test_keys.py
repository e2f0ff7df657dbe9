"""Keys: made once, kept to their owner, never shown, and refused when they are not the right ones."""

from __future__ import annotations

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimona_provider.domain.identifiers import Ssin
from dimona_provider.errors import ConfigurationError, KeysRotated
from dimona_provider.ledger.keys import Keyring, read_keys, write_new_keys
from support import people
from support.properties import anything

KEYS = Keyring.generate()


def test_keys_are_read_back_from_their_file(tmp_path):
    path = tmp_path / "deep" / "keys.json"

    made = write_new_keys(path)

    assert read_keys(path) == made


def test_a_key_file_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        write_new_keys(tmp_path / "deep" / "keys.json")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "deep" / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def test_a_key_file_is_never_overwritten(tmp_path):
    path = tmp_path / "keys.json"
    made = write_new_keys(path)

    with pytest.raises(FileExistsError):
        write_new_keys(path)

    assert read_keys(path) == made


def test_a_key_file_that_could_not_be_written_whole_is_not_there(tmp_path, monkeypatch):
    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="No space"):
        write_new_keys(tmp_path / "keys.json")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no keys"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 200_000, id="nested without end"),
        pytest.param(b'{"encryption": [], "search": "00"}', id="no encryption key"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(KEYS.to_json()[:-20].encode(), id="cut off"),
        pytest.param(
            json.dumps(json.loads(KEYS.to_json()) | {"search": "00"}).encode(), id="short search key"
        ),
        pytest.param(
            json.dumps(json.loads(KEYS.to_json()) | {"encryption": ["x"]}).encode(), id="no Fernet key"
        ),
        pytest.param(json.dumps(json.loads(KEYS.to_json()) | {"encryption": "x"}).encode(), id="not a list"),
        pytest.param(json.dumps(json.loads(KEYS.to_json()) | {"next": "x"}).encode(), id="no next key"),
        pytest.param(json.dumps(json.loads(KEYS.to_json()) | {"next": ""}).encode(), id="an empty next key"),
    ],
)
def test_a_tampered_key_file_is_one_sentence_without_keys(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        read_keys(path)

    assert "keys" in str(caught.value)
    assert KEYS.search.hex()[:16] not in str(caught.value)


@given(anything)
def test_whatever_the_file_holds_is_a_keyring_or_a_configuration_error(content):
    with pytest.raises(ConfigurationError):
        Keyring.parse(json.dumps(content))


def test_a_missing_key_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigurationError, match=r"restore .* run `dimona ledger init`"):
        read_keys(tmp_path / "keys.json")


def test_a_keyring_shows_no_key():
    shown = repr(KEYS) + str(KEYS) + KEYS.fingerprint

    assert KEYS.search.hex() not in shown
    assert KEYS.encryption[0].decode() not in shown


def test_the_fingerprint_names_the_keys():
    other = Keyring.generate()

    assert Keyring.parse(KEYS.to_json()).fingerprint == KEYS.fingerprint
    assert other.fingerprint != KEYS.fingerprint


@given(st.binary())
def test_what_is_encrypted_is_read_back_and_differs_each_time(plain):
    encrypted = KEYS.encrypt(plain)

    assert KEYS.decrypt(encrypted) == plain
    assert encrypted != KEYS.encrypt(plain)


def test_other_keys_open_nothing():
    with pytest.raises(KeysRotated, match="the key file is incomplete"):
        Keyring.generate().decrypt(KEYS.encrypt(b"x"))


def test_an_old_encryption_key_still_opens_and_a_new_one_encrypts():
    new = Keyring.generate()
    both = Keyring((*new.encryption, *KEYS.encryption), KEYS.search)

    assert both.decrypt(KEYS.encrypt(b"old")) == b"old"
    assert Keyring(new.encryption, KEYS.search).decrypt(both.encrypt(b"new")) == b"new"
    assert both.fingerprint == KEYS.fingerprint


def test_a_persons_hash_is_the_same_for_the_same_person_and_key_alone():
    person, other = Ssin(people.SSIN), Ssin(people.OTHER_SSIN)

    assert KEYS.worker_hash(person) == KEYS.worker_hash(Ssin.parse("93.05.18-223.61"))
    assert KEYS.worker_hash(person) != KEYS.worker_hash(other)
    assert KEYS.worker_hash(person) != Keyring.generate().worker_hash(person)
    assert KEYS.worker_hash(person) != KEYS.content_hash(people.SSIN)
