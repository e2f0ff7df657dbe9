"""A simulated NSSO with a clock in the test's hand, and declarations with defaults."""

import copy
import os
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from stdnum.be import nn

from include.dimona_simulator import BASE_PATH, TOKEN_PATH, Settings, Simulator

CLIENT = "self_service_chaman_1_test"
ORIGIN = "https://nsso.example"
ROOT = Path(__file__).parents[3]
_START, _SOON = "2026-03-16", "2026-03-20"
_SAME_DAY = {"endDate": _START, "startHour": "1700", "endHour": "2200"}
_STATUTES = {
    "endDate": _SOON,
    "smallStatutesInformation": {"employmentNature": "WORKER", "workerStatus": "F1"},
}
_CARDS = {"firstMonthC32ANumber": 123456789012, "nextMonthC32ANumber": 123456789013}
GOOD = {
    "OTH": {},
    "STU": {"endDate": "2026-03-31", "plannedHoursNumber": 40},
    "EXT": _SAME_DAY,
    "FLX": _SAME_DAY,
    "BCW": {"constructionControlCards": _CARDS},
    "DWD": {},
    "IVT": _STATUTES,
    "TRI": _STATUTES,
    "STG": _STATUTES,
    "RTA": {},
    "ALT": {},
    "O17": {"endDate": _SOON, "plannedHoursNumber": 8},
    "S17": {"endDate": _SOON, "plannedHoursNumber": 8},
    "T17": {"endDate": _START},
    "PMP": {},
}
SOMEBODY = {
    "familyName": "Peeters",
    "givenName": "An",
    "birthDate": "1990-05-17",
    "placeOfBirth": "Gent",
    "countryOfBirth": 150,
    "nationality": 150,
    "gender": "2",
    "address": {
        "street": "Kerkstraat",
        "houseNumber": "1",
        "postCode": "9000",
        "municipality": {"code": 44021, "name": "Gent"},
        "country": 150,
    },
}


def valid_ssin(serial: int, born: str = "850214") -> str:
    head = f"{born}{serial:03d}"
    return next(head + f"{check:02d}" for check in range(1, 98) if nn.is_valid(head + f"{check:02d}"))


class Clock:
    """Epoch seconds; begins on 10 March 2026, nine o'clock in Brussels."""

    def __init__(self):
        self.now = datetime(2026, 3, 10, 9, tzinfo=ZoneInfo("Europe/Brussels")).timestamp()

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds


class Nsso:
    """The simulator as a client sees it."""

    ssin = staticmethod(valid_ssin)

    def __init__(self, simulator, clock, key):
        self.simulator, self.clock, self.key = simulator, clock, key
        self.http = httpx.Client(base_url=ORIGIN, transport=simulator.transport())
        self.authorise()

    def assertion(self, key=None, **changes):
        claims = {
            "iss": CLIENT,
            "sub": CLIENT,
            "aud": ORIGIN + TOKEN_PATH,
            "jti": str(uuid.uuid4()),
            "iat": self.clock.now - 10,
            "exp": self.clock.now + 200,
            **changes,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(present, key or self.key, "RS256")

    def ask_token(self, **form):
        return self.http.post(
            TOKEN_PATH,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self.assertion(),
                **form,
            },
        )

    def authorise(self):
        self.http.headers["Authorization"] = f"Bearer {self.ask_token().json()['access_token']}"

    def body(self, worker_type="OTH", *, ssin="93051822361", employer="0477472701", committee=None, **block):
        committee = committee or ("124" if worker_type == "BCW" else "XXX")
        features = {"jointCommissionNumber": committee, "workerType": worker_type}
        content = {
            "startDate": _START,
            **copy.deepcopy(GOOD.get(worker_type, {})),
            "features": features,
            **block,
        }
        return {
            "employer": {"enterpriseNumber": employer},
            "worker": {"ssin": ssin} if ssin else copy.deepcopy(SOMEBODY),
            "dimonaIn": {name: value for name, value in content.items() if value is not None},
        }

    def post(self, body):
        return self.http.post(f"{BASE_PATH}/declarations", json=body)

    def file(self, body):
        response = self.post(body)
        assert response.status_code == 201, response.text
        return int(response.headers["Location"].rsplit("/", 1)[1])

    def get(self, number, resource="declarations"):
        return self.http.get(f"{BASE_PATH}/{resource}/{number}")

    def search(self, resource, employer="0477472701", ssin=None, **query):
        body = {"employer": {"enterpriseNumber": employer}, **({"worker": {"ssin": ssin}} if ssin else {})}
        return self.http.post(f"{BASE_PATH}/{resource}/search", json=body, params=query)

    def outcome(self, body):
        """File, wait, and give result and codes."""
        number = self.file(body)
        self.clock.advance(46)
        status = self.get(number).json()["declarationStatus"]
        return status["result"], [anomaly["errorId"] for anomaly in status.get("anomalies", [])]

    def accepted(self, *args, **kwargs):
        """File an IN that is accepted; gives the number of its period."""
        number = self.file(self.body(*args, **kwargs))
        self.clock.advance(46)
        assert self.get(number).json()["declarationStatus"]["result"] == "A"
        return number


@pytest.fixture(scope="session")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_nsso(clock, key):
    opened = []

    def make(folder=None, **settings):
        simulator = Simulator({CLIENT: key.public_key()}, Settings(**settings), clock=clock, folder=folder)
        nsso = Nsso(simulator, clock, key)
        opened.append(nsso)
        return nsso

    yield make
    for nsso in opened:
        nsso.http.close()
        nsso.simulator.close()


@pytest.fixture
def nsso(make_nsso):
    return make_nsso()


_REGISTERED = "self_service_chaman_000000_simulator"


@contextmanager
def _running(folder, *arguments):
    command = [
        sys.executable,
        "-m",
        "include.dimona_simulator",
        "--data",
        str(folder),
        "--port",
        "0",
        *arguments,
    ]
    (folder / "port").unlink(missing_ok=True)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().rsplit(" ", 1)[-1].strip()
        finally:
            process.kill()


@contextmanager
def _client(folder, url):
    now = int(time.time())
    token_url = f"{url}/REST/oauth/v5/token"
    claims = {
        "iss": _REGISTERED,
        "sub": _REGISTERED,
        "aud": token_url,
        "jti": os.urandom(8).hex(),
        "iat": now,
        "exp": now + 60,
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, (folder / "private_key.pem").read_text(), "RS256"),
    }
    with httpx.Client(base_url=f"{url}/REST/dimona/v2/", trust_env=False) as http:
        token = http.post(token_url, data=form).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


@pytest.fixture
def running():
    """Start the real process: ``with running(folder, *arguments) as (process, url)``."""
    return _running


@pytest.fixture
def client():
    """Give a client with a token: ``with client(folder, url) as http``."""
    return _client
