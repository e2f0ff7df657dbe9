"""Run by test_readme_dag.py in a process of its own: makes Airflow's database, then tests the DAGs given."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.utils.db import initdb

from dimona_provider.cli.main import app


def main(folder: str, report: str, *runs: str) -> None:
    """Write what became of each run (``dag_id=conf as JSON``), in order, to *report*."""
    initdb()
    app(["ledger", "init"], standalone_mode=False)
    bag = BundleDagBag(folder, bundle_path=Path(folder), bundle_name="dags-folder")
    states: dict[str, list[str]] = {}
    for run in runs if not bag.import_errors else ():
        dag_id, _, conf = run.partition("=")
        ended = bag.dags[dag_id].test(run_conf=json.loads(conf))
        states.setdefault(dag_id, []).append(str(ended.state))
    Path(report).write_text(json.dumps({"errors": bag.import_errors, "states": states}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
