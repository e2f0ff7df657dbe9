"""The ledger's keys: one set encrypts persons, one makes the SSIN searchable without showing it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dimona_provider.domain.identifiers import Ssin
from dimona_provider.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Keyring:
    """The first encryption key encrypts, all decrypt; the search key never changes during a ledger's life."""

    encryption: tuple[bytes, ...] = field(repr=False)
    search: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Keyring:
        """Make new random keys."""
        return cls((Fernet.generate_key(),), secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read the JSON form. Raises ConfigurationError without echoing it."""
        try:
            data = json.loads(text)
            encryption = tuple(str(key).encode() for key in data["encryption"])
            search = bytes.fromhex(data["search"])
            MultiFernet([Fernet(key) for key in encryption])
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError("the ledger's keys can't be read: not the file made by init") from None
        if not encryption or len(search) != 32:
            raise ConfigurationError("the ledger's keys are incomplete")
        return cls(encryption, search)

    def to_json(self) -> str:
        """Return the form that ``parse`` reads: ``{"encryption": [Fernet key, …], "search": hex}``."""
        return json.dumps(
            {"encryption": [key.decode() for key in self.encryption], "search": self.search.hex()}
        )

    @property
    def fingerprint(self) -> str:
        """A name for these keys that says nothing about them."""
        return self._keyed("fingerprint", "")

    def encrypt(self, plain: bytes) -> bytes:
        """Encrypt *plain*."""
        return MultiFernet([Fernet(key) for key in self.encryption]).encrypt(plain)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Decrypt. Raises ConfigurationError when these keys did not encrypt it."""
        try:
            return MultiFernet([Fernet(key) for key in self.encryption]).decrypt(encrypted)
        except InvalidToken:
            raise ConfigurationError(
                "the ledger's keys don't open this record: is it the right key file?"
            ) from None

    def worker_hash(self, ssin: Ssin) -> str:
        """Return what stands for *ssin*: the same for the same person, meaningless without the key."""
        return self._keyed("ssin", str(ssin))

    def content_hash(self, content: str) -> str:
        """Return what stands for a declaration's content; keyed, because dates and hours could be guessed."""
        return self._keyed("content", content)

    def _keyed(self, purpose: str, text: str) -> str:
        return hmac.new(self.search, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:32]


def read_keys(path: Path) -> Keyring:
    """Read the key file. Raises ConfigurationError that says how to make one."""
    try:
        return Keyring.parse(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        message = (
            f"there are no keys at {path}: restore the file that you backed up, "
            "or for a ledger that is new run `dimona ledger init`"
        )
        raise ConfigurationError(message) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the ledger's keys at {path} can't be read ({type(error).__name__})"
        ) from None


def write_new_keys(path: Path) -> Keyring:
    """Make keys at *path*, readable by the owner alone; never overwrites (FileExistsError)."""
    keys = Keyring.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(keys.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return keys
