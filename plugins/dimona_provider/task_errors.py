"""Our errors as Airflow's: the one place that decides what may be retried, and what a log may say of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.errors import DimonaError

Operator = TypeVar("Operator", bound=BaseOperator)
P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def airflow_errors() -> Iterator[None]:
    """
    Turn errors of this package into Airflow's, each one clear sentence.

    What waiting may cure is retried; what needs a person fails at once.
    """
    try:
        yield
    except DimonaError as error:
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(str(error)) from None
    except sa.exc.DBAPIError as error:
        # The driver's own message may name hosts and values; the class says enough.
        raise AirflowException(f"the ledger's database failed ({type(error.orig).__name__})") from None


class Log(Protocol):
    """What is asked of Airflow's two kinds of logger."""

    def error(self, message: Any, /, *args: Any) -> Any:
        """Log an error."""


def defect(log: Log, what: str, error: Exception) -> str:
    """
    Log where an *error* that nobody foresaw happened while *what* went on; return a sentence about it.

    Its text is in neither: that may hold a value.
    """
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: a defect, %s at\n%s", what, type(error).__name__, place)
    return f"{what} failed with {type(error).__name__}: its log has the place"


def guarded(execute: Callable[Concatenate[Operator, P], R]) -> Callable[Concatenate[Operator, P], R]:
    """
    Let a method that Airflow calls fail with Airflow's exceptions alone; every operator and sensor has it.

    Airflow logs an exception's text and that of what led to it. That of a defect may hold a person: its kind
    and its place are logged, and it is retried.
    """

    @wraps(execute)
    def run(self: Operator, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with airflow_errors():
                return execute(self, *args, **kwargs)
        except AirflowException as error:
            failed = error
        except Exception as error:  # noqa: BLE001 - what it is goes to the log
            failed = AirflowException(defect(self.log, type(self).__name__, error))
        failed.__cause__ = failed.__context__ = None
        raise failed

    return run


@contextmanager
def team_code(log: Log, what: str) -> Iterator[None]:
    """
    Run a callable that a team gave: what it raises is a defect of *what*, not of this package.

    Errors of this package and Airflow's own exceptions it may raise on purpose: they keep their text.
    """
    try:
        yield
    except (DimonaError, AirflowException):
        raise
    except Exception as error:  # noqa: BLE001 - as above; also of a database of its own
        raise AirflowException(defect(log, what, error)) from None
