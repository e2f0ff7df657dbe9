"""Makes what the demo's simulator needs: its client's keys, a certificate of its own, an invented payroll."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from include.deployment.places import AUTHORITIES, SIMULATOR, SIMULATOR_KEY
from include.dimona_simulator.server import own_key
from include.payroll.sample import employments
from include.payroll.store import PayrollStore

_LIFETIME = dt.timedelta(days=3650)


def prepare(keys: Path, payroll: Path, count: int) -> None:
    """Make whatever is not there yet; *count* is how many employments the payroll has."""
    keys.mkdir(parents=True, exist_ok=True)
    own_key(keys)
    if not (keys / AUTHORITIES).exists():
        make_certificate(keys, SIMULATOR)
    today = dt.datetime.now(ZoneInfo("Europe/Brussels")).date()
    PayrollStore(payroll).fill(employments(count, today))


def make_certificate(folder: Path, host: str) -> None:
    """Write a key, for its owner alone, and a certificate of the server *host* that it signs itself; PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    signing = dict.fromkeys(
        (
            *("content_commitment", "data_encipherment", "key_agreement"),
            *("crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        # What strict verification, Python's default from 3.13 on, wants of whoever signs.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_encipherment=True, key_cert_sign=True, **signing),
            critical=True,
        )
        .add_extension(identifier, critical=False)
    )
    secret = folder / SIMULATOR_KEY
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    # Last: where it is, all is there.
    (folder / AUTHORITIES).write_bytes(certificate)
