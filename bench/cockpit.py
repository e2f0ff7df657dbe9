"""
How long the cockpit's pages take in the api-server, in a ledger of 1 000 000 declarations (SQLite: 100 000).

From the request's arrival in the application to the end of its answer, with Airflow's auth manager before it
and the drawn page in it; no network. Each page is asked for many times, each time about something else; the
overview counts anew each time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import secrets
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench import declared
from bench.command import parser, run
from bench.databases import Place, postgresql
from bench.declared import APART, BEGAN, CHUNK, EMPLOYERS
from bench.machine import tell
from bench.table import Figure

TIMES = 60
"""Requests for each page."""
WANTED = 200.0
"""Milliseconds at the 95th percentile."""
Draw = Callable[[random.Random, int], str]


def _employer(drawn: random.Random) -> str:
    return f"04774727{10 + drawn.randrange(EMPLOYERS) ** 2 % EMPLOYERS}"


def _place(drawn: random.Random, count: int) -> str:
    number = drawn.randrange(1, count)
    return f"{BEGAN + number * APART + 5!r}.{number}"


def _one_of(*words: str) -> Draw:
    return lambda drawn, _: drawn.choice(words)


def _of_employer(more: str) -> Draw:
    return lambda drawn, count: f"employer={_employer(drawn)}&{more}".replace("PLACE", _place(drawn, count))


LISTS: dict[str, Draw] = {
    "declarations": _one_of(""),
    "declarations, any later page": lambda drawn, count: f"after={_place(drawn, count)}",
    "of an employer": _of_employer(""),
    "of an employer, any later page": _of_employer("after=PLACE"),
    "of an employer, refused": _of_employer("state=refused"),
    "of an employer, cancelled": _of_employer("kind=CANCEL"),
    "by outcome": _one_of("state=refused", "state=warned", "state=unclear", "state=held"),
    "by kind": _one_of("kind=IN", "kind=OUT", "kind=CANCEL"),
    "by worker type": _one_of("worker_type=OTH", "worker_type=BCW", "worker_type=DWD"),
    "by a usual code": _one_of(f"code={declared.USUAL_CODE}"),
    "by a rare code": _one_of(f"code={declared.RARE_CODE}"),
    "by a code that there is not": _one_of("code=12345-678"),
    "of some days": lambda drawn, count: f"since={_day(drawn, count)}",
    "up to a day, refused": lambda drawn, count: f"until={_day(drawn, count)}&state=refused",
    "by deadline, any page": lambda drawn, count: f"sort=deadline&after={_place(drawn, count)}",
    "by deadline, latest first": _one_of("sort=deadline&order=desc"),
    "deadline passed": _one_of("deadline=passed"),
    "of a batch": lambda drawn, count: f"batch=B-{drawn.randrange(1, max(2, count // CHUNK))}",
    "of an employment": lambda drawn, count: f"employment=E-{drawn.randrange(1, count)}",
}
"""Lists of declarations, by what they are called in the table; each draws what an address asks."""
OTHERS: dict[str, Draw] = {
    "of a DAG run": lambda drawn, count: (
        f"/run?dag_id=dimona_declare&run_id=run-{drawn.randrange(count // CHUNK // 10 + 1)}"
    ),
    "gaps": lambda drawn, _: f"/gaps?after={drawn.randrange(60, 5000)}",
    "decisions": lambda drawn, _: f"/decisions?after={drawn.randrange(60, 5000)}",
    "overview, counted anew": lambda _, __: "/",
}
"""Other pages; each draws an address."""


def _day(drawn: random.Random, count: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(BEGAN + drawn.randrange(count) * APART))


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Ask for every page in a ledger on each database."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder:
        at = Path(folder)
        with _airflow(at) as app, postgresql(at / "postgresql") as server:
            for database, url, count in (
                ("PostgreSQL", server, asked.rows),
                ("SQLite", None, asked.sqlite_rows),
            ):
                place = Place.make(at, url, f"cockpit_{database.lower()}")
                began = time.monotonic()
                with place.opened() as ledger:
                    declared.fill(ledger, count)
                tell(f"cockpit: {count} declarations on {database} in {time.monotonic() - began:.0f} s")
                os.environ["AIRFLOW_CONN_DIMONA_LEDGER"] = json.dumps(place.connection())
                figures += asyncio.run(_measure(app, f"{count} on {database}", count, asked))
    return figures


async def _measure(app: Any, case: str, count: int, asked: argparse.Namespace) -> list[Figure]:
    from dimona_provider.cockpit import opening, overview  # noqa: PLC0415 - Airflow's environment comes first

    opening.forget()
    figures = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1/dimona", cookies=_session()
    ) as browser:
        for name in (*LISTS, *OTHERS):
            drawn = random.Random(asked.seed)  # noqa: S311 - reproducible on purpose
            took = []
            for _ in range(asked.times):
                overview.forget()
                took.append(await _ask(browser, _address(name, drawn, count)))
            figures.append(_figure(case, name, took))
    opening.forget()
    return figures


def _address(name: str, drawn: random.Random, count: int) -> str:
    if name in LISTS:
        return f"/declarations?{LISTS[name](drawn, count)}"
    return OTHERS[name](drawn, count)


async def _ask(browser: httpx.AsyncClient, path: str) -> float:
    """Return how many milliseconds a page took."""
    began = time.perf_counter()
    answer = await browser.get(path)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != httpx.codes.OK:
        raise SystemExit(f"{path}: {answer.status_code}")
    return took


def _figure(case: str, name: str, took: list[float]) -> Figure:
    p95 = sorted(took)[int(0.95 * len(took))]
    tell(f"cockpit, {case}, {name}: p95 {p95:.0f} ms")
    if name.startswith("overview"):  # no list, and counted once in a while, whoever looks
        return Figure("cockpit", case, f"{name}, p95", p95, "ms")
    return Figure("cockpit", case, f"{name}, p95", p95, "ms", wanted=f"< {WANTED:.0f} ms", met=p95 < WANTED)


@contextmanager
def _airflow(folder: Path) -> Iterator[Any]:
    """Give an application with the cockpit mounted in it beside Airflow's auth manager."""
    secret = secrets.token_hex(64)
    # Else Airflow makes up a password, and prints it between our figures.
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps({"bench": secrets.token_hex(16)}), encoding="utf-8")
    os.environ |= {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "bench:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own
        from airflow.api_fastapi.app import init_auth_manager  # noqa: PLC0415 - after its environment
        from airflow.utils.db import initdb  # noqa: PLC0415 - as above
        from fastapi import FastAPI  # noqa: PLC0415 - as above

        initdb()
        from dimona_provider.cockpit.addresses import PREFIX  # noqa: PLC0415 - as above
        from dimona_provider.cockpit.serving import cockpit  # noqa: PLC0415 - as above

        app = FastAPI()
        init_auth_manager(app)
        app.mount(PREFIX, cockpit)
    yield app


def _session() -> dict[str, str]:
    from airflow.api_fastapi.app import get_auth_manager  # noqa: PLC0415 - after its environment
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser  # noqa: PLC0415 - as above

    user = SimpleAuthManagerUser(username="bench", role="admin")
    return {"_token": get_auth_manager().generate_jwt(user)}


def main() -> None:
    """Measure and print."""
    command = parser("cockpit", __doc__)
    command.add_argument("--rows", type=int, default=1_000_000, help="declarations on PostgreSQL (1000000)")
    command.add_argument("--sqlite-rows", type=int, default=100_000, help="declarations on SQLite (100000)")
    command.add_argument("--times", type=int, default=TIMES, help=f"requests for each page ({TIMES})")
    run(command, measure)


if __name__ == "__main__":
    main()
