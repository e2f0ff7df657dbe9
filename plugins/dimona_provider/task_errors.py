"""Our errors as Airflow's: the one place that decides whether a task may be retried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.errors import DimonaError


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
