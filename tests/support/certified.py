"""Keys with certificates of any age, as files and as connections have them."""

from __future__ import annotations

import datetime as dt
from functools import cache

from dimona_provider.api.certificates import KeyPair, make_key_pair


@cache
def key_pair(days_left: int) -> KeyPair:
    """Give the pair whose certificate ends in *days_left* days and an hour, or ended then."""
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=days_left, hours=1)
    return make_key_pair("tests", days=400, bits=2048, now=ends - dt.timedelta(days=400))


def bundle(pair: KeyPair) -> str:
    """Give key and certificate as they stand in one file."""
    return pair.private + pair.certificate
