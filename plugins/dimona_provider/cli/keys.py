"""The command that makes the key and the certificate for the NSSO. It needs no Airflow and no network."""

from __future__ import annotations

import datetime as dt
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer

from dimona_provider.cli.opening import fail, say
from dimona_provider.cli.output import shown
from dimona_provider.domain.ssin_search import contains_ssin

_LONGEST_NAME = 64
_MOST_DAYS = 1825


class Bits(IntEnum):
    """Sizes of RSA keys."""

    B2048 = 2048
    B3072 = 3072
    B4096 = 4096


def keygen(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; made if it is missing.")],
    *,
    name: Annotated[
        str, typer.Option("--name", metavar="N", help="The certificate's name: public, and of no person.")
    ] = "dimona",
    days: Annotated[
        int, typer.Option("--days", min=1, max=_MOST_DAYS, help="How long the certificate is valid.")
    ] = 365,
    bits: Annotated[int, typer.Option("--bits", help="Size of the key: 2048, 3072 or 4096.")] = Bits.B2048,
) -> None:
    """
    Make an RSA key and a self-signed certificate for Chaman, and say what to do with them.

    Never overwrites a file. The key goes into no other place: copy it yourself, and back it up.
    """
    from dimona_provider.api.certificates import make_key_pair, write_key_pair

    _check(name, bits)
    pair = make_key_pair(name, days=days, bits=bits, now=dt.datetime.now(dt.UTC).replace(microsecond=0))
    try:
        key_file, certificate_file = write_key_pair(folder, pair)
    except FileExistsError:
        fail(f"there is a key or a certificate in {shown(str(folder))} already: name another folder")
    except OSError as error:
        fail(f"can't write to {shown(str(folder))} ({error.strerror})")
    for line in (
        f"key          {key_file} (secret; for the connection: private_key_path)",
        f"certificate  {certificate_file} (public; to upload)",
        f"valid until  {pair.ends_at:%Y-%m-%d %H:%M} UTC",
        f"SHA-256      {pair.fingerprint}",
        "",
        "Next:",
        "1. Upload the certificate in Chaman, in the REST channel of your company.",
        "2. Put the client id that Chaman shows into the connection's login (docs/keys.md).",
        "3. Run: dimona check",
    ):
        say(line)


def _check(name: str, bits: int) -> None:
    if not (0 < len(name.strip()) <= _LONGEST_NAME and name.isprintable()) or contains_ssin(name):
        raise typer.BadParameter(
            f"a name of 1 to {_LONGEST_NAME} characters, and of no person", param_hint="--name"
        )
    if bits not in set(Bits):
        raise typer.BadParameter("2048, 3072 or 4096", param_hint="--bits")
