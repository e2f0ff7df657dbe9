"""What nobody foresaw may repeat a person: every task fails with its kind and place, and without its text."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from dimona_provider import sensors
from dimona_provider.errors import InvalidSource
from dimona_provider.events import FollowedEvent, FollowedUpEvent
from dimona_provider.filing import submission
from dimona_provider.ledger import lateness, staging
from dimona_provider.operators import (
    DimonaAlertOperator,
    DimonaFollowUpOperator,
    DimonaFollowUpReportOperator,
    DimonaPlanOperator,
    DimonaReportOperator,
    DimonaSettleOperator,
    DimonaStageOperator,
    DimonaSubmitOperator,
    alert,
    filing,
    followup,
    planning,
    report,
)
from dimona_provider.sensors import DimonaFollowUpSensor, DimonaResultSensor
from support.people import SSIN, employment, item

MODULES = (planning, filing, followup, alert, report, sensors)
BROKEN: list[tuple[type[BaseOperator], dict[str, Any], object, str]] = [
    (DimonaStageOperator, {"pages": lambda: [[employment()]]}, staging, "stage"),
    (DimonaPlanOperator, {}, planning, "plan_exports"),
    (DimonaSubmitOperator, {"source": lambda: [item(1)]}, submission.Submission, "file"),
    (DimonaSettleOperator, {"batch": "BATCH"}, filing, "standing"),
    (DimonaReportOperator, {}, report, "notable"),
    (DimonaFollowUpOperator, {}, followup, "sweep"),
    (DimonaAlertOperator, {}, lateness, "stuck"),
    (DimonaFollowUpReportOperator, {}, lateness, "late"),
    (DimonaResultSensor, {"batch": "BATCH"}, sensors, "bring_up_to_date"),
    (DimonaFollowUpSensor, {}, sensors, "fold_answers"),
]
"""Each class, what it is made with, and where it is broken."""
EVENTS = {
    DimonaResultSensor: FollowedEvent("BATCH", 0, 0).to_payload(),
    DimonaFollowUpSensor: FollowedUpEvent().to_payload(),
}


def crash(*_: object, **__: object) -> None:
    """Fail with a person in the text, and in that of the cause."""
    raise RuntimeError(f"can't go on with {SSIN}") from KeyError(SSIN)


@pytest.fixture
def batch(execute: Callable[..., Any], ledger: object) -> str:
    return str(execute(DimonaSubmitOperator(task_id="submit", source=list)))


@pytest.fixture
def said_of(logged: Callable[[], str]) -> Callable[[BaseException], str]:
    """Give what reads all that Airflow's log would hold after a failure."""

    def read(error: BaseException) -> str:
        return logged() + "".join(traceback.format_exception(error))

    return read


def _make(cls: type[BaseOperator], arguments: dict[str, Any], batch: str) -> Any:
    return cls(task_id="task", **{name: batch if one == "BATCH" else one for name, one in arguments.items()})


def test_every_task_is_looked_at() -> None:
    defined = {
        cls
        for module in MODULES
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, BaseOperator) and cls.__module__ == module.__name__
    }

    assert {cls for cls, *_ in BROKEN} == defined
    assert set(EVENTS) == {cls for cls in defined if hasattr(cls, "execute_complete")}


@pytest.mark.parametrize(
    ("cls", "arguments", "place", "name"), BROKEN, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_defect_is_retried_and_its_text_stays_out(
    cls, arguments, place, name, *, batch, execute, monkeypatch, said_of
):
    monkeypatch.setattr(place, name, crash)

    with pytest.raises(AirflowException, match=f"^{cls.__name__} failed with RuntimeError") as failed:
        execute(_make(cls, arguments, batch))

    said = said_of(failed.value)
    assert "in crash" in said
    assert SSIN not in said
    assert not isinstance(failed.value, AirflowFailException)
    # Not only hidden: what a team's callback gets has no chain to look into.
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
def test_so_is_one_after_the_trigger(cls, batch, ledger, monkeypatch, said_of):
    (arguments,) = (arguments for one, arguments, *_ in BROKEN if one is cls)
    sensor = _make(cls, arguments, batch)
    monkeypatch.setattr(sensors, "task_ledger", crash)

    with pytest.raises(AirflowException, match=f"^{cls.__name__} failed with RuntimeError") as failed:
        sensor.execute_complete({}, event=EVENTS[cls])

    assert SSIN not in said_of(failed.value)


# --- a team's own callables ---


def _at_once() -> None:
    crash()


def _half_way() -> Any:
    yield []
    crash()


TASKS = pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda given: DimonaSubmitOperator(task_id="submit", source=given), "source"),
        (lambda given: DimonaStageOperator(task_id="stage", pages=given), "pages"),
    ],
    ids=["source", "pages"],
)


@TASKS
@pytest.mark.parametrize("given", [_at_once, _half_way])
def test_what_a_teams_callable_raises_is_named_as_its_own_without_text(
    make, argument, given, execute, said_of
):
    with pytest.raises(AirflowException, match=f"given as {argument} failed with RuntimeError") as failed:
        execute(make(given))

    said = said_of(failed.value)
    assert f"in {given.__name__}" in said
    assert SSIN not in said
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)


@TASKS
def test_a_database_of_the_team_is_not_taken_for_the_ledger(make, argument, execute):
    def given() -> None:
        raise sa.exc.OperationalError("SELECT", {}, ConnectionError("x"))

    with pytest.raises(AirflowException, match=f"given as {argument} failed with OperationalError"):
        execute(make(given))


@TASKS
@pytest.mark.parametrize(
    ("raised", "fails_with"),
    [
        pytest.param(AirflowSkipException("nothing today"), AirflowSkipException, id="skip"),
        pytest.param(AirflowFailException("closed"), AirflowFailException, id="fail"),
        pytest.param(InvalidSource("no such month"), AirflowFailException, id="ours"),
    ],
)
def test_what_it_tells_airflow_on_purpose_keeps_its_text_and_nothing_behind_it(
    make, argument, raised, fails_with, *, execute, said_of
):
    def given() -> None:
        raise raised from KeyError(SSIN)

    with pytest.raises(fails_with, match=r"nothing today|closed|no such month") as failed:
        execute(make(given))

    assert SSIN not in said_of(failed.value)
