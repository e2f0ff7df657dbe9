"""How people are told: the alert before a deadline, and summaries by e-mail and over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import BaseNotifier, Context
from airflow.sdk.exceptions import AirflowException

from dimona_provider.domain.anomalies import LANGUAGES, Language
from dimona_provider.errors import ConfigurationError, DimonaError
from dimona_provider.ledger.attention import Which
from dimona_provider.links import ui_address
from dimona_provider.tasks import run_of, task_ledger
from dimona_provider.telling.rendering import render
from dimona_provider.telling.summary import Summary, summarised

TIMEOUT = 30.0
"""Seconds that whoever is told over HTTP may take: the task waits for it."""


class DimonaDeadlineNotifier(BaseNotifier):
    """
    Tell of declarations that need a person before their deadline; this one writes them into the task's log.

    Subclass it and override ``tell`` to send the sentence elsewhere. Any other notifier of Airflow's does
    too, with ``{{ dimona_alert }}`` in a field that it templates.
    """

    def notify(self, context: Context) -> None:
        """Pass on what ``DimonaAlertOperator`` found."""
        self.tell(str(context["dimona_alert"]))  # type: ignore[typeddict-item]  # the alert adds it

    def tell(self, alert: str) -> None:
        """Tell it; *alert* is one sentence of references and deadlines, and names no person."""
        self.log.error("%s", alert)


class DimonaSummaryNotifier(BaseNotifier):
    """
    Sum up what a person should look at; subclasses send it.

    As a callback of a task it tells of that task's DAG run, and of deadlines at risk in the whole ledger.

    :param since: tell of all runs instead, of whatever changed in so long a time; a ``timedelta``
    :param even_if_nothing: send also when nobody has to look at anything
    :param templates: a folder with templates of your own, which go before those of the same name here
    :param language: of the summary: ``en``, ``fr``, ``nl`` or ``de``
    """

    def __init__(
        self,
        *,
        since: timedelta | None = None,
        even_if_nothing: bool = False,
        templates: str | Path | None = None,
        language: Language = "en",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.since = since
        self.even_if_nothing = even_if_nothing
        self.templates = templates
        self.language = language

    def notify(self, context: Context) -> None:
        """Read the ledger, and send what is to be told. Raises AirflowException that names no value."""
        try:
            summary = self.summary(context)
            if summary.is_quiet and not self.even_if_nothing:
                self.log.info("nobody has to look at anything: nothing sent")
            else:
                folder = Path(self.templates) if self.templates else None
                self.send(summary, lambda name: render(name, summary, folder))
        except (DimonaError, AirflowException) as error:
            failed = AirflowException(f"{self.named()}: {error}")
        except Exception as error:  # noqa: BLE001 - its text may hold an address with a secret in it
            failed = AirflowException(f"{self.named()} failed ({type(error).__name__})")
        else:
            return
        raise failed  # out here it has no context, which Airflow would log

    def named(self) -> str:
        """Return what errors call this one."""
        return type(self).__name__

    def summary(self, context: Context) -> Summary:
        """Return what is to be told. Raises ConfigurationError."""
        if self.language not in LANGUAGES:
            raise ConfigurationError(f"language must be one of {', '.join(LANGUAGES)}")
        if "ti" not in context:
            raise ConfigurationError("give this notifier to a task: a DAG's callback has no task to tell of")
        now = time.time()
        which: Which = run_of(context) if self.since is None else now - self.since.total_seconds()
        with task_ledger(context) as ledger:
            return summarised(
                ledger,
                which,
                now=now,
                lang=self.language,
                ui=ui_address(),
                alert=str(context.get("dimona_alert") or ""),
            )

    def send(self, summary: Summary, text: Callable[[str], str]) -> None:
        """Send *summary*; ``text(name)`` gives the template of that name, filled in."""
        raise NotImplementedError


class DimonaEmailNotifier(DimonaSummaryNotifier):
    """
    Send the summary by e-mail (templates ``summary.subject.jinja2`` and ``summary.html.jinja2``).

    :param to: address, or addresses (templated)
    :param from_email: sender (templated); by default that of the connection
    :param smtp_conn_id: connection of type ``smtp``
    """

    template_fields = ("to", "from_email")

    def __init__(
        self,
        *,
        to: str | Iterable[str],
        from_email: str | None = None,
        smtp_conn_id: str = "smtp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.from_email = from_email
        self.smtp_conn_id = smtp_conn_id

    def named(self) -> str:
        """Return what errors call this one."""
        return f"{type(self).__name__} over {self.smtp_conn_id!r}"

    def send(self, summary: Summary, text: Callable[[str], str]) -> None:  # noqa: ARG002 - text has it
        """Send it over the SMTP server of the connection."""
        from airflow.providers.smtp.hooks.smtp import SmtpHook  # noqa: PLC0415 - only who mails needs it

        subject = " ".join(text("summary.subject.jinja2").split())
        body = text("summary.html.jinja2")
        with SmtpHook(smtp_conn_id=self.smtp_conn_id) as smtp:
            smtp.send_email_smtp(to=self.to, from_email=self.from_email, subject=subject, html_content=body)


class DimonaHttpNotifier(DimonaSummaryNotifier):
    """
    Post the summary as JSON (template ``summary.json.jinja2``): to a chat, or to a service of your own.

    :param http_conn_id: connection of type ``http``; an address that is itself a secret belongs there
    :param endpoint: what follows the connection's address (templated)
    """

    template_fields = ("endpoint",)

    def __init__(self, *, http_conn_id: str = "http_default", endpoint: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.http_conn_id = http_conn_id
        self.endpoint = endpoint

    def named(self) -> str:
        """Return what errors call this one; not its address, which may be a secret."""
        return f"{type(self).__name__} over {self.http_conn_id!r}"

    def send(self, summary: Summary, text: Callable[[str], str]) -> None:  # noqa: ARG002 - text has it
        """Post it; raises AirflowException for any answer but success."""
        from airflow.providers.http.hooks.http import HttpHook  # noqa: PLC0415 - only who posts needs it

        body = text("summary.json.jinja2")
        try:
            json.loads(body)
        except ValueError:
            raise ConfigurationError("the template summary.json.jinja2 gives no JSON") from None
        hook = HttpHook(method="POST", http_conn_id=self.http_conn_id)
        # Not its run(): that logs the address of what can't be reached, and a chat's address is its secret.
        with hook.get_conn(headers={"Content-Type": "application/json"}) as session:
            response = session.post(
                hook.url_from_endpoint(self.endpoint), data=body.encode(), timeout=TIMEOUT
            )
        if not 200 <= response.status_code < 300:
            raise AirflowException(f"the summary was answered with HTTP {response.status_code}")
