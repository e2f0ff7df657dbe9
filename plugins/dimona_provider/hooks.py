"""Turns Airflow connections into a client and a ledger; no verbs, no state."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from airflow.configuration import conf
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import amask_secret, mask_secret

from dimona_provider.api.client import DimonaClient, open_client
from dimona_provider.api.settings import Settings
from dimona_provider.checking.connection import check_connection, summary
from dimona_provider.checks import Check
from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger import Ledger, open_ledger
from dimona_provider.ledger.keys import Keyring, read_keys

LEDGER_CONN_ID = "dimona_ledger"
_BACKENDS = (("secrets", "backend"), ("workers", "secrets_backend"))
"""Where Airflow's configuration may name a secrets backend."""
_LIBPQ_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options")
"""What else the extra of a PostgreSQL ledger may hold; the driver gets it as it is."""


class DimonaHook(BaseHook):
    """
    Give a client for a connection of type ``dimona``.

    :param dimona_conn_id: the connection to the NSSO
    """

    conn_name_attr = "dimona_conn_id"
    default_conn_name = "dimona_default"
    conn_type = "dimona"
    hook_name = "Dimona (NSSO)"

    def __init__(self, dimona_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dimona_conn_id = dimona_conn_id

    def settings(self) -> Settings:
        """Return the connection, checked. Raises ConfigurationError that lists all that is wrong."""
        connection, extra = self._look_up()
        return Settings.read(self.dimona_conn_id, login=connection.login, host=connection.host, extra=extra)

    async def asettings(self) -> Settings:
        """Do as ``settings``, where an event loop runs."""
        try:
            connection = await self.aget_connection(self.dimona_conn_id)
        except AirflowNotFoundException:
            raise self._not_found() from None
        await amask_secret(_secrets(extra := _extra(connection)))
        return Settings.read(self.dimona_conn_id, login=connection.login, host=connection.host, extra=extra)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[DimonaClient]:
        """Give a client for this connection."""
        async with open_client(await self.asettings()) as client:
            yield client

    def get_conn(self) -> Settings:
        """Return the checked connection; a client needs an event loop, see ``client``."""
        return self.settings()

    def checks(self) -> tuple[Check, ...]:
        """Check the connection step by step (``checking``). Raises ConfigurationError where there is none."""
        connection, extra = self._look_up()
        return asyncio.run(
            check_connection(self.dimona_conn_id, login=connection.login, host=connection.host, extra=extra)
        )

    def test_connection(self) -> tuple[bool, str]:
        """
        Check fields and key, fetch a token and read a declaration that can't exist; changes nothing.

        Returns whether the connection works, and a line that names each step that is bad or doubtful. For
        Airflow's Test button.
        """
        try:
            return summary(self.checks())
        except ConfigurationError as error:
            return False, str(error)
        except Exception as error:  # noqa: BLE001 - Airflow would show its text, which may hold a value
            return False, f"the test itself failed, with {type(error).__name__}: a defect, please report it"

    def _look_up(self) -> tuple[Connection, dict[str, Any]]:
        try:
            connection = self.get_connection(self.dimona_conn_id)
        except AirflowNotFoundException:
            raise self._not_found() from None
        mask_secret(_secrets(extra := _extra(connection)))
        return connection, extra

    def _not_found(self) -> ConfigurationError:
        return ConfigurationError(
            f"there is no readable connection {self.dimona_conn_id!r}: "
            "make one of type dimona (docs/connection.md)"
        )


def _secrets(extra: Mapping[str, Any]) -> dict[str, Any]:
    # Committees are no secrets, and Airflow warns in every log of a value too short to mask.
    return {name: value for name, value in extra.items() if name != "joint_committees"}


def _extra(connection: Connection) -> dict[str, Any]:
    # Not extra_dejson: it reads a malformed extra as an empty one, and blocks where an event loop runs.
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError(f"the extra of the connection {connection.conn_id!r} is no JSON object")
    return extra


@dataclass(frozen=True, slots=True)
class LedgerLocation:
    """Where the ledger and its keys are."""

    url: sa.URL
    key_file: Path | None
    """None when the keys come with the connection."""
    inline_keys: str | None = field(default=None, repr=False)

    def keys(self) -> Keyring:
        """Read the keys. Raises ConfigurationError."""
        if self.inline_keys is not None:
            return Keyring.parse(self.inline_keys)
        assert self.key_file is not None  # noqa: S101 - for mypy: one of the two is always there
        return read_keys(self.key_file)

    def open(self, actor: str) -> Ledger:
        """Open the ledger for *actor*. Raises ConfigurationError."""
        return open_ledger(self.url, self.keys(), actor=actor)


class DimonaLedgerHook(BaseHook):
    """
    Find the ledger: the connection ``dimona_ledger``, or else a SQLite file under AIRFLOW_HOME.

    The connection is of type ``postgres`` or ``sqlite``; its extra may hold ``keys`` (the content of the key
    file) or ``key_file`` (its path).
    """

    def location(self, look_up: Callable[[str], Connection] | None = None) -> LedgerLocation:
        """Return where the ledger is; *look_up* finds the connection otherwise. Raises ConfigurationError."""
        try:
            return _location((look_up or self.get_connection)(LEDGER_CONN_ID))
        except AirflowNotFoundException:
            return _embedded()

    async def alocation(self) -> LedgerLocation:
        """Do as ``location``, where an event loop runs."""
        try:
            return _location(await self.aget_connection(LEDGER_CONN_ID))
        except AirflowNotFoundException:
            return _embedded()


def _embedded() -> LedgerLocation:
    """
    Return the embedded ledger's place, where no connection can be meant.

    Airflow says of a secrets backend that failed that the connection was not found: another ledger, which
    knows of no declaration, must not be used then.
    """
    if any(conf.get(*option, fallback="") for option in _BACKENDS):
        raise ConfigurationError(
            f"the connection {LEDGER_CONN_ID} was not found, or its secrets backend can't be read: a "
            "deployment with a backend says there, in the environment or in the UI where its ledger is"
        )
    return default_location()


def default_location() -> LedgerLocation:
    """Return the embedded ledger's place: ``AIRFLOW_HOME/dimona/ledger.db`` and ``ledger-keys.json``."""
    folder = _ledger_folder()
    return LedgerLocation(
        sa.URL.create("sqlite", database=str(folder / "ledger.db")), folder / "ledger-keys.json"
    )


def _ledger_folder() -> Path:
    return Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser() / "dimona"


def _location(connection: Connection) -> LedgerLocation:
    extra = _extra(connection)
    key_file = extra.get("key_file") or str(_ledger_folder() / "ledger-keys.json")
    if not isinstance(key_file, str):
        raise ConfigurationError(f"extra.key_file of the connection {LEDGER_CONN_ID} must be a path")
    keys = extra.get("keys")
    inline = keys if isinstance(keys, str) or keys is None else json.dumps(keys)
    return LedgerLocation(_ledger_url(connection, extra), None if inline else Path(key_file), inline)


def _ledger_url(connection: Connection, extra: Mapping[str, Any]) -> sa.URL:
    kind = connection.conn_type
    if kind == "generic":
        # What `airflow connections add` makes of a type whose provider is not installed.
        kind = "postgres" if connection.schema else "sqlite"
    if kind == "sqlite":
        file = connection.host or connection.schema
        if not file:  # SQLite would keep the ledger in memory, and forget it
            raise ConfigurationError(f"the connection {LEDGER_CONN_ID} must name its SQLite file as host")
        return sa.URL.create("sqlite", database=file)
    if kind in {"postgres", "postgresql"}:
        return sa.URL.create(
            "postgresql+psycopg2",
            username=connection.login,
            password=connection.password,
            host=connection.host,
            port=connection.port,
            database=connection.schema,
            query={name: str(extra[name]) for name in _LIBPQ_OPTIONS if extra.get(name) is not None},
        )
    raise ConfigurationError(f"the connection {LEDGER_CONN_ID} must be of type postgres or sqlite")
