"""The ledger's keys: one set encrypts persons, one makes the SSIN searchable without showing it."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dimona_provider.domain.identifiers import Ssin
from dimona_provider.errors import ConfigurationError, KeysRotated


@dataclass(frozen=True, slots=True)
class Keyring:
    """The first encryption key encrypts, all decrypt; the search key never changes during a ledger's life."""

    encryption: tuple[bytes, ...] = field(repr=False)
    search: bytes = field(repr=False)
    next: bytes | None = field(default=None, repr=False)
    """The key of a rotation that was begun: it decrypts already, and encrypts once all processes know it."""

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
            following = data.get("next")
            upcoming = None if following is None else str(following).encode()
            MultiFernet([Fernet(key) for key in (*encryption, *_some(upcoming))])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ConfigurationError("the ledger's keys can't be read: not the file made by init") from None
        if not encryption or len(search) != 32:
            raise ConfigurationError("the ledger's keys are incomplete")
        return cls(encryption, search, upcoming)

    def to_json(self) -> str:
        """Return what ``parse`` reads: a list ``encryption``, ``search`` in hex, and maybe ``next``."""
        data: dict[str, object] = {
            "encryption": [key.decode() for key in self.encryption],
            "search": self.search.hex(),
        }
        if self.next is not None:
            data["next"] = self.next.decode()
        return json.dumps(data)

    @property
    def fingerprint(self) -> str:
        """A name for these keys that says nothing about them."""
        return self._keyed("fingerprint", "")

    def encrypt(self, plain: bytes) -> bytes:
        """Encrypt *plain* with the first key."""
        return Fernet(self.encryption[0]).encrypt(plain)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Decrypt. Raises KeysRotated when none of these keys encrypted it."""
        every = (*self.encryption, *_some(self.next))
        try:
            return MultiFernet([Fernet(key) for key in every]).decrypt(encrypted)
        except InvalidToken:
            raise KeysRotated(
                "these keys don't open a record of the ledger: they were rotated after this process read "
                "them, or the key file is incomplete"
            ) from None

    def newest(self, canary: bytes) -> Keyring:
        """
        Return these keys with the one first that the ledger's *canary*, or a newer one, is encrypted with.

        A rotation brings the canary under the new key before anything else. Raises KeysRotated when that key
        is none of these.
        """
        if self.next is not None and _opens(self.next, canary):
            return Keyring((self.next, *self.encryption), self.search)
        if any(_opens(key, canary) for key in self.encryption):
            return self
        raise KeysRotated(
            "the ledger's keys were rotated after this process read them: nothing is written with the old one"
        )

    def encrypted_first(self, encrypted: bytes) -> bool:
        """Tell whether the first key encrypted this."""
        return _opens(self.encryption[0], encrypted)

    def worker_hash(self, ssin: Ssin) -> str:
        """Return what stands for *ssin*: the same for the same person, meaningless without the key."""
        return self._keyed("ssin", str(ssin))

    def content_hash(self, content: str) -> str:
        """Return what stands for a declaration's content; keyed, because dates and hours could be guessed."""
        return self._keyed("content", content)

    def _keyed(self, purpose: str, text: str) -> str:
        return hmac.new(self.search, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _opens(key: bytes, encrypted: bytes) -> bool:
    try:
        Fernet(key).decrypt(encrypted)
    except InvalidToken:
        return False
    return True


def _some(key: bytes | None) -> tuple[bytes, ...]:
    return () if key is None else (key,)


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


def write_new_keys(path: Path, keys: Keyring | None = None) -> Keyring:
    """
    Write *keys*, or new ones, to *path* for its owner alone; never overwrites (FileExistsError).

    There is the whole file or none, whenever this ends.
    """
    keys = keys or Keyring.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        write_beside(new, keys)
        put_in_place(new, path)
    finally:
        new.unlink(missing_ok=True)
    return keys


def write_beside(new: Path, keys: Keyring) -> None:
    """Write *keys*, durably and for their owner alone, to a file *new* that nobody reads yet."""
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(keys.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())


def put_in_place(new: Path, path: Path) -> None:
    """Give the file *new* the name *path*, in one step; never overwrites (FileExistsError)."""
    path.hardlink_to(new)
    with _opened_folder(path) as folder:
        os.fsync(folder)
    new.unlink()


def replace_keys(path: Path, keys: Keyring) -> None:
    """
    Put *keys* in place of those at *path*: at every instant there are the old ones or the new ones, whole.

    Owner and group stay as they are, so that the tasks that read the file still can.
    """
    path = path.resolve()  # a link stays a link
    was = path.stat()
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)  # of a command that was killed
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(file.fileno(), was.st_uid, was.st_gid)
        os.fchmod(file.fileno(), was.st_mode & 0o660)
        file.write(keys.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    with _opened_folder(path) as folder:
        os.fsync(folder)


@contextmanager
def key_file_locked(path: Path) -> Iterator[None]:
    """Keep other rotations of the keys at *path* waiting; a process that dies lets go."""
    with _opened_folder(path.resolve()) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
