"""The hook turns connections into settings, clients and the ledger's location, and says all that is wrong."""

from __future__ import annotations

import asyncio
import json

import pytest
import sqlalchemy as sa
from airflow.models.connection import Connection
from airflow.sdk import BaseHook

from dimona_provider.errors import ConfigurationError
from dimona_provider.hooks import DimonaHook, DimonaLedgerHook
from dimona_provider.ledger.keys import Keyring, write_new_keys
from support.nsso import CLIENT_ID, pem
from support.served import closed_port


def test_a_connection_from_the_environment_becomes_settings(nsso, connect):
    connect("dimona_default", nsso.connection(scope="a:b", concurrency=2))

    settings = DimonaHook().settings()

    assert (settings.client_id, settings.environment, settings.base_url) == (
        CLIENT_ID,
        "custom",
        nsso.base_url,
    )
    assert (settings.scope, settings.requests_per_second, settings.concurrency) == ("a:b", 4000.0, 2)


def test_another_connection_id_is_looked_up(nsso, connect):
    connect("dimona_other", nsso.connection())

    assert DimonaHook("dimona_other").settings().base_url == nsso.base_url


def test_a_bare_connection_leads_to_the_simulation(connect):
    connect("dimona_default", {"conn_type": "dimona", "login": "x", "extra": {"private_key": pem()}})

    assert DimonaHook().settings().environment == "simulation"


def test_both_ways_to_look_up_give_the_same_settings(nsso, connect, tmp_path):
    key_file = tmp_path / "key.pem"
    key_file.write_text(pem())
    connect("dimona_default", nsso.connection(private_key=None, private_key_path=str(key_file)))

    there, here = asyncio.run(DimonaHook().asettings()), DimonaHook().settings()

    assert there == here  # their keys too, although key objects are equal to themselves alone


@pytest.mark.parametrize(
    "look_up", [lambda: DimonaHook().settings(), lambda: asyncio.run(DimonaHook().asettings())]
)
def test_a_missing_connection_says_how_to_make_one(look_up):
    with pytest.raises(ConfigurationError, match=r"no .*connection 'dimona_default'.*docs/connection\.md"):
        look_up()


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param('{"private_key": "SECRET', id="cut off"),
        pytest.param("SECRET", id="text"),
        pytest.param('["SECRET"]', id="list"),
        pytest.param("17", id="number"),
    ],
)
def test_a_malformed_extra_is_refused_without_being_repeated(connect, extra):
    connect("dimona_default", {"conn_type": "dimona", "login": "x", "extra": extra})

    with pytest.raises(ConfigurationError) as refused:
        DimonaHook().settings()

    assert "SECRET" not in str(refused.value)


def test_a_connection_that_is_no_json_at_all_is_refused_without_being_repeated(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DIMONA_DEFAULT", '{"conn_type": "dimona", "password": "SECRET')

    with pytest.raises(ConfigurationError) as refused:
        DimonaHook().settings()

    assert "SECRET" not in str(refused.value)


def test_one_error_names_everything_that_is_wrong(connect):
    extra = {"environment": "custom", "concurrency": 0.5, "requests_per_second": -1}
    connect("dimona_default", {"conn_type": "dimona", "extra": extra})

    with pytest.raises(ConfigurationError) as refused:
        DimonaHook().settings()

    for word in ("login", "host", "token_url", "private_key", "requests_per_second", "concurrency"):
        assert word in str(refused.value)


def test_the_private_key_shows_in_no_repr(nsso, connect):
    connect("dimona_default", nsso.connection())

    assert "PRIVATE" not in repr(DimonaHook().settings())
    assert pem().splitlines()[2] not in repr(DimonaHook().settings())


def test_get_conn_gives_the_checked_connection(nsso, connect):
    connect("dimona_default", nsso.connection())

    assert DimonaHook().get_conn().base_url == nsso.base_url


async def test_the_client_speaks_to_the_service(nsso, connect):
    from dimona_provider.api.operations import HARMLESS_DECLARATION, fetch_answer

    connect("dimona_default", nsso.connection())

    async with DimonaHook().client() as client:
        answer = await client.run(fetch_answer(HARMLESS_DECLARATION))

    assert answer is None
    assert len(nsso.looks) == 1


# --- test_connection ---


def test_the_test_button_reads_one_declaration_and_files_nothing(nsso, connect):
    connect("dimona_default", nsso.connection())

    works, message = DimonaHook().test_connection()

    assert works
    assert message == (
        f"the NSSO accepts this client; environment custom: declarations go to {nsso.base_url}"
    )
    assert len(nsso.looks) == 1
    assert not nsso.posts


def test_the_test_button_works_on_what_the_form_holds(nsso, monkeypatch):
    # As Airflow's REST route does it: a connection in memory, handed on as a URI in the environment.
    made = nsso.connection()
    connection = Connection(
        conn_id="transient", conn_type="dimona", login=made["login"], host=made["host"], extra=made["extra"]
    )
    monkeypatch.setenv("AIRFLOW_CONN_TRANSIENT", connection.get_uri())

    works, message = connection.test_connection()

    assert works
    assert message.startswith("the NSSO accepts this client")


def test_the_test_button_shows_a_key_that_is_not_the_clients(nsso, connect):
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    connect("dimona_default", nsso.connection(private_key=other))

    works, message = DimonaHook().test_connection()

    assert not works
    assert "refused our credentials" in message


def test_the_test_button_shows_a_service_that_does_not_answer(nsso, connect):
    connect(
        "dimona_default", {**nsso.connection(), "host": f"http://127.0.0.1:{closed_port()}/REST/dimona/v2"}
    )

    works, message = DimonaHook().test_connection()

    assert not works
    assert "can't be reached" in message


def test_the_test_button_shows_a_refusal(nsso, connect):
    connect("dimona_default", nsso.connection())
    nsso.answer_with("GET", "", 403)

    works, message = DimonaHook().test_connection()

    assert not works
    assert "403" in message


def test_the_test_button_shows_an_incomplete_connection(connect):
    connect("dimona_default", {"conn_type": "dimona"})

    works, message = DimonaHook().test_connection()

    assert not works
    assert message.startswith("fields: login (the client id) is missing; key: ")
    assert message.endswith("not tried: certificate, clock, token, read")


def test_the_test_button_says_that_there_is_no_such_connection():
    works, message = DimonaHook("dimona_none").test_connection()

    assert not works
    assert "there is no readable connection 'dimona_none'" in message


def test_the_test_button_shows_the_text_of_no_defect(nsso, connect, monkeypatch):
    connect("dimona_default", nsso.connection())

    def broken(_self):
        raise RuntimeError("SECRET")

    monkeypatch.setattr(DimonaHook, "checks", broken)

    assert DimonaHook().test_connection() == (
        False,
        "the test itself failed, with RuntimeError: a defect, please report it",
    )


def test_airflow_gives_our_hook_for_our_connection_type(nsso, connect):
    connect("dimona_other", nsso.connection())

    hook = BaseHook.get_hook("dimona_other")

    assert isinstance(hook, DimonaHook)
    assert hook.dimona_conn_id == "dimona_other"


# --- the ledger ---


def both(hook):
    there, here = asyncio.run(hook.alocation()), hook.location()
    assert there == here
    return here


def test_without_a_connection_the_ledger_lies_under_airflow_home(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    location = both(DimonaLedgerHook())

    assert location.url == sa.URL.create("sqlite", database=str(tmp_path / "dimona" / "ledger.db"))
    assert location.key_file == tmp_path / "dimona" / "ledger-keys.json"


@pytest.mark.parametrize("place", ["host", "schema"])
def test_a_sqlite_connection_names_the_file(connect, tmp_path, place):
    connect("dimona_ledger", {"conn_type": "sqlite", place: f"{tmp_path}/l.db"})

    assert both(DimonaLedgerHook()).url.database == f"{tmp_path}/l.db"


def test_a_sqlite_connection_as_a_uri_names_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_CONN_DIMONA_LEDGER", f"sqlite:///{tmp_path}/l.db")

    assert both(DimonaLedgerHook()).url.database == f"{tmp_path}/l.db"


def test_a_sqlite_connection_without_a_file_is_refused(connect):
    connect("dimona_ledger", {"conn_type": "sqlite"})

    with pytest.raises(ConfigurationError, match="file"):
        DimonaLedgerHook().location()


def test_a_postgresql_password_may_hold_any_character_and_is_not_shown(connect):
    password = "p@ss:w/ö rd%2F#?&'\\"
    connect(
        "dimona_ledger",
        {
            "conn_type": "postgres",
            "login": "dimona@ledger",
            "password": password,
            "host": "db.example",
            "port": 5433,
            "schema": "ledger",
            "extra": {"key_file": "/etc/dimona/keys.json"},
        },
    )

    location = both(DimonaLedgerHook())

    again = sa.make_url(location.url.render_as_string(hide_password=False))
    assert (again.username, again.password, again.host, again.port, again.database) == (
        "dimona@ledger",
        password,
        "db.example",
        5433,
        "ledger",
    )
    assert location.url.drivername == "postgresql+psycopg2"
    assert str(location.key_file) == "/etc/dimona/keys.json"
    assert "rd%" not in repr(location)
    assert "***" in repr(location)


@pytest.mark.parametrize("form", [str, json.loads], ids=["as text", "as an object"])
def test_keys_may_stand_in_the_connection_and_are_not_shown(connect, form, tmp_path):
    keys = Keyring.generate()
    extra = {"keys": form(keys.to_json())}
    connect("dimona_ledger", {"conn_type": "sqlite", "host": str(tmp_path / "l.db"), "extra": extra})

    location = both(DimonaLedgerHook())

    assert location.keys() == keys
    assert location.key_file is None
    assert keys.search.hex() not in repr(location)


def test_keys_may_stand_in_a_file(connect, tmp_path):
    keys = write_new_keys(tmp_path / "keys.json")
    extra = {"key_file": str(tmp_path / "keys.json")}
    connect("dimona_ledger", {"conn_type": "sqlite", "host": str(tmp_path / "l.db"), "extra": extra})

    assert both(DimonaLedgerHook()).keys() == keys


def test_another_kind_of_database_is_refused(connect):
    connect("dimona_ledger", {"conn_type": "mysql", "host": "db"})

    with pytest.raises(ConfigurationError, match="postgres or sqlite"):
        DimonaLedgerHook().location()


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param('{"keys": "SECRET', id="cut off"),
        pytest.param('["SECRET"]', id="list"),
        pytest.param({"key_file": 17}, id="file is a number"),
    ],
)
def test_a_malformed_extra_of_the_ledger_is_refused(connect, extra):
    connect("dimona_ledger", {"conn_type": "sqlite", "host": "/l.db", "extra": extra})

    with pytest.raises(ConfigurationError) as refused:
        DimonaLedgerHook().location()

    assert "SECRET" not in str(refused.value)


def test_malformed_keys_in_the_connection_are_refused_without_being_repeated(connect, tmp_path):
    extra = {"keys": '{"encryption": ["SECRET"], "search": "SECRET"}'}
    connect("dimona_ledger", {"conn_type": "sqlite", "host": str(tmp_path / "l.db"), "extra": extra})

    with pytest.raises(ConfigurationError) as refused:
        DimonaLedgerHook().location().keys()

    assert "SECRET" not in str(refused.value)
