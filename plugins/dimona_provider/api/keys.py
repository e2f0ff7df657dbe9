"""The RSA keys that sign in at the NSSO, read from PEM, each with the certificate that stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and what its certificate says; two are equal when they are the same key."""

    private: RSAPrivateKey = field(repr=False, compare=False)
    public: bytes = field(repr=False)
    """The public key, DER: key objects are equal to themselves alone, however often the same key is read."""
    ends_at: float | None = None
    """When the certificate beside the key ends, in epoch seconds; None without one."""

    @classmethod
    def read(cls, pem: str) -> Self:
        """
        Read an unencrypted PEM key, and a certificate from the same text if one is there.

        Raises ValueError with a sentence that repeats nothing of *pem*.
        """
        # Forms and environment variables turn line ends into backslash-n.
        text = pem.replace("\\n", "\n")
        try:
            private = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # cryptography's own text could repeat the input
            raise ValueError("is not an unencrypted PEM key") from None
        if not isinstance(private, RSAPrivateKey):
            raise ValueError("is not an RSA key (the NSSO takes RS256 only)")
        public = _der(private)
        return cls(private, public, _end(text, public))


def _der(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _end(text: str, public: bytes) -> float | None:
    if _CERTIFICATE not in text:
        return None
    try:
        found = load_pem_x509_certificates(text[text.index(_CERTIFICATE) :].encode())
    except ValueError:
        raise ValueError("has a certificate beside it that can't be read") from None
    own = [one for one in found if _is_of(one, public)]
    if not own:
        raise ValueError("has the certificate of another key beside it")
    return own[0].not_valid_after_utc.timestamp()


def _is_of(certificate: Certificate, public: bytes) -> bool:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == public


def read_key(
    extra: Mapping[str, Any], name: str, problems: list[str], *, is_needed: bool = True
) -> SigningKey | None:
    """Read the extra *name* or the file that *name*_path names; adds to *problems* what is wrong."""
    pem, path = extra.get(name), extra.get(f"{name}_path")
    if not pem and not path:
        if is_needed:
            problems.append(f"extra.{name} (PEM) or extra.{name}_path is missing")
        return None
    if not pem:
        try:
            pem = Path(str(path)).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            problems.append(f"extra.{name}_path can't be read ({type(error).__name__})")
            return None
    try:
        return SigningKey.read(str(pem))
    except ValueError as error:
        problems.append(f"the {name.replace('_', ' ')} {error}")
        return None
