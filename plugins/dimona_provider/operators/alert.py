"""The alert of the follow-up: deadlines and certificates that a person has to see to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseNotifier, BaseOperator, Context

from dimona_provider.errors import CertificateEnds, DeadlineNear
from dimona_provider.expiring import Ending, endings, expiry_sentence
from dimona_provider.ledger import Ledger, lateness
from dimona_provider.task_errors import guarded
from dimona_provider.tasks import task_ledger
from dimona_provider.telling.reporting import alert_sentence

OVERDUE = timedelta(hours=24)
"""How long after its deadline, or after it came so, a declaration alerts; the report lists it for ever."""


class DimonaAlertOperator(BaseOperator):
    """
    Fail when an unclear or held declaration is near its deadline, so that Airflow tells somebody.

    Fails with one sentence: references and deadlines. It goes on failing until somebody has seen to it, and
    for a day after the deadline, or after it came so where that was later. What has no deadline is told of
    from a day after it came so, until somebody has seen to it. It also warns of certificates that end within
    60 days, and fails in the last week.

    :param alert_before: how long before the deadline; a ``timedelta``, 24 hours by default
    :param notifiers: notifiers of Airflow's, called once an hour before the task fails, and once at 60, 30
        and 7 days before a certificate ends; their context has the sentence as ``dimona_alert``
    """

    def __init__(
        self,
        *,
        alert_before: timedelta = timedelta(hours=24),
        notifiers: Sequence[BaseNotifier] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.notifiers = notifiers
        self.alert_before = alert_before

    @guarded
    def execute(self, context: Context) -> None:
        """Look for such declarations."""
        now = time.time()
        with task_ledger(context) as ledger:
            near = lateness.stuck(
                ledger,
                now=now,
                after=now - OVERDUE.total_seconds(),
                before=now + self.alert_before.total_seconds(),
            )
            ending = self._warn(context, ledger, now)
            if near:
                self._notify(context, alert_sentence(near))
                raise DeadlineNear(alert_sentence(near))
        self.log.info("nothing unclear or held is near its deadline, or a day old without one")
        if urgent := [one for one in ending if one.is_urgent]:
            raise CertificateEnds(expiry_sentence(urgent, now=now))

    def _warn(self, context: Context, ledger: Ledger, now: float) -> list[Ending]:
        """Log certificates that end soon, and tell of each once at every stage."""
        ending = endings(ledger, now=now)
        for one in ending:
            self.log.warning("%s", one.sentence(now))
        if new := [one for one in ending if one.is_new(ledger)]:
            self._notify(context, expiry_sentence(new, now=now))
        for one in new:
            one.note(ledger, now)
        return ending

    def _notify(self, context: Context, alert: str) -> None:
        if not self.notifiers or context["ti"].try_number > 1:  # a retry finds the same, a minute later
            return
        for notifier in self.notifiers:
            try:
                notifier({**context, "dimona_alert": alert})
            except Exception as error:  # noqa: BLE001 - whoever can't be told so is told by the failed task
                self.log.warning("%s failed: %s", type(notifier).__name__, type(error).__name__)
