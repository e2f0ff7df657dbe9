"""
Where the cockpit's pages are, as Airflow's UI addresses them; imports nothing, so that tasks can link here.

The UI shows ``/plugin/dimona/<path>`` as its own page with ``<path>`` of the same host in a frame.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

PREFIX = "/dimona"
"""Where the api-server mounts the cockpit."""
ROUTE = "dimona"
"""The name of the nav page among the UI's plugins."""


def page(path: str, *, base_url: str = "", **query: str) -> str:
    """
    Return the address of one of the cockpit's pages inside Airflow's UI.

    *base_url* is Airflow's own (``[api] base_url``); without it the address is a path of the same host.

    >>> page("/gaps")
    '/plugin/dimona/dimona/gaps'
    >>> page("/gaps", base_url="https://af.example/prod/")
    'https://af.example/prod/plugin/dimona/prod/dimona/gaps'
    """
    base = base_url.rstrip("/")
    question = f"?{urlencode(query)}" if query else ""
    return f"{base}/plugin/{ROUTE}{urlsplit(base).path}{PREFIX}{path}{question}"


def declarations_of_batch(reference: str, *, base_url: str = "") -> str:
    """
    Return the address of the list of a batch's declarations.

    >>> declarations_of_batch("qX_1")
    '/plugin/dimona/dimona/declarations?batch=qX_1'
    """
    return page("/declarations", base_url=base_url, batch=reference)


def declaration(reference: str, *, base_url: str = "") -> str:
    """
    Return the address of one declaration.

    >>> declaration("r-7")
    '/plugin/dimona/dimona/declarations/r-7'
    """
    return page(f"/declarations/{reference}", base_url=base_url)
