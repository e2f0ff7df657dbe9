"""
Run by test_wheel.py in an environment that has Airflow and our wheel, and nothing of this repository.

Prints one JSON object of what it found on its last line.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import sys
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any


def every_module() -> list[str]:
    """Import all modules of the package; give those that are not the wheel's own."""
    package = importlib.import_module("dimona_provider")
    names = [one.name for one in pkgutil.walk_packages(package.__path__, "dimona_provider.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("migrations.env")]
    place = str(Path(sys.prefix).resolve())
    return [one.__name__ for one in modules if not str(Path(str(one.__file__)).resolve()).startswith(place)]


def provider() -> dict[str, Any]:
    """Tell what Airflow knows of us."""
    from airflow.providers_manager import ProvidersManager

    from airflow import plugins_manager

    manager = ProvidersManager()
    plugins_manager.ensure_plugins_loaded()
    (form,) = (
        one for one in manager.iter_connection_type_hook_ui_metadata() if one.connection_type == "dimona"
    )
    return {
        "version": manager.providers["airflow-provider-dimona"].version,
        "hook": form.hook_class_name,
        "plugins": [one.name for one in plugins_manager._get_plugins()[0]],
        "plugin_errors": plugins_manager.get_import_errors(),
    }


def apps() -> dict[str, int]:
    """Ask each web application of our plugin, without saying who we are."""
    import httpx
    from airflow.api_fastapi.app import create_app

    from dimona_provider.plugin import DimonaPlugin

    transport = httpx.ASGITransport(app=create_app(apps="all"))

    async def ask() -> dict[str, int]:
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as http:
            paths = [app["url_prefix"] for app in getattr(DimonaPlugin, "fastapi_apps", [])]
            return {path: (await http.get(f"{path}/", follow_redirects=False)).status_code for path in paths}

    return asyncio.run(ask())


def commands() -> list[str]:
    """Make a ledger and check the connection by command; give what was said."""
    from typer.testing import CliRunner

    from dimona_provider.cli.main import app

    return [CliRunner().invoke(app, words).output for words in (["ledger", "init"], ["check"])]


def dag_run(folder: str) -> dict[str, str]:
    """Run the DAG of *folder* by Airflow's own test; give the states of its tasks."""
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(folder, bundle_path=Path(folder), bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    ended = bag.dags["file_items"].test()
    return {one.task_id: str(one.state) for one in ended.get_task_instances()}


def main(folder: str) -> None:
    """Find out everything."""
    warnings.simplefilter("ignore")  # Airflow's own start
    from airflow.utils.db import initdb

    initdb()
    found = {
        "strangers": every_module(),
        "distribution": metadata.version("airflow-provider-dimona"),
        "plugins_folder": [one.name for one in Path(os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"]).iterdir()],
        "provider": provider(),
        "said": commands(),
        "apps": apps(),
        "states": dag_run(folder),
    }
    print(json.dumps(found))  # noqa: T201 - what it is run for


if __name__ == "__main__":
    main(sys.argv[1])
