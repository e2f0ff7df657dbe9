"""Who works: a worker with SSIN, or one whose identity must be complete so that the NSSO can find an SSIN."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dimona_provider.domain.declaration import Address, Identity
from dimona_provider.domain.identifiers import Ssin
from dimona_provider.domain.record import Fields, Malformed, read_date, read_nis_code, text_up_to
from dimona_provider.domain.rules import Defect


def read_worker(raw: object) -> Ssin | Identity:
    """Read payroll's worker. Raises Malformed or ValueError, without any value."""
    if not isinstance(raw, Mapping):
        raise ValueError("not a JSON object")
    if raw.get("ssin") is not None:
        try:
            return Ssin.parse(raw["ssin"])
        except ValueError as error:
            raise Malformed(None, [Defect("worker.ssin", str(error))]) from None
    return _read_identity(raw)


def _read_identity(raw: Mapping[str, Any]) -> Identity:
    fields = Fields(raw, "worker.")
    address = fields.read("address", address_reader("worker.address.", longest_street=35))
    values = {
        "family_name": fields.read("family_name", text_up_to(48)),
        "given_name": fields.read("given_name", text_up_to(24)),
        "birth_date": fields.read("birth_date", _read_birth_date),
        "place_of_birth": fields.read("place_of_birth", text_up_to(40)),
        "country_of_birth": fields.read("country_of_birth", read_nis_code),
        "nationality": fields.read("nationality", read_nis_code),
        "gender": fields.read("gender", _read_gender),
    }
    if fields.defects:
        raise Malformed(None, fields.defects)
    return Identity(**values, address=address)  # type: ignore[arg-type]  # no defects: none of them is None


def address_reader(prefix: str, *, longest_street: int) -> Callable[[object], Address]:
    """Return a reader of addresses whose defects bear names that begin with *prefix*."""

    def read(raw: object) -> Address:
        if not isinstance(raw, Mapping):
            raise ValueError("not a JSON object")
        fields = Fields(raw, prefix)
        values = {
            "street": fields.read("street", text_up_to(longest_street)),
            "house_number": fields.read("house_number", text_up_to(10)),
            "post_code": fields.read("post_code", text_up_to(9)),
            "municipality_code": fields.read("municipality_code", read_nis_code),
            "municipality_name": fields.read("municipality_name", text_up_to(40)),
            "country": fields.read("country", read_nis_code),
            "box_number": fields.read("box_number", text_up_to(4), required=False),
        }
        if fields.defects:
            raise Malformed(None, fields.defects)
        return Address(**values)  # type: ignore[arg-type]  # no defects: none of them is None

    return read


def _read_birth_date(raw: object) -> str:
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{4}-00-00", raw):
        return raw
    return read_date(raw).isoformat()


def _read_gender(raw: object) -> str:
    if not isinstance(raw, str) or raw not in {"1", "2"}:
        raise ValueError('not "1" or "2"')
    return raw
