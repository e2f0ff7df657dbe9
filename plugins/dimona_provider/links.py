"""Links from tasks in Airflow's UI to what they work on, in the cockpit."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.sdk import BaseOperatorLink

from dimona_provider.cockpit.addresses import declarations_of_batch


class DimonaBatchLink(BaseOperatorLink):
    """
    Lead from a task to the declarations of its batch.

    Airflow asks for it in the worker, after the task, and keeps it as an XCom: it holds the batch's
    reference. It has no host, so that it leads to the same Airflow that shows it.
    """

    name = "Declarations of this batch"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - the form of Airflow's links
        """Return the address, or nothing for a task that never came to have a batch."""
        reference = getattr(operator, "filed", None) or getattr(operator, "batch", None)
        if not reference or not isinstance(reference, str):
            return ""
        return declarations_of_batch(reference, base_url=mounted_at())


def mounted_at() -> str:
    """Return the path below which Airflow's UI is served, mostly nothing (``[api] base_url``)."""
    return urlsplit(ui_address()).path.rstrip("/")


def ui_address() -> str:
    """Return the address of Airflow's UI, or nothing if nobody set it (``[api] base_url``)."""
    return (conf.get("api", "base_url", fallback="") or "").rstrip("/")
