"""Ways in which a declaration can be wrong, or differently right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from support.parts import (
    COMMITTEES,
    EMPLOYERS,
    STATE,
    TYPES,
    Json,
    address,
    card,
    dimona_number,
    identity,
    part_of,
    ssin,
    ssin_of,
    user_enterprise,
)

Change = Callable[[Random, Json, dt.date], object]

_TURNS = ("1919-12-31", "1920-01-01", "2013-12-31", "2014-01-01", "2019-11-30", "2019-12-01", "2021-12-31")
_TURNS_SINCE = ("2022-01-01", "2022-12-31", "2023-01-01", "2023-08-31", "2023-09-01")
"""Days on which a rule begins or ends, with the day before."""
_TURNS_OF_TYPES = (
    *(("ALT", day) for day in ("2023-08-31", "2023-09-01")),
    *((code, day) for code in ("O17", "S17", "T17", "A17", "TEA") for day in ("2021-12-31", "2022-01-01")),
    *((code, day) for code in ("IVT", "TRI", "STG") for day in ("2019-11-30", "2019-12-01")),
    *(("QUA", day) for day in ("2022-12-31", "2023-01-01")),
    *(("STX", day) for day in ("2013-12-31", "2014-01-01")),
)
_CLOCK = ("0000", "0800", "0801", "1200", "2000", "2359")
_BIRTHS = ("1800-01-01", "1906-06-06", "1990-02-03", "1990-00-00", "0000-00-00", "2019-12-31", "2090-01-01")
_NSSO_NUMBERS = (100006, 199999934, 100007, 5000000120, 5000000121, 999999999, 1000000000, 6000000000, STATE)


def _block(body: Json) -> Json:
    block: Json = body[next(name for name in body if name.startswith("dimona"))]
    return block


def _later(rng: Random, today: dt.date, days: tuple[int, ...]) -> str:
    return (today + dt.timedelta(days=rng.choice(days))).isoformat()


def _after_start(rng: Random, body: Json, today: dt.date) -> None:
    start = dt.date.fromisoformat(_block(body).get("startDate", today.isoformat()))
    end = start + dt.timedelta(days=rng.choice((-1, 0, 1, 1, 2, 3, 90)))
    _block(body).update(startDate=start.isoformat(), endDate=end.isoformat())


def _drop_one(rng: Random, block: Json) -> None:
    if len(block) > 1:
        block.pop(rng.choice(sorted(block)))


def _hours(rng: Random) -> Json:
    return part_of(rng, {"startHour": rng.choice(_CLOCK), "endHour": rng.choice(_CLOCK)})


def _known_worker(rng: Random) -> Json:
    """A worker with SSIN and identity, which agree or not."""
    born = rng.choice(("1990-02-03", "1991-02-03", "2003-12-31", "2000-01-01"))
    number = rng.choice((ssin_of(born, man=rng.random() < 0.5), ssin(rng)))
    about = identity(rng) | {"birthDate": rng.choice((born, born[:4] + "-00-00", *_BIRTHS))}
    return {"ssin": number, **part_of(rng, about)}


def _turn_of_type(rng: Random, body: Json) -> None:
    """Let a type begin on, or the day before, one of its own turns."""
    code, day = rng.choice(_TURNS_OF_TYPES)
    _block(body).update(startDate=day)
    _block(body)["features"].update(workerType=code)


def _lent_without_committee(rng: Random, body: Json) -> None:
    kind = rng.choice(("BCW", "DWD", "IVT", "TRI", "STU", "OTH"))
    user = {"enterpriseNumber": EMPLOYERS[0]}
    _block(body)["features"].update(workerType=kind, jointCommissionNumber="322", userEnterprise=user)
    if rng.random() < 0.5:
        _block(body).update(constructionControlCards=_cards(rng))


def _wrong_user(rng: Random) -> Json:
    whole = user_enterprise(rng) | {
        "name": "Atelier",
        "enterpriseNumber": rng.choice((*EMPLOYERS, "477472702")),
    }
    whole |= {"jointCommissionNumber": rng.choice((*COMMITTEES, "200"))}
    return part_of(rng, whole | {"address": part_of(rng, {**address(rng), "boxNumber": "4"})})


ANY: tuple[Change, ...] = (
    lambda rng, body, today: _block(body).pop("endDate", None),
    lambda rng, body, today: _block(body).pop("startHour", None),
    lambda rng, body, today: _block(body).pop("endHour", None),
    lambda rng, body, today: _block(body).update(_hours(rng)),
    lambda rng, body, today: _block(body).update(_hours(rng)),
    lambda rng, body, today: _block(body).update(endDate=_later(rng, today, (-60, -1, 0, 31, 92, 400))),
    lambda rng, body, today: _block(body).update(
        endDate=rng.choice(("9999-12-31", "1998-12-31", "1999-01-01", f"{today.year + 10}-01-01"))
    ),
    lambda rng, body, today: _block(body).update(plannedHoursNumber=rng.choice((1, 999))),
    lambda rng, body, today: _block(body).update(startDate=_later(rng, today, (-400, -1, 0, 60, 120, 200))),
    lambda rng, body, today: _block(body).update(
        startDate=rng.choice((*_TURNS, *_TURNS_SINCE, f"{today.year + 10}-01-01", f"{today.year + 9}-12-31"))
    ),
    _after_start,
    lambda rng, body, today: body.update(worker={"ssin": "93051822362"}),
    lambda rng, body, today: body.update(worker={"ssin": ssin(rng)}),
    lambda rng, body, today: body.update(
        employer={"enterpriseNumber": rng.choice((EMPLOYERS[0], "477472702"))}
    ),
    lambda rng, body, today: body.update(employer={"enterpriseNumber": "0000000097"}),
    lambda rng, body, today: body.update(employer={"employerId": rng.choice(_NSSO_NUMBERS)}),
    lambda rng, body, today: body.setdefault("employer", {}).update(employerId=rng.choice(_NSSO_NUMBERS)),
    lambda rng, body, today: body.update(employer={}),
    lambda rng, body, today: body.pop("employer", None),
    lambda rng, body, today: body.pop("worker", None),
)
"""Changes to a declaration of any kind."""

IN: tuple[Change, ...] = (
    lambda rng, body, today: _block(body).pop("plannedHoursNumber", None),
    lambda rng, body, today: _turn_of_type(rng, body),
    lambda rng, body, today: _turn_of_type(rng, body),
    lambda rng, body, today: _lent_without_committee(rng, body),
    lambda rng, body, today: _lent_without_committee(rng, body),
    lambda rng, body, today: body.update(worker=identity(rng)),
    lambda rng, body, today: body.update(worker=identity(rng) | {"birthDate": rng.choice(_BIRTHS)}),
    lambda rng, body, today: body.update(worker=_known_worker(rng)),
    lambda rng, body, today: body.update(worker=_known_worker(rng)),
    lambda rng, body, today: body.update(worker=identity(rng) | {"address": part_of(rng, address(rng))}),
    lambda rng, body, today: body.update(worker=part_of(rng, identity(rng))),
    lambda rng, body, today: _block(body)["features"].update(workerType=rng.choice(TYPES)),
    lambda rng, body, today: _block(body)["features"].update(
        jointCommissionNumber=rng.choice((*COMMITTEES, "200", "118"))
    ),
    lambda rng, body, today: _block(body)["features"].pop("jointCommissionNumber", None),
    lambda rng, body, today: _block(body)["features"].update(subEntityNumber=rng.randint(1, 9_999_999_999)),
    lambda rng, body, today: _block(body)["features"].pop("subEntityNumber", None),
    lambda rng, body, today: _block(body)["features"].update(userEnterprise=user_enterprise(rng)),
    lambda rng, body, today: _block(body)["features"].update(userEnterprise=_wrong_user(rng)),
    lambda rng, body, today: _block(body)["features"].update(userEnterprise=_wrong_user(rng)),
    lambda rng, body, today: _drop_one(rng, _block(body)["features"].get("userEnterprise", {})),
    lambda rng, body, today: _block(body)["features"].pop("userEnterprise", None),
    lambda rng, body, today: _block(body).update(constructionControlCards=_cards(rng)),
    lambda rng, body, today: _block(body).pop("constructionControlCards", None),
    lambda rng, body, today: _block(body).update(smallStatutesInformation=_statutes(rng)),
    lambda rng, body, today: _block(body).pop("smallStatutesInformation", None),
    lambda rng, body, today: _block(body).update(
        studentPlaceOfWork={"name": "Atelier", "address": address(rng)}
    ),
    lambda rng, body, today: _block(body).update(studentPlaceOfWork=_place(rng)),
)
"""Changes to an IN."""

FOLLOW_UP: tuple[Change, ...] = (
    lambda rng, body, today: _block(body).update(periodId=dimona_number(rng) + 1),
    lambda rng, body, today: body.update(worker=part_of(rng, _known_worker(rng))),
    lambda rng, body, today: _block(body).update(startDate=_later(rng, today, (0, 1)), **_hours(rng)),
)
"""Changes to an OUT, UPDATE or CANCEL."""


def changes_of(body: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes that can be made to a body of this kind."""
    return ANY + (IN if "dimonaIn" in body else FOLLOW_UP)


def _cards(rng: Random) -> Json:
    first = card(rng)
    return part_of(
        rng, {"firstMonthC32ANumber": first, "nextMonthC32ANumber": rng.choice((first, card(rng)))}
    )


def _statutes(rng: Random) -> Json:
    return part_of(rng, {"employmentNature": "WORKER", "workerStatus": "F1", "activityWithRisk": 1})


def _place(rng: Random) -> Json:
    return part_of(rng, {"name": "Atelier", "address": part_of(rng, {**address(rng), "boxNumber": "4"})})
