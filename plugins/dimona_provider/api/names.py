"""
The members of the REST service's JSON, and what each is in the words of domain/tables/fields.csv.

Five blocks have names that nobody outside the NSSO has seen in version 2 (reference/rest_api.md, section 8).
They stand in ``INFERRED`` alone: once a name is known, one line changes here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dimona_provider.domain.declaration import Kind

BLOCKS: Final[Mapping[str, Kind]] = {
    "dimonaIn": Kind.IN,
    "dimonaOut": Kind.OUT,
    "dimonaUpdate": Kind.UPDATE,
    "dimonaCancel": Kind.CANCEL,
}
BLOCK_OF: Final[Mapping[Kind, str]] = {kind: block for block, kind in BLOCKS.items()}

INFERRED: Final[Mapping[str, str]] = {
    "worker.initial": "initial",
    "features.sub_entity": "subEntityNumber",
    "user_enterprise": "userEnterprise",
    "user_enterprise.joint_committee": "jointCommissionNumber",
    "user_enterprise.enterprise_number": "enterpriseNumber",
    "user_enterprise.name": "name",
    "user_enterprise.address": "address",
    "construction_cards": "constructionControlCards",
    "construction_cards.first_month": "firstMonthC32ANumber",
    "construction_cards.next_month": "nextMonthC32ANumber",
    "small_statutes": "smallStatutesInformation",
    "small_statutes.employment_nature": "employmentNature",
    "small_statutes.worker_status": "workerStatus",
    "small_statutes.activity_with_risk": "activityWithRisk",
}
"""Field to the member that we believe it is; guessed from version 1 and the XML form."""

SEEN: Final[Mapping[str, str]] = {
    "employer": "employer",
    "employer.enterprise_number": "enterpriseNumber",
    "employer.nsso_number": "employerId",
    "worker": "worker",
    "worker.ssin": "ssin",
    "worker.family_name": "familyName",
    "worker.given_name": "givenName",
    "worker.birth_date": "birthDate",
    "worker.place_of_birth": "placeOfBirth",
    "worker.country_of_birth": "countryOfBirth",
    "worker.nationality": "nationality",
    "worker.gender": "gender",
    "worker.address": "address",
    "period_id": "periodId",
    "start_date": "startDate",
    "start_hour": "startHour",
    "end_date": "endDate",
    "end_hour": "endHour",
    "planned_hours": "plannedHoursNumber",
    "features": "features",
    "features.joint_committee": "jointCommissionNumber",
    "features.worker_type": "workerType",
    "place_of_work": "studentPlaceOfWork",
    "place_of_work.name": "name",
    "place_of_work.address": "address",
}
"""Field to member, as clients of the service send it."""

ADDRESS: Final[Mapping[str, str]] = {
    "street": "street",
    "house_number": "houseNumber",
    "box_number": "boxNumber",
    "post_code": "postCode",
    "municipality": "municipality",
    "municipality.code": "code",
    "municipality.name": "name",
    "country": "country",
}
"""The members of every address."""

INSIDE: Final[Mapping[str, str]] = {"user_enterprise": "features"}
"""Blocks that the JSON nests in another one than the name of the field says; inferred as well."""


def member_of(field: str) -> str:
    """Return the name of the member that *field* is, without the blocks around it."""
    known = INFERRED.get(field) or SEEN.get(field)
    return known if known is not None else ADDRESS[field.partition("address.")[2]]


def location_of(field: str) -> tuple[str, ...]:
    """
    Return the members that lead to *field*, from the root or from the block of the kind.

    >>> location_of("user_enterprise.address.municipality.code")
    ('features', 'userEnterprise', 'address', 'municipality', 'code')
    """
    outer = field.rpartition(".")[0] or INSIDE.get(field, "")
    return (*(location_of(outer) if outer else ()), member_of(field))


ROOTS: Final = frozenset({"employer", "worker"})
"""Members beside the block of the kind."""


def full_location(field: str, kind: Kind) -> tuple[str, ...]:
    """Return the members that lead to *field* from the root of a body of this kind."""
    location = location_of(field)
    return location if location[0] in ROOTS else (BLOCK_OF[kind], *location)


def path_of(field: str, kind: Kind | None) -> str:
    """
    Return where *field* stands in the body, for people; a body that is none of the kinds has no blocks.

    >>> path_of("start_date", Kind.UPDATE), path_of("worker.address.street", Kind.IN)
    ('dimonaUpdate.startDate', 'worker.address.street')
    """
    if kind is None or field == "declaration":
        return "declaration"
    if field == "block":
        return BLOCK_OF[kind]
    return ".".join(full_location(field, kind))
