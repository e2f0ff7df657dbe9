"""``python -m tests.compose.claims``, in a container: what the ledger says, as one line of JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from dimona_provider.hooks import DimonaLedgerHook
from tests.chaos.verdict import Claims, Intent, read_claims


def as_json(claims: Claims) -> str:
    """Write claims down."""
    intents = [asdict(one) | {"serves": sorted(one.serves)} for one in claims.intents]
    return json.dumps({"intents": intents, "findings": sorted(claims.findings)})


def from_json(text: str) -> Claims:
    """Read them again."""
    content = json.loads(text)
    return Claims([Intent(**one) for one in content["intents"]], content["findings"])


if __name__ == "__main__":
    ledger = DimonaLedgerHook().location().open("test compose")
    try:
        sys.stdout.write(as_json(read_claims(ledger)) + "\n")
    finally:
        ledger.close()
