"""The DAGs that ship, as Airflow reads them."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "dags"


@cache
def shipped() -> Any:
    """Read dags/ as a worker does: the folder itself is importable."""
    return read(FOLDER)


def read(folder: Path, bundle: str = "dags-folder") -> Any:
    """Read a folder of DAGs as a worker does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's reader of folders, none of it ours
        from airflow.dag_processing.dagbag import BundleDagBag

        return BundleDagBag(folder, bundle_path=folder, bundle_name=bundle)


def returned(run: Any, task_id: str, map_index: int = -1, key: str = "return_value") -> Any:
    """Give what Airflow's database holds of a task as an XCom, None if there is nothing."""
    import sqlalchemy as sa
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    of_task = (
        XComModel.dag_id == run.dag_id,
        XComModel.run_id == run.run_id,
        XComModel.task_id == task_id,
        XComModel.map_index == map_index,
        XComModel.key == key,
    )
    with create_session() as session:
        found = session.scalar(sa.select(XComModel).where(*of_task))
        return XComModel.deserialize_value(found) if found else None
