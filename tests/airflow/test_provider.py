"""Airflow finds the provider, its form and its plugin, and nothing else of ours under a wrong name."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import warnings
from importlib import metadata
from pathlib import Path

import httpx
import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager

import airflow
from dimona_provider.cockpit.addresses import declarations_of_batch
from dimona_provider.links import DimonaBatchLink
from dimona_provider.provider_info import get_provider_info
from support.nsso import CLIENT_ID

ROOT = Path(__file__).parents[2]
FIELDS = get_provider_info()["connection-types"][0]["conn-fields"]


def test_the_metadata_are_as_airflow_wants_them():
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())

    jsonschema.validate(get_provider_info(), schema)


def test_the_installed_distribution_announces_the_provider():
    (found,) = (
        entry
        for entry in metadata.entry_points(group="apache_airflow_provider")
        if entry.value.startswith("dimona_provider")
    )

    assert found.load() is get_provider_info
    assert get_provider_info()["package-name"] == found.dist.name


def test_airflow_knows_our_connection_type_and_hook():
    from dimona_provider.hooks import DimonaHook

    known = {one.connection_type: one for one in ProvidersManager().iter_connection_type_hook_ui_metadata()}

    assert known["dimona"].hook_class_name == f"{DimonaHook.__module__}.{DimonaHook.__qualname__}"
    assert known["dimona"].hook_name == DimonaHook.hook_name
    assert DimonaHook.conn_type == "dimona"


def test_what_the_provider_announces_is_there():
    from airflow._shared.module_loading import import_string
    from airflow.sdk import BaseNotifier, task

    from dimona_provider import decorators, notifiers

    info = get_provider_info()
    told = {import_string(name) for name in info["notifications"]}
    named = [vars(notifiers)[name] for name in vars(notifiers) if name.endswith("Notifier")]

    assert told == {
        one for one in named if issubclass(one, BaseNotifier) and one.__module__ == notifiers.__name__
    } - {notifiers.DimonaSummaryNotifier}
    assert task.dimona_submit is decorators.dimona_submit


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_form_with_this_field_left_empty_is_valid(name):
    schema = FIELDS[name]["schema"]

    jsonschema.validate(None, schema)
    if "default" in schema:
        jsonschema.validate(schema["default"], schema)


def test_the_form_offers_every_setting_that_is_read_and_no_other(tmp_path):
    from dimona_provider.api.settings import Settings
    from dimona_provider.errors import ConfigurationError

    class Asked(dict):
        def get(self, name, default=None):
            self.setdefault("asked", set()).add(name)
            return default

    extra = Asked()
    with pytest.raises(ConfigurationError):
        Settings.read("dimona_default", login=None, host=None, extra=extra)
    everything = extra["asked"] | {"scope"}  # read last, when all else is right

    assert set(FIELDS) == everything


@pytest.fixture(scope="module")
def loaded_plugins():
    """Load Airflow's plugins in a fresh process, and tell what came of it."""
    script = (
        "import json, sys\n"
        "from airflow import plugins_manager as pm\n"
        "pm.ensure_plugins_loaded()\n"
        "files = {m: getattr(x, '__file__', None) or '' for m, x in sys.modules.items()}\n"
        "ours = [m for m, file in files.items() if 'dimona_provider' in file]\n"
        "found = [p.name for p in pm._get_plugins()[0]]\n"
        "print('RESULT' + json.dumps([found, pm.get_import_errors(), ours]))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    return json.loads(ended.stdout.rsplit("RESULT", 1)[1])


def test_airflow_loads_our_plugin_once_and_without_errors(loaded_plugins):
    names, errors, _ = loaded_plugins

    assert names.count("dimona") == 1
    assert errors == {}


def test_the_plugins_folder_puts_no_module_of_ours_under_a_bare_name(loaded_plugins):
    _, _, modules = loaded_plugins

    assert [name for name in modules if not name.startswith("dimona_provider")] == []


def test_finding_the_provider_imports_neither_airflow_nor_a_database():
    script = (
        "import sys; import dimona_provider.provider_info as p; p.get_provider_info(); print(*sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert not {"airflow", "sqlalchemy", "httpx", "cryptography"} & set(ended.stdout.split())


@pytest.fixture(scope="module")
def api(metadata_database):
    """Give Airflow's own web application."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # PyJWT finds the secret that Airflow makes for itself too short.
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", secrets.token_hex(64))
        warnings.simplefilter("ignore")  # Airflow's start, none of it ours
        from airflow.api_fastapi.app import create_app

        yield create_app(apps="core")


async def ask(api, path, token=None, json=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=api)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow", headers=headers) as http:
        return await (http.get(path) if json is None else http.post(path, json=json))


def token():
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="admin", role="admin"))


async def test_the_ui_gets_our_form(api):
    answer = await ask(api, "/ui/connections/hook_meta", token())

    (ours,) = (one for one in answer.json() if one["connection_type"] == "dimona")
    assert set(ours["extra_fields"]) == set(FIELDS)
    assert ours["extra_fields"]["private_key"]["schema"]["format"] == "password"
    assert ours["standard_fields"]["login"]["title"] == "Client id"
    assert ours["standard_fields"]["password"]["hidden"] is True


@pytest.mark.parametrize(
    ("login", "says"),
    [
        pytest.param(CLIENT_ID, (True, "the NSSO accepts this client; environment custom"), id="good"),
        pytest.param("another", (False, "token: the token endpoint refused"), id="of somebody else"),
        pytest.param("", (False, "fields: login (the client id) is missing"), id="no client id"),
    ],
)
async def test_the_test_button_says_what_is_wrong_of_what_the_form_holds(api, nsso, monkeypatch, login, says):
    monkeypatch.setenv("AIRFLOW__CORE__TEST_CONNECTION", "Enabled")
    made = nsso.connection() | {"login": login}
    extra = json.dumps(made.pop("extra"))

    answer = await ask(
        api, "/api/v2/connections/test", token(), json={"connection_id": "mine", **made, "extra": extra}
    )

    told = answer.json()
    works, words = says
    assert told["status"] is works
    assert told["message"].startswith(words)
    assert "PRIVATE" not in told["message"]
    assert not nsso.posts


async def test_the_form_is_for_users_alone(api):
    assert (await ask(api, "/ui/connections/hook_meta")).status_code == 401


async def test_the_api_reports_our_plugin_and_no_import_errors(api):
    found = await ask(api, "/api/v2/plugins?limit=100", token())
    errors = await ask(api, "/api/v2/plugins/importErrors", token())

    assert [one["name"] for one in found.json()["plugins"]].count("dimona") == 1
    assert errors.json()["import_errors"] == []


def test_the_ui_gets_the_link_and_the_name_of_each_batch(api, team_dags, nsso):
    run = team_dags["team_mapped"].test()
    tasks = f"/api/v2/dags/team_mapped/dagRuns/{run.run_id}/taskInstances/branch"

    def get(path):
        return asyncio.run(ask(api, f"{tasks}/{path}", token())).json()

    named = {one["map_index"]: one["rendered_map_index"] for one in get("listMapped")["task_instances"]}
    assert sorted(named) == [0, 1]
    for number, reference in named.items():
        links = get(f"links?map_index={number}")["extra_links"]
        assert links == {DimonaBatchLink().name: declarations_of_batch(reference)}
