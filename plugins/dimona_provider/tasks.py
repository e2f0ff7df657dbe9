"""What every task of this package needs: its run, the ledger opened in its name, the connection checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow.sdk import Context

from dimona_provider.api.settings import Settings
from dimona_provider.domain.employment import read_reference
from dimona_provider.domain.identifiers import EnterpriseNumber
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.errors import ConfigurationError
from dimona_provider.hooks import DimonaHook, DimonaLedgerHook, default_location
from dimona_provider.ledger import Ledger, batches
from dimona_provider.ledger.agenda import Scope
from dimona_provider.ledger.batches import Batch, Run
from dimona_provider.metrics import emit


def run_of(context: Context) -> Run:
    """Return the DAG run of a task."""
    instance = context["ti"]
    return Run(instance.dag_id, instance.run_id)


def scope_of(context: Context) -> Scope | None:
    """Return what the params ``employer`` and ``employments`` of a run say; raises ConfigurationError."""
    params = context.get("params", {})
    employer, named = params.get("employer"), params.get("employments") or []
    try:
        number = str(EnterpriseNumber.parse(employer)) if employer else None
        references = frozenset(read_reference(one) for one in named)
    except ValueError as error:
        raise ConfigurationError(f"the run's params can't be used: {error}") from None
    return Scope(number, references) if number or references else None


def reports_folder() -> Path:
    """Return where reports are kept unless a task says otherwise: beside the default ledger."""
    return Path(str(default_location().url.database)).parent / "reports"


def origin_of(context: Context) -> str:
    """Return a name for this task of this run that stays the same when it is retried."""
    instance = context["ti"]
    mapped = "" if instance.map_index is None or instance.map_index < 0 else f"[{instance.map_index}]"
    return f"{instance.dag_id}/{instance.run_id}/{instance.task_id}{mapped}"


@contextmanager
def task_ledger(context: Context) -> Iterator[Ledger]:
    """Open the ledger in the name of a task, close it, and send metrics. Raises ConfigurationError."""
    ledger = DimonaLedgerHook().location().open(origin_of(context))
    try:
        yield ledger
    finally:
        ledger.close()
        emit(ledger.tally)


def routes_from(conn_id: str, hook: type[DimonaHook] = DimonaHook) -> Routes:
    """Return over which connection each employer files. Raises ConfigurationError for any that is wrong."""
    settings = hook(conn_id).settings()
    others = {other: hook(other).settings() for other in sorted(set(settings.employers.values()))}
    by_employer = {
        employer: Route(other, others[other].base_url) for employer, other in settings.employers.items()
    }
    committees = {name: one.joint_committees for name, one in {**others, conn_id: settings}.items()}
    ahead = {name: one.file_ahead_days for name, one in {**others, conn_id: settings}.items()}
    return Routes(Route(conn_id, settings.base_url), by_employer, committees, ahead)


def batch_and_settings(ledger: Ledger, reference: str, conn_id: str | None) -> tuple[Batch, Settings]:
    """
    Return a batch and the connection that may serve it: its own, unless *conn_id* names another.

    Raises ConfigurationError when the connection leads elsewhere: a declaration planned for one environment
    must never reach another.
    """
    batch = batches.find(ledger, reference)
    conn_id = conn_id or batch.route.dimona_conn_id
    settings = DimonaHook(conn_id).settings()
    if settings.base_url != batch.route.environment:
        raise ConfigurationError(
            f"batch {reference} was planned for {batch.route.environment}, "
            f"but the connection {conn_id!r} leads to {settings.base_url}"
        )
    return batch, settings
