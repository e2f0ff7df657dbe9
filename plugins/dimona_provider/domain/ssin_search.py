"""Finding a social security number in any text: references and messages must not hold one."""

from __future__ import annotations

import re
import unicodedata

from dimona_provider.domain.identifiers import is_ssin

_FORMS = tuple(
    re.compile(f"(?=({form}))")  # looking ahead finds them where they overlap
    for form in (
        r"\d{6}[^\W\d]?\d{3}[^\W\d]?\d{2}",  # a letter in place of a separator, or none
        r"\d{2}([^\W\d])\d{2}\2\d{2}\2\d{3}\2\d{2}",
        r"\d([^\W\d])\d(?:\2\d){9}",
    )
)
"""How an SSIN may be written once everything but letters and digits is gone."""
_UUID = re.compile(r"[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")


def contains_ssin(text: str) -> bool:
    """
    Tell whether an SSIN stands anywhere in *text*: whatever ``Ssin.parse`` takes, and some of its disguises.

    Everything but letters and digits is ignored, so that ``85.07.30-033.28`` is found too, and a letter may
    stand where the usual separators do, or one and the same between all digits. A digit is one in any script,
    raised or circled. So is a number found that lost its leading zeros, where it is one as long as that.
    """
    if _is_random_uuid(text):
        text = text[-12:]  # hexadecimal letters would be taken for separators
        return any(is_ssin(found[1]) for found in re.finditer(r"(?=(\d{11}))", text))
    plain = "".join(_as_digit(char) for char in unicodedata.normalize("NFKC", text))
    squeezed = re.sub(r"[\W_]", "", plain)
    if any(is_ssin(re.sub(r"\D", "", found[1])) for form in _FORMS for found in form.finditer(squeezed)):
        return True
    return any(_is_shortened_ssin(run) for run in re.findall(r"\d+", squeezed) if 8 <= len(run) <= 10)


def _is_random_uuid(text: str) -> bool:
    # Of 30 random characters hardly ever fewer than five are letters; a number put into the form has few.
    return bool(_UUID.fullmatch(text)) and len(re.findall(r"[A-Fa-f]", text)) >= 5


def _as_digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def _is_shortened_ssin(run: str) -> bool:
    digits = run.zfill(11)
    if digits.startswith("00") and int(digits[9:]) != 97 - int("2" + digits[:9]) % 97:
        return False  # two zeros are gone: born in 2000, for in 1900 is too long ago
    # Narrower than for eleven digits, to spare numbers of other kinds; real shortened ones have a birth day.
    has_day = int(digits[4:6]) <= 31 or int(digits[2:4]) % 20 == 0
    return has_day and is_ssin(digits)
