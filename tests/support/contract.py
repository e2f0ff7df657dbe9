"""
A Dimona service as a plain HTTP client sees it: the simulator in process, over HTTP, or a service elsewhere.

Nothing of the provider is used here: the scenarios of ``tests/contract`` say what the service does, not what
our client makes of it.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import jwt

from include.dimona_simulator import BASE_PATH, TOKEN_PATH, Registers, Settings, Simulator, Timing
from include.dimona_simulator.server import own_key

ROOT = Path(__file__).parents[2]
CLIENT = "self_service_chaman_000000_simulator"
PRODUCTION = "services.socialsecurity.be"
QUICK, SLOW = 0.03, 1.0
"""Seconds that the simulator takes to process a declaration."""


def ssin(serial: int, born: str = "850214") -> str:
    head = int(f"{born}{serial:03d}")
    return f"{head:09d}{97 - head % 97:02d}"


REGISTERS = {
    "unknown_employers": ["0999990123"],
    "locked_workers": [ssin(1, "700101")],
    "hours_used": {ssin(2, "700101"): 640},
    "worker_anomalies": {ssin(3, "700101"): ["90017-510"], ssin(4, "700101"): ["90017-369"]},
}


def registers_in(folder: Path) -> Path:
    path = folder / "registers.json"
    path.write_text(json.dumps(REGISTERS), encoding="utf-8")
    return path


@dataclass
class Service:
    """The service under test; *wait* lets time pass until the next look."""

    origin: str
    http: httpx.Client
    key: str
    wait: Callable[[float], None]
    is_simulator: bool = True
    client_id: str = CLIENT
    base: str = BASE_PATH
    token_url: str = ""
    workers: Iterator[str] = field(default_factory=lambda: (ssin(n, "850214") for n in itertools.count(1)))
    employers: Iterator[str] = field(default_factory=lambda: itertools.repeat("0477472701"))
    now: Callable[[], float] = time.time
    renew_at: float = 0.0

    def __post_init__(self) -> None:
        self.token_url = self.token_url or self.origin + TOKEN_PATH
        self.authorise()

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.now(), ZoneInfo("Europe/Brussels")).date()

    def day(self, days: int) -> str:
        """Give a day as JSON, counted from today."""
        return (self.today + timedelta(days=days)).isoformat()

    def worker(self) -> str:
        """Give the SSIN of a worker whom no other scenario has used."""
        return next(self.workers)

    def assertion(self, key: str | None = None, **changes: Any) -> str:
        now = int(self.now())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "jti": str(uuid.uuid4()),
            "iat": now - 5,
            "exp": now + 200,
        }
        present = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(present, key or self.key, "RS256")

    def token(self, **form: str) -> httpx.Response:
        asked = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion(),
        }
        return self.http.post(self.token_url, data=asked | form)

    def authorise(self) -> None:
        self.renew_at = self.now() + 200
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def post(self, body: Mapping[str, Any]) -> httpx.Response:
        return self.http.post(f"{self.origin}{self.base}/declarations", json=body)

    def file(self, body: Mapping[str, Any]) -> int:
        if self.now() > self.renew_at:
            self.authorise()
        response = self.post(body)
        assert response.status_code == 201, response.text
        return int(response.headers["Location"].rsplit("/", 1)[1])

    def get(self, number: int, resource: str = "declarations", **kwargs: Any) -> httpx.Response:
        return self.http.get(f"{self.origin}{self.base}/{resource}/{number}", **kwargs)

    def search(self, resource: str, body: Mapping[str, Any], **query: Any) -> httpx.Response:
        return self.http.post(f"{self.origin}{self.base}/{resource}/search", json=body, params=query)

    def answer(self, number: int) -> dict[str, Any]:
        """Look on the NSSO's schedule until the declaration is processed."""
        for interval in (2.5, *[1.0] * 27, *[60.0] * 20):
            self.wait(interval)
            response = self.get(number)
            if response.status_code == 200:
                content: dict[str, Any] = response.json()
                return content
            assert response.status_code == 404
        raise AssertionError("not processed in twenty minutes")

    def outcome(self, body: Mapping[str, Any]) -> tuple[str, list[str]]:
        """File, wait, and give result and codes."""
        status = self.answer(self.file(body))["declarationStatus"]
        return status["result"], [anomaly["errorId"] for anomaly in status.get("anomalies") or []]

    def in_body(self, worker_type: str = "OTH", worker: str | None = None, **block: Any) -> dict[str, Any]:
        """Build a proper IN that starts in a week; *block* changes or, with ``None``, removes members."""
        features = {
            "jointCommissionNumber": "124" if worker_type == "BCW" else "XXX",
            "workerType": worker_type,
        }
        content = {"startDate": self.day(7), "features": features, **self._needed(worker_type), **block}
        return {
            "employer": {"enterpriseNumber": next(self.employers)},
            "worker": {"ssin": worker or self.worker()},
            "dimonaIn": {name: value for name, value in content.items() if value is not None},
        }

    def accepted(self, worker_type: str = "OTH", worker: str | None = None, **block: Any) -> int:
        """File an IN that is accepted; gives the number of its period."""
        content = self.answer(self.file(self.in_body(worker_type, worker, **block)))
        assert content["declarationStatus"]["result"] == "A", content["declarationStatus"]
        return int(content["declarationStatus"]["period"]["id"])

    def _needed(self, worker_type: str) -> dict[str, Any]:
        one_day: dict[str, Any] = {"endDate": self.day(7)}
        match worker_type:
            case "STU" | "O17" | "S17":
                return one_day | {"plannedHoursNumber": 8}
            case "EXT" | "FLX":
                return one_day | {"startHour": "0900", "endHour": "1700"}
            case "IVT" | "TRI" | "STG":
                statutes = {"employmentNature": "WORKER", "workerStatus": "F1"}
                return one_day | {"smallStatutesInformation": statutes}
            case "BCW":
                cards = {"firstMonthC32ANumber": 123456789012, "nextMonthC32ANumber": 123456789013}
                return {"constructionControlCards": cards}
            case "T17":
                return one_day
            case _:
                return {}


@contextmanager
def in_process(folder: Path, processing: float = QUICK) -> Iterator[Service]:
    """Give the simulator in process, with a clock that waiting moves."""
    elapsed = [0.0]
    started = time.time()
    key = own_key(folder)
    settings = Settings(
        timing=Timing(processing, processing, 0), registers=Registers.read(registers_in(folder))
    )

    def wait(seconds: float) -> None:
        elapsed[0] += min(seconds, processing)

    def now() -> float:
        return started + elapsed[0]

    with (
        Simulator({CLIENT: key}, settings, clock=now) as simulator,
        httpx.Client(transport=simulator.transport()) as http,
    ):
        private = (folder / "private_key.pem").read_text()
        yield Service("https://nsso.example", http, private, wait, now=now)


@contextmanager
def over_http(folder: Path, processing: float = QUICK) -> Iterator[Service]:
    """Give the simulator as a process of its own, on a free port."""
    command = [sys.executable, "-m", "include.dimona_simulator", "--data", str(folder)]
    command += ["--registers", str(registers_in(folder))]
    command += ["--processing", f"{processing}:{processing}", "--tail", "0:0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            origin = process.stdout.readline().rsplit(" ", 1)[-1].strip()
            private = (folder / "private_key.pem").read_text()
            with httpx.Client(trust_env=False, timeout=10) as http:
                yield Service(origin, http, private, lambda seconds: time.sleep(min(seconds, processing / 2)))
        finally:
            process.kill()


@contextmanager
def elsewhere(url: str) -> Iterator[Service]:
    """Give a service that is none of ours, such as the NSSO's simulation environment."""
    parts = httpx.URL(url)
    if parts.host == PRODUCTION:
        raise ValueError("the contract tests declare made-up work: never in production")
    with httpx.Client(timeout=30) as http:
        yield Service(
            f"{parts.scheme}://{parts.netloc.decode()}",
            http,
            Path(os.environ["DIMONA_PRIVATE_KEY"]).read_text(encoding="utf-8"),
            time.sleep,
            is_simulator=False,
            client_id=os.environ["DIMONA_CLIENT_ID"],
            base=parts.path.rstrip("/"),
            token_url=os.environ["DIMONA_TOKEN_URL"],
            workers=iter(os.environ["DIMONA_WORKERS"].split(",")),
            employers=itertools.repeat(os.environ["DIMONA_EMPLOYER"]),
        )
