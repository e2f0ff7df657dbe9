"""What property tests draw from: REST bodies, some members of which are wrong, and declarations."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from dimona_provider.domain.declaration import (
    OPEN_END,
    Address,
    ConstructionCards,
    DimonaCancel,
    DimonaIn,
    DimonaOut,
    DimonaUpdate,
    Employer,
    Identity,
    PlaceOfWork,
    SmallStatutes,
    UserEnterprise,
)
from dimona_provider.domain.identifiers import (
    DimonaNumber,
    EnterpriseNumber,
    NssoNumber,
    ProvisionalNssoNumber,
    Ssin,
)
from support import bodies, people
from support.properties import anything

TYPES = [
    "OTH",
    "STU",
    "FLX",
    "EXT",
    "BCW",
    "DWD",
    "IVT",
    "TRI",
    "STG",
    "RTA",
    "ALT",
    "O17",
    "S17",
    "T17",
    "PMP",
]
COMMITTEES = ["124", "140", "144", "145", "149", "302", "320", "322", "XXX"]

_dates = st.dates(dt.date(1920, 1, 1), dt.date(2040, 12, 31)) | st.dates(
    dt.date(2027, 1, 1), dt.date(2027, 6, 30)
)
_json_dates = _dates.map(dt.date.isoformat) | st.sampled_from(["9999-12-31", "2027-02-30", "0001-01-01"])
_hours = st.times().map(lambda time: f"{time:%H%M}") | st.sampled_from(["2400", "9:00", "0960"])
_texts = st.text(min_size=1, max_size=50)
_nis = st.integers(-1, 100_001)


def _mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*[right] * 9, anything)


def _some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = st.fixed_dictionaries({}, optional={name: _mostly(value) for name, value in members.items()})
    strangers = st.one_of(*[st.just({})] * 9, st.dictionaries(st.text(), anything, max_size=1))
    return st.builds(lambda one, other: {**other, **one}, known, strangers)


_address = _some(
    street=_texts,
    houseNumber=_texts,
    boxNumber=_texts,
    postCode=_texts,
    municipality=_some(code=_nis, name=_texts),
    country=_nis,
) | st.just(bodies.ADDRESS)
_employer = st.sampled_from(
    [{"enterpriseNumber": people.EMPLOYER}, {"enterpriseNumber": "477472701"}, {"employerId": 935467}]
) | _some(
    enterpriseNumber=st.from_regex(r"[01]?[0-9]{9}", fullmatch=True), employerId=st.integers(0, 6 * 10**9)
)
_worker = st.sampled_from([{"ssin": people.SSIN}, bodies.IDENTITY]) | _some(
    ssin=st.from_regex(r"[0-9]{11}", fullmatch=True),
    familyName=_texts,
    givenName=_texts,
    initial=_texts,
    birthDate=_json_dates,
    placeOfBirth=_texts,
    countryOfBirth=_nis,
    nationality=_nis,
    gender=st.sampled_from(["0", "1", "2"]),
    address=_address,
)
_features = _some(
    jointCommissionNumber=st.sampled_from([*COMMITTEES, "200"]),
    workerType=st.sampled_from([*TYPES, "A17", "ZZZ"]),
    subEntityNumber=_nis,
    userEnterprise=_some(
        enterpriseNumber=st.just(people.OTHER_EMPLOYER),
        name=_texts,
        address=_address,
        jointCommissionNumber=st.sampled_from(COMMITTEES),
    ),
)
_times = {
    "startDate": _json_dates,
    "startHour": _hours,
    "endDate": _json_dates,
    "endHour": _hours,
    "plannedHoursNumber": st.integers(-1, 1001),
}
_blocks = {
    "studentPlaceOfWork": _some(name=_texts, address=_address),
    "constructionControlCards": _some(
        firstMonthC32ANumber=st.integers(0, 10**12), nextMonthC32ANumber=st.integers(0, 10**12)
    ),
    "smallStatutesInformation": _some(
        employmentNature=st.sampled_from(["WORKER", "EMPLOYEE", "BOSS"]),
        workerStatus=st.sampled_from(["F1", "F2", "F3"]),
        activityWithRisk=st.integers(-1, 1000),
    ),
}
_good = st.sampled_from(TYPES).flatmap(
    lambda code: st.builds(lambda more: bodies.body(code, **more), _some(**_times))
)
_in = st.fixed_dictionaries(
    {
        "dimonaIn": _mostly(
            st.builds(lambda one, two: {**one, "features": two}, _some(**_times, **_blocks), _features)
        )
    },
    optional={"employer": _mostly(_employer), "worker": _mostly(_worker)},
)
_period = st.integers(0, 10**12)
_follow_up = st.sampled_from(["dimonaOut", "dimonaUpdate", "dimonaCancel"]).flatmap(
    lambda block: st.fixed_dictionaries(
        {block: _mostly(_some(periodId=_period, **_times))},
        optional={"employer": _mostly(_employer), "worker": _mostly(_worker)},
    )
)
rest_bodies = _good | _in | _follow_up
"""Bodies as the service's description has them, with some members wrong, missing or strange."""

# Declarations as we make them: every value right in itself.
_words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9)
_codes = st.integers(1, 99999)
addresses = st.builds(
    Address, _words, _words, _words, st.none() | _codes, _words, _codes, st.none() | st.just("12")
)
_identities = st.builds(
    Identity,
    _words,
    _words,
    st.dates().map(dt.date.isoformat) | st.just("1990-00-00"),
    _words,
    _codes,
    _codes,
    st.sampled_from(["1", "2"]),
    addresses,
    st.none() | st.just("A"),
)
workers = st.sampled_from([Ssin(people.SSIN), Ssin(people.OTHER_SSIN)]) | _identities
_enterprises = st.sampled_from([EnterpriseNumber(people.EMPLOYER), EnterpriseNumber(people.OTHER_EMPLOYER)])
employers = st.builds(Employer, _enterprises) | st.builds(
    Employer,
    st.none() | _enterprises,
    st.sampled_from([NssoNumber(175110801), ProvisionalNssoNumber(5000000120)]),
)
_users = st.builds(
    UserEnterprise,
    st.none() | _enterprises,
    _words,
    st.none() | addresses,
    st.none() | st.sampled_from([one for one in COMMITTEES if one != "322"]),
).filter(lambda user: user.address is not None or user.enterprise_number is not None)
_cards = st.integers(1, 10**12 - 1)
_right_hours = st.none() | st.times().map(lambda time: f"{time:%H%M}")
_planned = st.none() | st.integers(1, 999)
_extra = st.just({}) | st.just({("href",): "x", ("declarationStatus",): {"result": "A"}})
_numbers = st.integers(1, 10**12 - 1).map(DimonaNumber)
_parties = {"employer": st.none() | employers, "worker": st.none() | workers, "extra": _extra}
declarations = st.one_of(
    st.builds(
        DimonaIn,
        employers,
        workers,
        st.sampled_from([*TYPES, "NEW"]),
        st.sampled_from([*COMMITTEES, "200"]),
        _dates,
        st.none() | _dates,
        _right_hours,
        _right_hours,
        _planned,
        st.none() | _codes,
        st.none() | _users,
        st.none() | st.builds(ConstructionCards, _cards, _cards),
        st.none()
        | st.builds(
            SmallStatutes,
            st.sampled_from(["WORKER", "EMPLOYEE"]),
            st.sampled_from(["F1", "F2"]),
            st.none() | st.integers(0, 999),
        ),
        st.none() | st.builds(PlaceOfWork, _words, addresses),
        _extra,
    ),
    st.builds(DimonaOut, _numbers, _dates, **_parties),
    st.builds(
        DimonaUpdate,
        _numbers,
        st.none() | _dates,
        st.none() | _dates | st.just(OPEN_END),
        _right_hours,
        _right_hours,
        _planned,
        **_parties,
    ),
    st.builds(DimonaCancel, _numbers, **_parties),
)
