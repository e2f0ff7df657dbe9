"""Belgian numbers and their check digits, as strings of digits."""

from dataclasses import dataclass

_MODULUS = 97


@dataclass(frozen=True, slots=True)
class Born:
    """What an SSIN says of its holder; a part that it leaves open is 0 or ``None``."""

    year: int
    month: int
    day: int
    gender: str | None

    def agrees_with(self, birth_date: str) -> bool:
        """Tell whether ``YYYY-MM-DD`` (or ``YYYY-00-00``) says nothing else."""
        sent = (int(part) for part in birth_date.split("-"))
        own = (self.year, self.month, self.day)
        return all(0 in {mine, theirs} or mine == theirs for mine, theirs in zip(own, sent, strict=True))


def born(ssin: str) -> Born:
    """
    Read birth date and gender (``"1"`` man, ``"2"`` woman) from an SSIN with right check digits.

    A BIS number has 20 or 40 added to the month; with 20 the gender is not known.

    >>> born("93051822361")
    Born(year=1993, month=5, day=18, gender='1')
    """
    since_2000 = int(ssin[9:]) == _MODULUS - (2_000_000_000 + int(ssin[:9])) % _MODULUS
    added, month = divmod(int(ssin[2:4]), 20)
    gender = None if added == 1 else "1" if int(ssin[6:9]) % 2 else "2"
    day = int(ssin[4:6])  # beyond 31 where the numbers of a day ran out
    return Born(int(ssin[:2]) + (2000 if since_2000 else 1900), month, day if day <= 31 else 0, gender)


def is_ssin(digits: str) -> bool:
    """
    Tell whether eleven digits have a month of birth and right check digits, for either century of birth.

    >>> is_ssin("93051822361"), is_ssin("93051822362")
    (True, False)
    """
    head, check, month = int(digits[:9]), int(digits[9:]), int(digits[2:4])
    if month >= 60 or month % 20 > 12:
        return False
    return check in {_MODULUS - head % _MODULUS, _MODULUS - (2_000_000_000 + head) % _MODULUS}


def is_enterprise_number(digits: str) -> bool:
    """
    Tell whether an enterprise number of ten digits is right.

    >>> is_enterprise_number("0477472701"), is_enterprise_number("0477472702")
    (True, False)
    """
    head, check = int(digits[:8]), int(digits[8:])
    return digits[0] in "01" and check == _MODULUS - head % _MODULUS


def is_employer_id(number: int) -> bool:
    """Tell whether a definitive or provisional NSSO registration number is in range and right."""
    in_range = 100_006 <= number <= 199_999_934 or 5_000_000_120 <= number <= 5_999_999_989
    return in_range and number % 100 == _employer_check(number // 100)


def is_provisional(number: int) -> bool:
    """Tell a provisional NSSO number, of ten digits, from a definitive one."""
    return number >= 1_000_000_000


def employer_id_for(enterprise_number: str) -> int:
    """Invent the NSSO registration number of an enterprise, always the same one."""
    head = 1_001 + int(enterprise_number[:8]) % 1_998_998
    return head * 100 + _employer_check(head)


def is_enterprise_key(key: str) -> bool:
    """Tell an enterprise number from an NSSO number, written as digits (provisional ones start with 5)."""
    return len(key) == 10 and key[0] in "01"


def declaration_id(sequence: int) -> int:
    """Add the two check digits (first ten modulo 97) to a sequence of ten digits."""
    return sequence * 100 + sequence % _MODULUS


def invented_bis(birth_date: str, serial: int) -> str:
    """
    Make the BIS number that the identification service gives to a worker without SSIN.

    *birth_date* is ``YYYY-MM-DD``; month + 40 marks a BIS number with known sex.
    """
    year, month, day = birth_date.split("-")
    head = f"{year[2:]}{int(month) + 40:02d}{day}{serial % 998 + 1:03d}"
    century = 2_000_000_000 if int(year) >= 2000 else 0
    return f"{head}{_MODULUS - (century + int(head)) % _MODULUS:02d}"


def _employer_check(head: int) -> int:
    return (96 - head * 100 % _MODULUS) or _MODULUS
