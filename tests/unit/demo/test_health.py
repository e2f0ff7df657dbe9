from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from include.demo import health
from include.demo.components import Component
from include.demo.errors import StackFailed

TRIGGERER = Component("triggerer", (), heartbeat="triggerer")


def stack(report):
    def give():
        if isinstance(report, Exception):
            raise report
        return report

    session = SimpleNamespace(leads=lambda: True)
    return SimpleNamespace(
        api=SimpleNamespace(health=give),
        components={"triggerer": TRIGGERER},
        record=lambda name: SimpleNamespace(session=session, since=datetime(2026, 1, 1, 12, 0, tzinfo=UTC)),
        has_ended=lambda name: False,
        log=lambda name: Path("nowhere"),
    )


def beat(at, status="healthy"):
    return {"triggerer": {"status": status, "latest_triggerer_heartbeat": at}}


def test_a_component_with_a_heartbeat_of_its_own_is_healthy():
    health.wait(stack(beat("2026-01-01T12:00:03+00:00")), ["triggerer"], 0.1, None)


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(beat("2026-01-01T11:59:58+00:00"), id="its predecessor's heartbeat"),
        pytest.param(beat(None), id="no heartbeat"),
        pytest.param(beat("2026-01-01T12:00:03+00:00", "unhealthy"), id="unhealthy"),
        pytest.param({}, id="unknown to Airflow"),
        pytest.param(httpx.ConnectError("refused"), id="api-server does not answer"),
    ],
)
def test_a_component_is_not_healthy_by(report):
    told = []

    with pytest.raises(StackFailed, match=r"^triggerer not healthy after 0 s"):
        health.wait(stack(report), ["triggerer"], 0, told.append)
