"""Reading the ledger for the demo: counts while it works, and what became of every declaration."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from include.demo.summary import Counts, Row, Summary

if TYPE_CHECKING:
    from dimona_provider.ledger import Ledger


def progress(directory: Path, env: Mapping[str, str]) -> str:
    """Return the counts so far in a few words, or an empty string; called every few seconds."""
    counts = summary(directory, env).counts
    return ", ".join(f"{number} {name}" for name, number in counts.named() if number)


def summary(directory: Path, env: Mapping[str, str]) -> Summary:
    """Return the outcomes of all declarations in the ledger; *env* is the components' environment."""
    from dimona_provider.domain.outcome import WAITING  # noqa: PLC0415
    from dimona_provider.ledger.findings import FindingKind  # noqa: PLC0415
    from dimona_provider.ledger.summaries import groups, newest_findings  # noqa: PLC0415

    with _ledger(directory, env) as (ledger, environment):
        found = newest_findings(ledger, environment)
        rows: dict[tuple[str, str, str], Counter[str]] = {}
        for group in groups(ledger, environment):
            word = "waiting" if group.state in WAITING else str(group.state)
            rows.setdefault((group.employer, group.kind, group.worker_type), Counter())[word] += group.count
    return Summary(
        rows=[Row(*key, counts=Counts(**counts)) for key, counts in rows.items()],
        malformed=[str(one) for one in found if one.kind is FindingKind.MALFORMED],
        unhandled=[str(one) for one in found if one.kind is FindingKind.NOT_HANDLED],
        counts=Counts(**sum(rows.values(), Counter())),
    )


@contextmanager
def _ledger(directory: Path, env: Mapping[str, str]) -> Iterator[tuple[Ledger, str]]:
    """Open the demo's ledger; gives the environment (base URL) of its connection beside it."""
    # This process is no Airflow component: it finds connections and files as they do, by the environment.
    os.environ.update(
        {name: value for name, value in env.items() if name == "AIRFLOW_HOME" or name.startswith("AIRFLOW_")}
    )
    # Late: Airflow takes seconds to import, and reads its environment when it is.
    from dimona_provider.hooks import DimonaHook, DimonaLedgerHook  # noqa: PLC0415

    ledger = DimonaLedgerHook().location().open(f"demo {directory.name}")
    try:
        yield ledger, DimonaHook().settings().base_url
    finally:
        ledger.close()
