"""Makes an RSA key and the self-signed certificate that Chaman takes for it."""

from __future__ import annotations

import datetime as dt
import errno
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

KEY_FILE, CERTIFICATE_FILE = "private_key.pem", "certificate.pem"
EARLIER = dt.timedelta(minutes=5)
"""By how much a certificate begins before it is made: the NSSO's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key and its certificate, PEM."""

    private: str = field(repr=False)
    """PKCS#8, not encrypted."""
    certificate: str
    fingerprint: str
    """SHA-256 of the certificate, in hexadecimal pairs, as portals show it."""
    ends_at: dt.datetime
    """When the certificate ends, UTC."""


def make_key_pair(name: str, *, days: int, bits: int, now: dt.datetime) -> KeyPair:
    """
    Make an RSA key of *bits* and a self-signed certificate, SHA-256, for *days* from *now* on.

    *name* is the certificate's common name, at most 64 characters, and public. The certificate says what the
    key is for: signatures, and no other certificates.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    ends_at = now + dt.timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_FOR_SIGNATURES, critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyPair(
        private=private,
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        fingerprint=certificate.fingerprint(SHA256()).hex(":").upper(),
        ends_at=ends_at,
    )


_FOR_SIGNATURES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def write_key_pair(folder: Path, pair: KeyPair) -> tuple[Path, Path]:
    """
    Write the key, with its certificate below it, and the certificate alone; both for their owner only.

    Returns both paths. Never overwrites: raises FileExistsError, and then leaves the folder as it was.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
    key_file, certificate_file = folder / KEY_FILE, folder / CERTIFICATE_FILE
    _write_new(certificate_file, pair.certificate)
    try:
        _write_new(key_file, pair.private + pair.certificate)
    except BaseException:
        certificate_file.unlink()
        raise
    return key_file, certificate_file


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
