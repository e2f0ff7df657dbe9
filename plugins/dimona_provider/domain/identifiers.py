"""Numbers that name persons and employers, as values that are right and never show themselves."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import Self


def _has_ssin_check(digits: str) -> bool:
    head, check = digits[:9], int(digits[9:])
    # Births from 2000 on: put 2 before the nine digits (rule of the national register).
    return check in {97 - int(head) % 97, 97 - int("2" + head) % 97}


@dataclass(frozen=True, slots=True, repr=False)
class Ssin:
    """
    A Belgian social security identification number (INSZ/NISS), national or BIS, with right check digits.

    ``str()`` gives the eleven digits, for the wire. ``repr()`` never does: it ends up in logs and tracebacks.
    """

    digits: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """
        Read eleven digits, with or without the usual dots, dashes and spaces.

        Raises ValueError without echoing the input.
        """
        digits = raw if isinstance(raw, str) else ""
        if len(digits) != 11:
            digits = re.sub(r"[ .\-]", "", digits)
        if not re.fullmatch(r"[0-9]{11}", digits) or not _has_birth_month(digits):
            raise ValueError("not a social security number of eleven digits")
        if not _has_ssin_check(digits):
            raise ValueError("a social security number with wrong check digits")
        return cls(digits)

    def __str__(self) -> str:
        return self.digits

    def __repr__(self) -> str:
        return "Ssin('***********')"


def is_ssin(digits: str) -> bool:
    """Tell whether eleven digits are an SSIN: its check digits are right, and its month is one."""
    return _has_birth_month(digits) and _has_ssin_check(digits)


def _has_birth_month(digits: str) -> bool:
    # BIS numbers add 20 or 40. 00 stands for an unknown month, and days above 31 exist where days ran out.
    month = int(digits[2:4])
    return month % 20 <= 12 and month < 60


@dataclass(frozen=True, slots=True, repr=False)
class EnterpriseNumber:
    """
    A CBE enterprise number (KBO/BCE): ten digits, first 0 or 1, the last two 97 - (first eight mod 97).

    The service answers it with the leading zero dropped; ``parse`` pads it again.
    """

    digits: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read nine or ten digits, with or without ``BE`` and dots. Raises ValueError."""
        text = re.sub(r"[ .\-]", "", raw).removeprefix("BE") if isinstance(raw, str) else ""
        if not re.fullmatch(r"[0-9]{9,10}", text):
            raise ValueError("not an enterprise number of ten digits")
        digits = text.zfill(10)
        if digits[0] not in "01" or int(digits) == 0 or int(digits[8:]) != 97 - int(digits[:8]) % 97:
            raise ValueError("an enterprise number with wrong check digits")
        return cls(digits)

    def __str__(self) -> str:
        return self.digits

    def __repr__(self) -> str:
        return "EnterpriseNumber('**********')"


@dataclass(frozen=True, slots=True, repr=False)
class NssoNumber:
    """
    An employer's definitive NSSO registration number (glossary zone 00011).

    Last two digits: 96 - (100 x rest mod 97), with 97 for 0.
    """

    number: int

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read the number from an integer or a string of digits. Raises ValueError."""
        return cls(_read_nsso(raw, 100006, 199999934))

    def __str__(self) -> str:
        return str(self.number)

    def __repr__(self) -> str:
        return "NssoNumber(*********)"


@dataclass(frozen=True, slots=True, repr=False)
class ProvisionalNssoNumber:
    """An employer's NSSO number until the definitive one exists (zone 00948); same check digits."""

    number: int

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read the number from an integer or a string of digits. Raises ValueError."""
        return cls(_read_nsso(raw, LOWEST_PROVISIONAL, 5999999989))

    def __str__(self) -> str:
        return str(self.number)

    def __repr__(self) -> str:
        return "ProvisionalNssoNumber(**********)"


LOWEST_PROVISIONAL = 5000000120


def parse_employer_id(raw: object) -> NssoNumber | ProvisionalNssoNumber:
    """Read a definitive or a provisional NSSO number, whichever it is. Raises ValueError."""
    number = _read_nsso(raw, 100006, 5999999989)
    return NssoNumber.parse(number) if number < LOWEST_PROVISIONAL else ProvisionalNssoNumber.parse(number)


def typed_employer(raw: str) -> str:
    """
    Return an employer's number, as a person typed it, as the ledger has it.

    Raises ValueError, without echoing it, also for one that may be of either kind.
    """
    text = re.sub(r"[ .\-]", "", raw.upper())
    is_enterprise = text.startswith("BE") or (len(text) == 10 and text[0] in "01")
    found = set()
    for parse in (EnterpriseNumber.parse,) if is_enterprise else (EnterpriseNumber.parse, parse_employer_id):
        with contextlib.suppress(ValueError):
            found.add(str(parse(text)))
    if not found:
        raise ValueError("no enterprise number, and no NSSO number")
    if len(found) > 1:
        raise ValueError(
            "may be an enterprise number or an NSSO number: write an enterprise number with its leading 0"
        )
    return found.pop()


def _read_nsso(raw: object, lowest: int, highest: int) -> int:
    text = raw if isinstance(raw, str) else ""
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= highest:
        text = str(raw)
    text = re.sub(r"[ .\-]", "", text)
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise ValueError("not an NSSO number")
    number = int(text)
    if not lowest <= number <= highest:
        raise ValueError("an NSSO number out of range")
    if number % 100 != ((96 - number // 100 * 100 % 97) or 97):
        raise ValueError("an NSSO number with wrong check digits")
    return number


@dataclass(frozen=True, slots=True)
class DimonaNumber:
    """
    The number of a declaration or of its period: at most twelve digits, and no secret.

    The last two equal the first ten modulo 97 wherever real numbers were seen (reference/domain.md, section
    1). Nobody official says so: wrong ones are worth a warning and never a refusal.
    """

    number: int

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read the number from an integer or a string of digits. Raises ValueError."""
        text = raw if isinstance(raw, str) else ""
        if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw < 10**12:
            text = str(raw)
        if not re.fullmatch(r"[0-9]{1,12}", text) or not int(text):
            raise ValueError("not a Dimona number of at most twelve digits")
        return cls(int(text))

    @classmethod
    def typed(cls, raw: str) -> Self:
        """
        Read the number as a person typed it.

        Raises ValueError, without echoing it, also for an SSIN in whatever form: who has both before his eyes
        mixes them up. A declaration's number that happens to be one is typed with its twelfth digit, a 0.
        """
        digits = re.sub(r"\D", "", raw)
        if re.fullmatch(r"[0-9]{11}", digits) and is_ssin(digits):
            raise ValueError(
                "this looks like a social security number; a declaration's number has twelve digits"
            )
        return cls.parse(raw)

    @property
    def has_usual_check_digits(self) -> bool:
        """Whether the last two digits are what they are in every real number seen; 97 may stand for 0."""
        head, check = divmod(self.number, 100)
        return check == head % 97 or (check == 97 and head % 97 == 0)

    def __str__(self) -> str:
        return str(self.number)
