from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import bis, nn, vat

from include.dimona_simulator.identifiers import (
    declaration_id,
    employer_id_for,
    invented_bis,
    is_employer_id,
    is_enterprise_number,
    is_ssin,
)


@pytest.mark.parametrize(
    "ssin",
    [
        pytest.param("93051822361", id="born before 2000"),
        pytest.param("01410199955", id="BIS number"),
        pytest.param("87062315653", id="another"),
    ],
)
def test_genuine_numbers_pass(ssin):
    assert is_ssin(ssin)


@given(st.dates(), st.integers(1, 997), st.integers(1, 97))
def test_whatever_stdnum_accepts_as_a_national_number_is_accepted(born, serial, check):
    digits = f"{born:%y%m%d}{serial:03d}{check:02d}"

    if nn.is_valid(digits):
        assert is_ssin(digits)


@given(st.integers(0, 999_999_999), st.integers(0, 99))
def test_a_number_passes_for_at_most_two_check_digits(head, check):
    right = [digits for digits in range(100) if is_ssin(f"{head:09d}{digits:02d}")]
    month = head // 100_000 % 100

    assert len(right) in ({1, 2} if month < 60 and month % 20 <= 12 else {0})
    assert is_ssin(f"{head:09d}{check:02d}") == (check in right)


@given(st.integers(1, 19_999_999), st.integers(1, 97))
def test_enterprise_numbers_are_judged_as_stdnum_does(head, check):
    digits = f"{head:08d}{check:02d}"

    assert is_enterprise_number(digits) == vat.is_valid(digits)


@pytest.mark.parametrize("number", [100006, 199999934, 5000000120, 5999999989, 125482497, 175110801])
def test_known_registration_numbers_pass(number):
    assert is_employer_id(number)


@given(st.integers(0, 19_999_999))
def test_invented_registration_numbers_are_right(head):
    assert is_employer_id(employer_id_for(f"{head:08d}00"))


@pytest.mark.parametrize("number", [656309292174, 656309296521, 656309314911, 656309322385])
def test_recorded_declaration_numbers_have_our_check_digits(number):
    assert declaration_id(number // 100) == number


@given(st.dates(min_value=date(1930, 1, 1), max_value=date(2015, 1, 1)), st.integers(0))
def test_an_invented_bis_number_is_one(born, serial):
    assert bis.is_valid(invented_bis(born.isoformat(), serial))
