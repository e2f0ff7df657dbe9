"""How people are told of deadlines: what the alert of the follow-up calls."""

from __future__ import annotations

from airflow.sdk import BaseNotifier, Context


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
