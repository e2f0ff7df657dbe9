"""Declarations from single fields and back, under the names of tables/fields.csv; knows no JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from dimona_provider.domain.declaration import (
    Address,
    ConstructionCards,
    Declaration,
    DimonaCancel,
    DimonaIn,
    DimonaOut,
    DimonaUpdate,
    Employer,
    Extra,
    Identity,
    Kind,
    PlaceOfWork,
    SmallStatutes,
    UserEnterprise,
)
from dimona_provider.domain.draft import Draft
from dimona_provider.domain.identifiers import Ssin

KIND_OF: Mapping[type, Kind] = {
    DimonaIn: Kind.IN,
    DimonaOut: Kind.OUT,
    DimonaUpdate: Kind.UPDATE,
    DimonaCancel: Kind.CANCEL,
}
_FEATURES = ("joint_committee", "worker_type", "sub_entity")
_TYPES = {
    "user_enterprise": UserEnterprise,
    "construction_cards": ConstructionCards,
    "small_statutes": SmallStatutes,
    "place_of_work": PlaceOfWork,
}


def assemble(draft: Draft, extra: Extra | None = None) -> Declaration:
    """Return the declaration that *draft* is; the caller made sure that all it needs is there."""
    values = draft.values
    made: dict[str, Any] = {
        "employer": _assemble_employer(values),
        "worker": assemble_worker(values),
        "extra": extra or {},
    }
    match draft.kind:
        case Kind.OUT:
            return DimonaOut(values["period_id"], values["end_date"], **made)
        case Kind.UPDATE:
            return DimonaUpdate(values["period_id"], **_times(values), **made)
        case Kind.CANCEL:
            return DimonaCancel(values["period_id"], **made)
        case Kind.IN:
            features: dict[str, Any] = {name: values.get(f"features.{name}") for name in _FEATURES}
            blocks: dict[str, Any] = {name: _assemble_block(name, values) for name in _TYPES}
            return DimonaIn(**made, **features, **_times(values), **blocks)


def _times(values: Mapping[str, Any]) -> dict[str, Any]:
    names = ("start_date", "end_date", "start_hour", "end_hour", "planned_hours")
    return {name: values.get(name) for name in names}


def _assemble_employer(values: Mapping[str, Any]) -> Employer | None:
    numbers = (values.get("employer.enterprise_number"), values.get("employer.nsso_number"))
    return Employer(*numbers) if any(numbers) else None


def assemble_worker(values: Mapping[str, Any]) -> Ssin | Identity | None:
    """Return the SSIN alone if there is one, else the identity if it is complete."""
    ssin = values.get("worker.ssin")
    if isinstance(ssin, Ssin):
        return ssin
    address = _assemble_address("worker.address", values)
    names = [part.name for part in fields(Identity) if part.name != "address"]
    parts = {name: values.get(f"worker.{name}") for name in names}
    if address is None or any(value is None for name, value in parts.items() if name != "initial"):
        return None
    return Identity(**parts, address=address)  # type: ignore[arg-type]  # checked above


def _assemble_address(block: str, values: Mapping[str, Any]) -> Address | None:
    parts = {
        "street": values.get(f"{block}.street"),
        "house_number": values.get(f"{block}.house_number"),
        "post_code": values.get(f"{block}.post_code"),
        "country": values.get(f"{block}.country"),
    }
    municipality = values.get(f"{block}.municipality.code"), values.get(f"{block}.municipality.name")
    if any(part is None for part in parts.values()) or municipality == (None, None):
        return None
    box = values.get(f"{block}.box_number")
    return Address(
        **parts,  # type: ignore[arg-type]  # checked above
        municipality_code=municipality[0],
        municipality_name=municipality[1],
        box_number=box,
    )


def _assemble_block(name: str, values: Mapping[str, Any]) -> Any:
    parts = {part.name: values.get(f"{name}.{part.name}") for part in fields(_TYPES[name])}
    if "address" in parts:
        parts["address"] = _assemble_address(f"{name}.address", values)
    return _TYPES[name](**parts) if any(part is not None for part in parts.values()) else None


def draft_of(declaration: Declaration) -> Draft:
    """Return *declaration* as the rules look at it."""
    draft = Draft(KIND_OF[type(declaration)], take_apart(declaration))
    for name in draft.values:
        draft.present.add(name)
        while "." in name:
            name = name.rpartition(".")[0]  # noqa: PLW2901 - the blocks around a field, one after the other
            draft.present.add(name)
    return draft


def take_apart(declaration: Declaration) -> dict[str, Any]:
    """Return the fields of *declaration* that have a value."""
    return {name: value for name, value in _parts("", declaration) if value is not None}


def _parts(outer: str, whole: Any) -> Iterator[tuple[str, Any]]:
    for part in fields(whole):
        if part.name != "extra":
            yield from _part(outer + part.name, getattr(whole, part.name))


def _part(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "worker" and isinstance(value, Ssin):
        yield "worker.ssin", value
    elif isinstance(value, Address):
        yield from flatten_address(name, value)
    elif isinstance(value, (Employer, Identity, *_TYPES.values())):
        yield from _parts(name + ".", value)
    else:
        yield (f"features.{name}" if name in _FEATURES else name), value


def flatten_address(block: str, address: Address) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an address in *block*."""
    for name in ("street", "house_number", "box_number", "post_code", "country"):
        yield f"{block}.{name}", getattr(address, name)
    yield f"{block}.municipality.code", address.municipality_code
    yield f"{block}.municipality.name", address.municipality_name


def flatten_worker(worker: Ssin | Identity) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a worker."""
    yield from _part("worker", worker)
