"""
One side of the submission cell, run in a process of its own: files declarations and prints what it cost.

``ours`` is ``Submission.file`` with a real ledger, ``bare`` a loop that does nothing but POST.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from bench import work
from bench.databases import Place
from dimona_provider.api.auth import ClientCredentials
from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.routes import Route
from dimona_provider.filing.submission import Submission
from dimona_provider.ledger.batches import Run
from dimona_provider.pacing import open_line
from dimona_provider.planning.intake import take_source

NO_CAP = 1e5
"""Requests per second that nobody reaches."""


def ours(settings: Settings, place: Place, asked: argparse.Namespace) -> tuple[float, float]:
    """File with ``Submission.file``; the intents are in the ledger before the measurement."""
    with place.opened() as ledger:
        route = Route("dimona_default", settings.base_url)
        items = (
            {"reference": work.reference(number), "declaration": body} for number, body in _numbered(asked)
        )
        batch, taken = take_source(ledger, Run("bench", "bench"), route, "bench", items, now=time.time())
        if taken.findings:
            raise SystemExit(f"not all were taken: {taken.findings[0].reason}")

        async def file() -> int:
            clock = SystemClock()
            async with open_line(ledger, settings, clock) as line:
                return await Submission(ledger, line.client, line.budget, clock).file(batch)

        began, cpu = time.perf_counter(), time.process_time()
        filed = asyncio.run(file())
        spent = time.perf_counter() - began, time.process_time() - cpu
    if filed != asked.count:
        raise SystemExit(f"filed {filed} of {asked.count}")
    return spent


def bare(settings: Settings, asked: argparse.Namespace) -> tuple[float, float]:
    """POST the same bodies with the same concurrency, limits and token; keep each Location."""
    bodies = iter([body for _, body in _numbered(asked)])
    found: list[str] = []

    async def send(http: httpx.AsyncClient, auth: ClientCredentials) -> None:
        for body in bodies:
            response = await http.post("declarations", json=body, auth=auth)
            if response.status_code == httpx.codes.CREATED:
                found.append(response.headers["Location"])

    async def file() -> None:
        async with httpx.AsyncClient(
            base_url=settings.base_url + "/",
            timeout=httpx.Timeout(REQUEST_TIMEOUT, connect=5.0),
            limits=httpx.Limits(max_connections=2 * settings.concurrency, keepalive_expiry=2.0),
            headers={"Accept": "application/json, application/problem+json"},
        ) as http:
            auth = ClientCredentials(settings, http)
            await asyncio.gather(*(send(http, auth) for _ in range(settings.concurrency)))

    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(file())
    spent = time.perf_counter() - began, time.process_time() - cpu
    if len(found) != asked.count:
        raise SystemExit(f"posted {len(found)} of {asked.count}")
    return spent


def _numbered(asked: argparse.Namespace) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(work.bodies(asked.count, dt.datetime.now(dt.UTC).date(), asked.seed), start=1)


def main() -> None:
    """Do what the parent asks for on stdin."""
    asked = argparse.Namespace(**json.load(sys.stdin))
    os.sched_setaffinity(0, set(asked.cores))
    connection = asked.connection
    settings = Settings.read(
        "dimona_default",
        login=connection["login"],
        host=connection["host"],
        extra=json.loads(connection["extra"]),
    )
    if asked.side == "bare":
        seconds, cpu = bare(settings, asked)
    else:
        seconds, cpu = ours(settings, Place(sa.make_url(asked.ledger), Path(asked.key_file)), asked)
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu}) + "\n")


if __name__ == "__main__":
    main()
