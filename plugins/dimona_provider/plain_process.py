"""Connections for commands and the api-server: processes that have no supervisor to ask."""

from __future__ import annotations

import logging

from airflow.models.connection import Connection as CoreConnection
from airflow.sdk import Connection


def stored_connection(conn_id: str) -> Connection:
    """As ``found_connection``, for a command: a database that is not there yet is no news."""
    logging.getLogger("airflow").setLevel(logging.ERROR)
    return found_connection(conn_id)


def found_connection(conn_id: str) -> Connection:
    """
    Return a connection from the environment, a secrets backend, or Airflow's database (those made in the UI).

    The task SDK alone finds only the first two here. Raises AirflowNotFoundException.
    """
    found = CoreConnection.get_connection_from_secrets(conn_id)
    return Connection(
        conn_id=conn_id,
        conn_type=found.conn_type,
        host=found.host,
        login=found.login,
        password=found.password,
        schema=found.schema,
        port=found.port,
        extra=found.extra,
    )
