"""
Everything that is wrong with one declaration, as far as it can be known without the NSSO.

What the NSSO alone knows stays out: other periods of the worker, the employer's state, mandates, quotas.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dimona_provider.domain.birth import check_birth
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Breach, Draft
from dimona_provider.domain.needs import check_needs, limits
from dimona_provider.domain.parties import check_employer, check_features, check_places, check_worker
from dimona_provider.domain.timing import check_dates, check_late, check_period, check_update
from dimona_provider.domain.worker_types import rule_for

_CLOSED = Breach("00910-008", "start_date")
_NOTHING_TO_UPDATE = Breach("90378-360", "block")


def check(draft: Draft, today: dt.date) -> list[Breach]:
    """
    Return every breach of *draft*, each once; the same draft and day always give the same.

    What could not be read is the reader's to name: here it counts as present, and rules on its value are
    silent.
    """
    breaches = _check_in(draft, today) if draft.kind is Kind.IN else _check_follow_up(draft, today)
    return list(dict.fromkeys(breaches))


def _check_in(draft: Draft, today: dt.date) -> Iterator[Breach]:
    code = draft.values.get("features.worker_type")
    rule = rule_for(code, draft.values.get("start_date"))
    yield from check_employer(draft)
    yield from check_worker(draft, rule)
    yield from check_birth(draft, today)
    yield from check_needs(draft)
    yield from check_dates(draft, today)
    if rule is not None:
        yield from check_period(draft, rule, today)
    elif code is not None:
        yield _CLOSED
    yield from check_features(draft)
    yield from check_places(draft, rule)
    yield from check_late(draft, today)


def _check_follow_up(draft: Draft, today: dt.date) -> Iterator[Breach]:
    yield from check_employer(draft)
    yield from check_needs(draft)
    yield from check_dates(draft, today)
    if draft.kind is Kind.UPDATE:
        yield from check_update(draft, today)
        if draft.present.isdisjoint(limits()["kinds"]["UPDATE"]["optional"]):
            yield _NOTHING_TO_UPDATE
