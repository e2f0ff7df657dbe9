"""What an SSIN says of its holder, and whether the identity sent beside it agrees (zones 00028 and 00029)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from dimona_provider.domain.draft import Breach, Draft, breach
from dimona_provider.domain.identifiers import Ssin

_OLDEST = 120
"""Years before that of the declaration in which a worker may be born."""
_OTHER_BIRTH = Breach("00028-348", "worker.birth_date")
_OTHER_GENDER = Breach("00029-348", "worker.gender")


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """Year, month and day of birth (0 where the number leaves it open) and gender (None where it does)."""

    birth: tuple[int, int, int]
    gender: str | None

    @classmethod
    def of(cls, ssin: Ssin) -> Holder:
        """
        Read the number: a BIS number has 20 (gender unknown) or 40 added to the month.

        >>> holder = Holder.of(Ssin("93051822361"))
        >>> holder.birth, holder.gender
        ((1993, 5, 18), '1')
        """
        digits = str(ssin)
        is_of_this_century = int(digits[9:]) == 97 - int("2" + digits[:9]) % 97
        bis, month = divmod(int(digits[2:4]), 20)
        day = int(digits[4:6])
        gender = "1" if int(digits[6:9]) % 2 else "2"
        year = int(digits[:2]) + (2000 if is_of_this_century else 1900)
        return cls((year, month, day if day <= 31 else 0), None if bis == 1 else gender)


def check_birth(draft: Draft, today: dt.date) -> Iterator[Breach]:
    """Yield a birth year that can't be, and the warnings that birth or gender contradict the SSIN."""
    born, gender = draft.values.get("worker.birth_date"), draft.values.get("worker.gender")
    if born is not None and not today.year - _OLDEST <= int(born[:4]) <= today.year:
        yield breach("worker.birth_date", "invalid")
    ssin = draft.values.get("worker.ssin")
    if ssin is None:
        return
    holder = Holder.of(ssin)
    if born is not None and not _agree(holder.birth, born):
        yield _OTHER_BIRTH
    if gender is not None and holder.gender not in {None, gender}:
        yield _OTHER_GENDER


def _agree(birth: tuple[int, int, int], sent: str) -> bool:
    parts = (int(part) for part in str(sent).split("-"))
    return all(0 in {mine, theirs} or mine == theirs for mine, theirs in zip(birth, parts, strict=True))
