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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's reader of folders, none of it ours
        from airflow.dag_processing.dagbag import BundleDagBag

        return BundleDagBag(FOLDER, bundle_path=FOLDER, bundle_name="dags-folder")
