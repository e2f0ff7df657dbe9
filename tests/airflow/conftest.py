"""
What every test against real Airflow classes needs: a simulator over HTTP, a ledger, connections, a context.

Connections come from the environment, as a worker without a metadata database reads them.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk import BaseOperator

import airflow  # noqa: F401 - sets up logging and configuration before anything else of it
from dimona_provider.filing import submission
from dimona_provider.ledger import Ledger, open_ledger
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.setup import initialise
from include.payroll.routes import payroll_routes
from include.payroll.store import PayrollStore
from support.dags import read
from support.markdown import DOCS, blocks
from support.served import Served, as_environment, serve

_AIRFLOW_WARNS = (
    # Airflow itself still uses the pattern class that pathspec renamed, whenever it looks through a folder.
    "ignore:GitWildMatchPattern:DeprecationWarning",
    # Airflow's own Connection.test_connection goes through it.
    "ignore:ProvidersManager.hooks is deprecated",
)
HERE = Path(__file__).parent
KEYS = Keyring.generate()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            for known in _AIRFLOW_WARNS:
                item.add_marker(pytest.mark.filterwarnings(known))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # How long a sender pauses between failures is tested with a clock in tests/unit/filing.
    monkeypatch.setattr(submission, "BACKOFF", 0.01)


@pytest.fixture(scope="session")
def payroll_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the payroll store that is served beside the simulator."""
    return tmp_path_factory.mktemp("payroll") / "payroll.sqlite"


@pytest.fixture(scope="session")
def _served(payroll_file: Path) -> Iterator[Served]:
    with serve(payroll_routes(PayrollStore(payroll_file))) as served:
        yield served


@pytest.fixture
def nsso(_served: Served) -> Served:
    """Give a simulator that answers at once and knows nothing of other tests."""
    _served.start_anew()
    return _served


@pytest.fixture
def payroll(payroll_file: Path, nsso: Served, connect: Callable[..., None]) -> PayrollStore:
    """Give the payroll store, empty, to which the connection ``payroll_default`` leads."""
    payroll_file.unlink()
    connect("payroll_default", {"conn_type": "http", "host": nsso.url})
    return PayrollStore(payroll_file)


@pytest.fixture(scope="session")
def _empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    initialise(sa.URL.create("sqlite", database=str(path)), lambda: KEYS, None, now=0.0)
    return path


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give what puts a connection into the environment."""

    def put(conn_id: str, connection: dict[str, Any]) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", as_environment(connection))

    return put


@pytest.fixture
def ledger(
    _empty_ledger: Path, tmp_path: Path, nsso: Served, connect: Callable[..., None]
) -> Iterator[Ledger]:
    """Give the ledger that the connection ``dimona_ledger`` leads to, beside ``dimona_default``."""
    path = tmp_path / "ledger.db"
    shutil.copy(_empty_ledger, path)
    connect("dimona_ledger", {"conn_type": "sqlite", "host": str(path), "extra": {"keys": KEYS.to_json()}})
    connect("dimona_default", nsso.connection())
    opened = open_ledger(sa.URL.create("sqlite", database=str(path)), KEYS, actor="test")
    yield opened
    opened.close()


def context(
    task_id: str = "task",
    *,
    run_id: str = "run-1",
    dag_id: str = "dag",
    map_index: int = -1,
    try_number: int = 1,
    params: dict[str, Any] | None = None,
) -> Any:
    """Give as much of a task's context as the operators read."""
    instance = SimpleNamespace(
        dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, try_number=try_number
    )
    return {"ti": instance, "run_id": run_id, "params": params or {}}


@pytest.fixture
def execute(ledger: Ledger) -> Callable[..., Any]:
    """Give what runs an operator once, as a task of ``run-1``."""

    def run(operator: BaseOperator, **where: Any) -> Any:
        return operator.execute(context(operator.task_id, **where))

    return run


@pytest.fixture
def states(ledger: Ledger) -> Callable[[], list[str]]:
    """Give what reads the states of all intents, in the order of recording."""

    def read() -> list[str]:
        with ledger.read() as connection:
            return [
                str(state) for state in connection.scalars(sa.select(intents.c.state).order_by(intents.c.id))
            ]

    return read


@pytest.fixture
def age(ledger: Ledger) -> Callable[[str, float], None]:
    """Give what makes the filed declarations of a batch older: nobody waits 3 s for their first look."""

    def older(batch: str, seconds: float) -> None:
        with ledger.write() as connection:
            filed_at = intents.c.filed_at - seconds
            connection.execute(intents.update().where(intents.c.batch == batch).values(filed_at=filed_at))

    return older


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Give what reads everything logged or printed since it was read last."""

    def read() -> str:
        captured = capsys.readouterr()
        text = captured.out + captured.err + caplog.text
        caplog.clear()
        return text

    return read


@pytest.fixture(scope="session")
def metadata_database() -> None:
    """Make Airflow's own database, once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's models and migrations, none of it ours
        from airflow.utils.db import initdb

        initdb()


@pytest.fixture
def team_dags(
    metadata_database: None, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Give DAGs as teams write them, which can be run: those of teams/, and that of docs/notifiers.md."""
    folder = tmp_path / "teams"
    shutil.copytree(HERE / "teams", folder)
    (folder / "documented.py").write_text(blocks(DOCS / "notifiers.md", "python")[0].text)
    bundle = {
        "name": "teams",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder)},
    }
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
    bag = read(folder, "teams")
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., str]:
    """Give what writes a JSON Lines file of items and gives its path."""

    def write(items: list[Any], name: str = "declarations.jsonl") -> str:
        path = tmp_path / name
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
        return str(path)

    return write
