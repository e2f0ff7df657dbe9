"""What a DAG file of ours loads is paid by every task and every parse: nothing heavy beyond Airflow's own."""

from __future__ import annotations

import sys

import pytest

from bench.imports import load, subjects

_OURS = {
    "dimona_provider",
    "cryptography",  # the client's key
    "jwt",  # its assertion
    "starlette",  # base modules of the cockpit's application; the api-server has them
}
_AIRFLOW = {
    "airflow.providers.common.io",  # Airflow looks for the handlers of every asset
    "airflow.sdk.observability.stats",  # a name for what Airflow's task process has loaded
    "airflow.providers.standard",  # operators that come with Airflow
    "airflow.sdk.bases.operatorlink", "airflow.sdk.execution_time.hitl",  # parts that only some tasks need
    "asgiref",  # a few small files: Airflow's trigger of a question to a person
}  # fmt: skip
_HTTP_HOOK = {
    "airflow.providers.http", "airflow.providers.common.compat",
    "aiohappyeyeballs", "aiohttp", "aiosignal", "charset_normalizer", "frozenlist", "multidict", "propcache",
    "requests", "requests_toolbelt", "urllib3", "yarl",
}  # fmt: skip
"""Of the two example DAGs that stand for payroll's side."""


@pytest.fixture(scope="module")
def loaded():
    return {one["name"]: one["modules"] for one in load(list(subjects().items()))}


@pytest.mark.parametrize("name", subjects())
def test_what_we_load_brings_no_library_that_is_not_on_this_list(name, loaded):
    known = _OURS | _AIRFLOW | (_HTTP_HOOK if "payroll" in name else set())

    assert [module for module in loaded[name] if not is_known(module, known)] == []


def is_known(module, known):
    """Tell whether a module belongs to one of the packages in *known*, or to Python."""
    top = module.partition(".")[0]
    is_of_python = top in sys.stdlib_module_names or top.startswith("_cython_")
    return is_of_python or any(module == one or module.startswith(f"{one}.") for one in known)
