"""One real Airflow for the tests about people and payroll's feed: starting one takes longer than they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from support.live import Live, live_airflow


def _by_hand_alone(text: str) -> str:
    """Let the clock start nothing, and a retry come at once."""
    for minute in ("17", "32"):
        text = text.replace(f"{minute} * * * *", f"{minute} 3 1 1 *")
    return text.replace("timedelta(minutes=1)", "timedelta(seconds=2)")


@pytest.fixture(scope="session")
def shared_airflow(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Callable[[], Live], Callable[[], None]]]:
    """Give what starts it unless it runs, and what stops it once nobody needs it any more."""
    running: list[Live] = []
    with ExitStack() as stack:

        def start() -> Live:
            if not running:
                live = live_airflow(
                    tmp_path_factory.mktemp("people"),
                    change={"dimona_declare.py": _by_hand_alone, "dimona_decisions.py": _by_hand_alone},
                    settings={
                        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,guest:viewer",
                        # How soon it is seen that nobody answered in time.
                        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
                    },
                    feed=True,
                )
                running.append(stack.enter_context(live))
            return running[0]

        yield start, stack.close
