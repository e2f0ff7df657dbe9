"""
Tells whether a container of Airflow does its work, in a fraction of a second of processor time.

Airflow's own ``airflow jobs check`` and ``celery inspect ping`` import all of Airflow for each answer, for up
to ten seconds: with a dozen containers that is most of what a small machine has.
"""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

from include.deployment.places import MOUNTED

FRESH = 60.0
"""Seconds that a heartbeat may be old; Airflow writes one every five."""
PING = 15.0
"""Seconds that a worker may take to answer on a busy machine."""
_BEAT = """
SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job
WHERE job_type = %s AND hostname = %s AND state = 'running'
"""


def beats(job_type: str) -> bool:
    """Tell whether the job of this container has written its heartbeat into Airflow's database lately."""
    import psycopg2  # type: ignore[import-untyped] # noqa: PLC0415 - a worker's check needs none of it

    password = _secret("metadata_password")
    server = {"host": "postgres", "dbname": "airflow", "user": "airflow", "connect_timeout": 5}
    with closing(psycopg2.connect(password=password, **server)) as connection, connection.cursor() as cursor:
        cursor.execute(_BEAT, (job_type, socket.getfqdn()))
        (age,) = cursor.fetchone()
    return age is not None and float(age) < FRESH


def worker_answers() -> bool:
    """Tell whether the Celery worker of this container answers a ping."""
    from celery import Celery  # type: ignore[import-not-found] # noqa: PLC0415 - only the image has it

    broker = f"redis://:{_secret('redis_password')}@redis:6379/0"
    name = f"celery@{socket.gethostname()}"
    with Celery(broker=broker, set_as_current=False) as app:
        return bool(app.control.inspect(destination=[name], timeout=PING).ping())


def _secret(name: str, folder: Path = MOUNTED) -> str:
    return (folder / name).read_text(encoding="utf-8").strip()
