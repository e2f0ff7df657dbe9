"""Every code that the simulator gives by its own rules, with one story that leads to it."""

from dataclasses import dataclass, field, fields
from datetime import date

import pytest

from include.dimona_simulator import Registers
from include.dimona_simulator.labels import label
from include.dimona_simulator.tables import INACTIVE_EMPLOYER, UNKNOWN_EMPLOYER, is_blocking
from support.markdown import DOCS, section, table

EMPLOYER, OTHER_EMPLOYER = "0477472701", "0999991113"
NSSO_NUMBER, PROVISIONAL, STATE = 123456749, 5000000120, 935467
WORKER = "93051822361"
ADDRESS = {
    "street": "Kerkstraat",
    "houseNumber": "1",
    "postCode": "9000",
    "municipality": {"code": 44021, "name": "Gent"},
    "country": 150,
}
ZONES = {
    "street": "00517",
    "houseNumber": "00518",
    "postCode": "00520",
    "municipality": "00522",
    "country": "00523",
}
USER = {"enterpriseNumber": OTHER_EMPLOYER, "jointCommissionNumber": "XXX"}
PERIOD = {"endDate": "2026-03-20"}
NIGHT = {"startHour": "2200", "endHour": "0200", "endDate": "2026-03-17"}


@dataclass(frozen=True)
class IN:
    """An IN to build: type, changes of the block, and changes beside it."""

    type: str = "OTH"
    block: dict = field(default_factory=dict)
    employer: dict | None = None
    worker: dict = field(default_factory=dict)
    features: dict = field(default_factory=dict)

    def body(self, nsso, _):
        body = nsso.body(self.type, **self.block)
        body["employer"] = self.employer or body["employer"]
        body["worker"] |= self.worker
        body["dimonaIn"]["features"] |= self.features
        for part in (body["worker"], body["dimonaIn"]["features"]):
            for name in [name for name, value in part.items() if value is None]:
                del part[name]
        return body


@dataclass(frozen=True)
class Then:
    """A follow-up on the period that the first declaration made."""

    kind: str
    block: dict = field(default_factory=dict)
    beside: dict = field(default_factory=dict)

    def body(self, _, period):
        return {self.kind: {"periodId": period, **self.block}, **self.beside}


def temp(**user):
    return IN(block=PERIOD, features={"jointCommissionNumber": "322", "userEnterprise": user})


def update(**block):
    return Then("dimonaUpdate", block)


def out(end="2026-04-30", **beside):
    return Then("dimonaOut", {"endDate": end}, beside)


def without(name):
    return {key: value for key, value in ADDRESS.items() if key != name}


CANCEL = Then("dimonaCancel")
LATE = IN(block={"startDate": "2026-03-09"})
STATUTES = {"smallStatutesInformation": {"employmentNature": "WORKER", "workerStatus": "F1"}}
CARDS = {"constructionControlCards": {"firstMonthC32ANumber": 1, "nextMonthC32ANumber": 2}}
TOO_LONG = {"endDate": "2026-03-17", "endHour": "1701"}
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
FROM_APRIL = (date(2026, 4, 1), date.max)
STORIES = {
    "00011-003": ([IN(employer={"employerId": 123456748})], {}),
    "00011-235": ([IN(employer={"employerId": NSSO_NUMBER})], {"unknown_employers": {str(NSSO_NUMBER)}}),
    "00011-347": ([IN(), out(employer={"employerId": NSSO_NUMBER})], {}),
    "00014-003": ([IN(employer={"enterpriseNumber": "0477472702"})], {}),
    "00014-022": (
        [
            IN("STU", employer={"employerId": NSSO_NUMBER, "enterpriseNumber": EMPLOYER}),
            IN("STU", employer={"employerId": NSSO_NUMBER, "enterpriseNumber": OTHER_EMPLOYER}),
        ],
        {},
    ),
    "00014-235": ([IN(employer={"enterpriseNumber": UNKNOWN_EMPLOYER})], {}),
    "00014-347": ([IN(), out(employer={"enterpriseNumber": OTHER_EMPLOYER})], {}),
    "00024-001": ([IN("EXT", worker={"ssin": None})], {}),
    "00024-003": ([IN(worker={"ssin": "93051822362"})], {}),
    "00024-347": ([IN(), out(worker={"ssin": "01410199955"})], {}),
    "00025-348": ([IN(worker={"familyName": "Maes"})], {"persons": {WORKER: {"familyName": "Claes"}}}),
    "00026-348": ([IN(worker={"givenName": "An"})], {"persons": {WORKER: {"givenName": "Els"}}}),
    "00028-003": ([IN(worker={"birthDate": "1893-05-18"})], {}),
    "00028-348": ([IN(worker={"birthDate": "1993-05-19"})], {}),
    "00029-348": ([IN(worker={"gender": "2"})], {}),
    "00046-001": ([temp(enterpriseNumber=OTHER_EMPLOYER)], {}),
    "00046-003": ([IN(features={"jointCommissionNumber": "200"})], {}),
    "00046-005": ([IN()], {"local_employers": {EMPLOYER}}),
    "00053-001": ([IN("IVT", {"smallStatutesInformation": {"employmentNature": "WORKER"}})], {}),
    "00053-005": ([IN("OTH", STATUTES)], {}),
    "00131-003": ([temp(**USER | {"enterpriseNumber": "0477472702"})], {}),
    "00131-005": ([IN(features={"userEnterprise": {"enterpriseNumber": OTHER_EMPLOYER}})], {}),
    "00131-235": ([temp(**USER | {"enterpriseNumber": UNKNOWN_EMPLOYER})], {}),
    "00153-005": ([IN(features={"userEnterprise": {"name": "X"}})], {}),
    **{
        f"{zone}-001": ([temp(name="X", jointCommissionNumber="XXX", address=without(name))], {})
        for name, zone in ZONES.items()
    },
    **{
        f"{zone}-005": ([IN(features={"userEnterprise": {"address": {name: ADDRESS[name]}}})], {})
        for name, zone in ZONES.items()
    },
    "00519-005": ([IN(features={"userEnterprise": {"address": {"boxNumber": "1"}}})], {}),
    "00652-001": ([IN(employer={"employerId": STATE})], {}),
    "00652-003": (
        [IN(employer={"employerId": STATE}, features={"subEntityNumber": 7})],
        {"sub_entities": {str(STATE): (5,)}},
    ),
    "00652-005": ([IN(features={"subEntityNumber": 7})], {"employers_without_sub_entities": {EMPLOYER}}),
    "00655-003": ([IN("ZZZ")], {}),
    "00655-350": ([IN("TEA", {"startDate": "2021-12-01"})], {"local_employers": {OTHER_EMPLOYER}}),
    "00663-001": ([IN("BCW", {"constructionControlCards": {"nextMonthC32ANumber": 2}})], {}),
    "00663-005": ([IN("OTH", CARDS)], {}),
    "00664-001": ([IN("BCW", {"constructionControlCards": {"firstMonthC32ANumber": 2}})], {}),
    "00664-005": ([IN("OTH", CARDS)], {}),
    "00664-353": (
        [IN("BCW", {"constructionControlCards": {"firstMonthC32ANumber": 2, "nextMonthC32ANumber": 2}})],
        {},
    ),
    "00776-003": ([IN("STU", {"studentPlaceOfWork": {"address": ADDRESS}})], {}),
    "00776-005": ([IN("OTH", {"studentPlaceOfWork": {"name": "X", "address": ADDRESS}})], {}),
    "00777-001": ([IN("EXT", {"startHour": None})], {}),
    "00777-005": ([IN("OTH", {"startHour": "0900"})], {}),
    "00778-001": ([IN("EXT", {"endHour": None})], {}),
    "00778-005": ([IN("OTH", {"endHour": "0900"})], {}),
    "00778-345": ([IN("FLX", {"endHour": "1659"})], {}),
    "00910-005": ([IN("STU"), update(startDate="2026-03-17")], {}),
    "00910-008": ([IN("ALT", {"startDate": "2023-08-31"})], {}),
    "00910-459": ([IN("EXT", {"endDate": "2026-03-18"})], {}),
    "00911-001": ([IN("STU", {"endDate": None})], {}),
    "00911-003": ([IN("T17", {"endDate": "2026-03-17"})], {}),
    "00911-008": ([IN(), out("2036-01-01")], {}),
    "00911-014": ([IN(), out("2026-03-15")], {}),
    "00911-344": ([IN("FLX"), update(endDate="2026-03-17", endHour="0100")], {}),
    "00913-181": ([IN("STX", {"startDate": "2013-12-31"}), update(startDate="2013-12-30")], {}),
    "00913-354": ([out()], {}),
    "00913-355": ([IN(), CANCEL, CANCEL], {}),
    "00913-356": ([IN(), out(), out()], {}),
    "00913-357": ([IN(block={"endDate": "2026-03-15"}), out()], {}),
    "00913-359": ([IN(), update(endDate="2026-04-30")], {}),
    "00913-362": ([IN(), CANCEL], {"locked_workers": {WORKER}}),
    "00913-368": ([temp(**USER), update(endDate="9999-12-31")], {}),
    "00948-003": ([IN(employer={"employerId": 5000000121})], {}),
    "00948-235": ([IN(employer={"employerId": PROVISIONAL})], {"unknown_employers": {str(PROVISIONAL)}}),
    "00948-347": ([IN(), out(employer={"employerId": PROVISIONAL})], {}),
    "01135-001": ([IN("STU", {"plannedHoursNumber": None})], {}),
    "01135-005": ([IN("OTH", {"plannedHoursNumber": 8})], {}),
    "01231-001": ([IN("IVT", {"smallStatutesInformation": {"workerStatus": "F1"}})], {}),
    "01231-005": ([IN("OTH", STATUTES)], {}),
    "90017-363": ([IN(worker={"ssin": None})], {}),
    "90017-369": ([IN("STU", {"plannedHoursNumber": 651})], {}),
    "90017-510": ([IN("FLX")], {"worker_anomalies": {WORKER: ("90017-510",)}}),
    "90107-351": ([temp(jointCommissionNumber="XXX")], {}),
    "90107-352": ([temp(**USER, name="X")], {}),
    "90256-155": ([IN(employer={"enterpriseNumber": "0999990420"})], {}),
    "90256-342": ([IN(employer={"enterpriseNumber": "0999990519"})], {}),
    "90373-333": ([IN(), IN()], {}),
    "90373-334": ([IN(), IN("STU")], {}),
    "90373-341": ([IN("EXT", TOO_LONG)], {}),
    "90373-343": ([IN(employer={"enterpriseNumber": INACTIVE_EMPLOYER})], {}),
    "90373-421": ([IN("STU", {"endDate": "2026-04-01"})], {}),
    "90373-450": ([IN()], {"blocked_spans": {"OTH": MARCH}}),
    "90373-460": ([LATE], {}),
    "90374-349": ([IN("STU", {"committee": "302"})], {}),
    "90378-333": ([IN("EXT"), IN("EXT", NIGHT), update(**NIGHT)], {}),
    "90378-334": ([IN("EXT"), IN("EXT", NIGHT), update(endHour="2201")], {}),
    "90378-341": ([IN("EXT"), update(**TOO_LONG)], {}),
    "90378-360": ([IN(), update()], {}),
    "90378-361": ([IN("EXT"), update()], {}),
    "90378-368": ([IN("STU"), update(endDate="9999-12-31", plannedHoursNumber=50)], {}),
    "90378-421": ([IN("STU"), update(endDate="2026-04-01")], {}),
    "90378-444": ([IN(), update(startDate="2026-03-16")], {}),
    "90378-450": ([IN(), update(startDate="2026-04-01")], {"blocked_spans": {"OTH": FROM_APRIL}}),
    "90378-460": ([IN(), update(startDate="2026-03-09")], {}),
}  # fmt: skip
ELSEWHERE = {"90256-364", "90378-343"}
"""Codes that take a setting or a second start; their stories are below."""


def told(nsso, steps):
    """File the steps and give the last one's result and codes."""
    period, answer = 656310000267, None
    for number, step in enumerate(steps):
        body = step.body(nsso, period)
        filed = nsso.file(body)
        nsso.clock.advance(46)
        status = nsso.get(filed).json()["declarationStatus"]
        period = filed if number == 0 else period
        answer = status["result"], [anomaly["errorId"] for anomaly in status.get("anomalies", [])]
    return answer


@pytest.mark.parametrize("code", STORIES)
def test_a_story_leads_to_its_code(make_nsso, code):
    steps, registers = STORIES[code]
    nsso = make_nsso(registers=Registers(**registers))

    result, codes = told(nsso, steps)

    assert code in codes
    assert result == ("B" if any(is_blocking(found, "STU") for found in codes) else "W")


def test_the_documented_codes_are_those_with_a_story():
    rows = table(section(DOCS / "simulator.md", "Codes"), "code", "given for")
    documented = [code for row in rows for code in row[0].split(", ")]

    assert sorted(documented) == sorted({*STORIES, *ELSEWHERE})


@pytest.mark.parametrize("kind", sorted({code[-3:] for code in {*STORIES, *ELSEWHERE}}))
def test_every_kind_of_anomaly_has_labels_of_its_own(kind):
    shown = label(f"00000-{kind}")

    assert set(shown) == {"fr", "nl"}
    assert shown != label("00000-000")


def test_the_documented_registers_are_those_there_are():
    rows = table(section(DOCS / "simulator.md", "Registers"), "register", "holds")

    assert sorted(name for row in rows for name in row[0].split(", ")) == sorted(
        register.name for register in fields(Registers)
    )


def test_an_employer_without_number_is_refused_by_code_when_set(make_nsso):
    nsso = make_nsso(missing_parties="B")
    body = nsso.body()
    del body["employer"]

    assert nsso.outcome(body) == ("B", ["90256-364"])


def test_a_worker_who_is_absent_is_refused_by_code_when_set(make_nsso):
    nsso = make_nsso(missing_parties="B")
    body = nsso.body()
    del body["worker"]

    assert nsso.outcome(body) == ("B", ["90017-363"])


def test_an_employer_who_has_stopped_can_change_nothing(make_nsso, tmp_path):
    before = make_nsso(tmp_path)
    period = before.accepted()

    after = make_nsso(tmp_path, registers=Registers(inactive_employers=frozenset({EMPLOYER})))

    assert after.outcome(update(startDate="2026-03-18").body(after, period)) == ("B", ["90378-343"])


@pytest.mark.parametrize(
    "code", ["90017-058", "90017-151", "90017-514", "90017-515", "90373-483", "00024-348"]
)
def test_a_register_says_more_of_a_worker(make_nsso, code):
    nsso = make_nsso(registers=Registers(worker_anomalies={WORKER: (code,)}))

    result, codes = nsso.outcome(nsso.body("FLX"))

    assert (result, codes) == ("B" if code == "90017-151" else "W", [code])


@pytest.mark.parametrize("code", ["90017-510", "90017-058", "90017-369"])
def test_what_concerns_another_type_is_not_said(make_nsso, code):
    nsso = make_nsso(registers=Registers(worker_anomalies={WORKER: (code,)}))

    assert nsso.outcome(nsso.body("OTH")) == ("A", [])


@pytest.mark.parametrize("code", ["90256-151", "90256-346", "90256-369"])
def test_a_register_says_more_of_an_employer(make_nsso, code):
    nsso = make_nsso(registers=Registers(employer_anomalies={EMPLOYER: (code,)}))

    assert nsso.outcome(nsso.body())[1] == [code]
