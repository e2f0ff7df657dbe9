"""Numbers of persons and employers: python-stdnum as oracle, and nothing of a wrong one in any text."""

from __future__ import annotations

import datetime as dt
import random
import re
import uuid

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.be import bis, nn, ssn, vat

from dimona_provider.domain.identifiers import (
    DimonaNumber,
    EnterpriseNumber,
    NssoNumber,
    ProvisionalNssoNumber,
    Ssin,
    parse_employer_id,
)
from dimona_provider.domain.ssin_search import contains_ssin
from support import people
from support.properties import anything

PARSERS = [
    Ssin.parse,
    EnterpriseNumber.parse,
    NssoNumber.parse,
    ProvisionalNssoNumber.parse,
    parse_employer_id,
    DimonaNumber.parse,
]

heads = st.builds(
    "{:02d}{:02d}{:02d}{:03d}".format,
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 999),
)

born = st.builds(
    lambda year, month, shift, day, serial: f"{year:02d}{month + shift:02d}{day:02d}{serial:03d}",
    st.integers(0, 99),
    st.integers(0, 12),
    st.sampled_from([0, 20, 40]),
    st.integers(0, 31),
    st.integers(0, 999),
)


def check_digits(head: str, century: str) -> str:
    return f"{97 - int(century + head) % 97:02d}"


def parses(parser, raw) -> bool:
    try:
        parser(raw)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("digits", ["93051822361", "01410199955", "87062315653"])
def test_social_security_numbers_of_official_examples_are_read(digits):
    assert str(Ssin.parse(digits)) == digits


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("93.05.18-223.61", id="dots and a dash"),
        pytest.param("93 05 18 223 61", id="spaces"),
        pytest.param("930518-223 61", id="mixed"),
    ],
)
def test_the_usual_separators_are_ignored(raw):
    assert Ssin.parse(raw) == Ssin("93051822361")


@pytest.mark.parametrize("born", ["850000", "850700", "002001", "854000", "852000", "850045"])
def test_unknown_and_exhausted_birth_dates_are_accepted(born):
    digits = people.ssin(7, born)

    assert ssn.is_valid(digits)
    assert parses(Ssin.parse, digits)
    assert contains_ssin(digits)


@given(heads | born)
def test_every_number_of_the_last_century_that_stdnum_accepts_is_read_and_no_other(head):
    digits = head + check_digits(head, "")

    assert parses(Ssin.parse, digits) == (nn.is_valid(digits) or bis.is_valid(digits))


@given(heads | born)
def test_every_number_of_this_century_that_stdnum_accepts_is_read_and_no_other(head):
    assume(2000 + int(head[:2]) <= dt.datetime.now(dt.UTC).year)  # stdnum knows today's date, we don't
    digits = head + check_digits(head, "2")

    assert parses(Ssin.parse, digits) == ssn.is_valid(digits)


@given(heads, st.integers(0, 99))
def test_wrong_check_digits_are_refused(head, check):
    right = {check_digits(head, ""), check_digits(head, "2")}
    assume(f"{check:02d}" not in right)

    assert not parses(Ssin.parse, f"{head}{check:02d}")


@pytest.mark.parametrize("digits", ["0477472701", "1028230781", "1009237290"])
def test_enterprise_numbers_of_the_facts_are_read(digits):
    assert str(EnterpriseNumber.parse(digits)) == digits


@pytest.mark.parametrize("raw", ["477472701", "BE0477472701", "0477.472.701", "BE 0477.472.701"])
def test_other_ways_of_writing_an_enterprise_number_give_the_same(raw):
    assert EnterpriseNumber.parse(raw) == EnterpriseNumber("0477472701")


@given(st.integers(0, 1_999_999_999))
def test_stdnum_and_we_agree_on_enterprise_numbers(number):
    digits = f"{number:010d}"
    right = f"{number // 100:08d}{97 - number // 100 % 97:02d}"

    # stdnum only asks for a sum divisible by 97, and so takes 00, 98 and 99 as check digits too.
    assert parses(EnterpriseNumber.parse, digits) == (vat.is_valid(digits) and 1 <= number % 100 <= 97)
    assert parses(EnterpriseNumber.parse, right) == vat.is_valid(right)


@pytest.mark.parametrize("digits", ["2477472701", "0000000000", "04774727011", "", "BE"])
def test_what_is_no_enterprise_number_is_refused(digits):
    assert not parses(EnterpriseNumber.parse, digits)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(100006, id="lowest"),
        pytest.param(199999934, id="highest"),
        pytest.param(175110801, id="example"),
        pytest.param(51357716, id="eight digits"),
        pytest.param(125482497, id="97 instead of 0"),
        pytest.param(935467, id="the Belgian State"),
    ],
)
def test_nsso_numbers_of_the_facts_are_read_as_number_and_as_text(number):
    assert NssoNumber.parse(number) == NssoNumber.parse(str(number)) == NssoNumber(number)
    assert parse_employer_id(number) == NssoNumber(number)
    assert not parses(ProvisionalNssoNumber.parse, number)


@pytest.mark.parametrize("number", [5000000120, 5999999989], ids=["lowest", "highest"])
def test_provisional_nsso_numbers_of_the_facts_are_read(number):
    assert ProvisionalNssoNumber.parse(number) == ProvisionalNssoNumber.parse(str(number))
    assert parse_employer_id(number) == ProvisionalNssoNumber(number)
    assert not parses(NssoNumber.parse, number)


@given(st.integers(1000, 1_999_999) | st.integers(50_000_001, 59_999_999))
def test_every_nsso_number_has_one_pair_of_check_digits(rest):
    right = [rest * 100 + check for check in range(100) if parses(parse_employer_id, rest * 100 + check)]

    assert len(right) <= 1
    assert all(1 <= number % 100 <= 97 for number in right)
    assert right or rest in {1000, 1_999_999, 50_000_001, 59_999_999}


@pytest.mark.parametrize(
    ("number", "usual"),
    [
        pytest.param(656309292174, True, id="a period of the simulation"),
        pytest.param(656309296521, True, id="another one"),
        pytest.param(656309314911, True, id="a third one"),
        pytest.param(656309322385, True, id="a fourth one"),
        pytest.param(656309296531, False, id="invented"),
        pytest.param(2029409422, False, id="invented and short"),
        pytest.param(970000000000, True, id="remainder 0 as 00"),
        pytest.param(9700000097, True, id="remainder 0 as 97"),
    ],
)
def test_unusual_check_digits_of_a_dimona_number_are_told_and_not_refused(number, usual):
    assert DimonaNumber.parse(number).has_usual_check_digits is usual
    assert DimonaNumber.parse(str(number)) == DimonaNumber(number)


@pytest.mark.parametrize("raw", [0, -1, 10**12, "1234567890123", "", "12a", True, 1.0, None, "١٢٣"])
def test_what_is_no_dimona_number_is_refused(raw):
    assert not parses(DimonaNumber.parse, raw)


def test_numbers_of_employers_mask_themselves():
    numbers = [EnterpriseNumber("0477472701"), NssoNumber(175110801), ProvisionalNssoNumber(5000000120)]

    assert not re.search("[0-9]", repr(numbers))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(100007, id="wrong check digits"),
        pytest.param(125482400, id="0 instead of 97"),
        pytest.param(200000032, id="above the definitive range"),
        pytest.param(5000000023, id="below the provisional range"),
        pytest.param(True, id="a boolean"),
        pytest.param(175110801.0, id="a float"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_is_no_nsso_number_is_refused(raw):
    assert not parses(NssoNumber.parse, raw)


@given(st.sampled_from(PARSERS), anything | st.from_regex(r"[0-9]{8,12}", fullmatch=True))
def test_errors_never_hold_the_input(parser, raw):
    assume(not parses(parser, raw))

    with pytest.raises(ValueError, match="number") as caught:
        parser(raw)

    assert not re.search("[0-9]", str(caught.value))
    assert caught.value.__cause__ is None


def test_the_repr_of_a_person_shows_no_digit():
    number = Ssin.parse("93051822361")

    assert not re.search("[0-9]", repr(number) + repr([number]))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("93051822361", id="alone"),
        pytest.param("EMP-93.05.18-223.61-A", id="with separators inside a text"),
        pytest.param("93 05 18 22 361", id="with spaces anywhere"),
        pytest.param("93/05/18/223/61", id="with slashes"),
        pytest.param("930_518_223_61", id="with underscores"),
        pytest.param("contract of 93051822361, first", id="in a sentence"),
        pytest.param("123930518223619", id="inside a longer number"),
        pytest.param("01410199955", id="a BIS number"),
        pytest.param("90014000117", id="a day above 31"),
        pytest.param("90.01.40-001.17", id="a day above 31 with separators"),
        pytest.param("1410199955", id="without its leading zero"),
        pytest.param("E-1410199955-b", id="without its leading zero in a text"),
        pytest.param("100100168", id="born in 2000, without both zeros"),
        pytest.param("10112377", id="born in January 2000, without three zeros"),
        pytest.param("\u20793051822361", id="a raised digit"),
        pytest.param("\u2468\u2462051822361", id="circled digits"),
        pytest.param("\u277e3051822361", id="a digit in a black circle"),
        pytest.param("\uff19\uff13051822361", id="wide digits"),
        pytest.param("93\u200b05\u200b18\u200b22361", id="invisible characters between"),
        pytest.param("930518x223x61", id="letters for separators"),
        pytest.param("930518A22361", id="a letter after the birth"),
        pytest.param("93x05x18x223x61", id="a letter between the groups"),
        pytest.param("9x3x0x5x1x8x2x2x3x6x1", id="a letter between all digits"),
    ],
)
def test_a_social_security_number_is_found_inside_text(text):
    assert contains_ssin(text)


@given(born, st.sampled_from(["", "2"]), st.text("abc- ", max_size=5), st.text("xyz- ", max_size=5))
def test_whatever_is_a_person_born_on_a_day_is_found_inside_text(head, century, before, after):
    assert contains_ssin(before + head + check_digits(head, century) + after)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "E-1",
        "PAY-2027-000123",
        "93051822362",
        "99991822361",
        "2027-01-20",
        "93051822",
        "aaaaaaaaaaaaaaaa",
        "0477472701",
        "14101999550",
        "1410199956",
    ],
)
def test_other_references_hold_no_social_security_number(text):
    assert not contains_ssin(text)


def test_random_references_are_not_taken_for_persons():
    rng = random.Random(1)  # noqa: S311 - the same ones each time
    uuids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(5_000)]
    short = [f"E-{rng.randrange(10**7)}" for _ in range(5_000)]

    assert sum(map(contains_ssin, uuids)) <= 2
    assert not sum(map(contains_ssin, short))


@pytest.mark.parametrize(
    "text",
    [
        "abcdef12-abcd-4bcd-8bcd-093051822361",
        "00000000-0000-0000-0000-093051822361",
        "93051822-3610-4000-8000-000000000000",
    ],
)
def test_a_uuid_made_of_a_social_security_number_is_no_random_one(text):
    assert contains_ssin(text)
