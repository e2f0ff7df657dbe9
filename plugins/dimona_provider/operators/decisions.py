"""Questions for people: collected once a day for each employer, and put to them by a task of Airflow."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

from airflow.configuration import conf
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator, Context, Param
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

from dimona_provider.domain.planning.words import DecisionKind, Option
from dimona_provider.errors import DecisionRefused, UnexpectedResponse
from dimona_provider.ledger import Ledger, answering, askings
from dimona_provider.ledger.answering import Asked
from dimona_provider.ledger.askings import Asking, day_of
from dimona_provider.person_reply import KEEP_ALL, OPTIONS, Reply, choices_of, options_of, read_reply
from dimona_provider.planning.choosing import ask_about_outcomes
from dimona_provider.task_errors import guarded
from dimona_provider.tasks import origin_of, task_ledger
from dimona_provider.upkeep import sweep

DECISIONS_PAGE = "/plugin/dimona/dimona/decisions"
"""Where the cockpit lists questions one by one, below Airflow's own address."""


class DimonaCollectOperator(BaseOperator):
    """
    Ask about outcomes that leave a choice, and put all open questions together; returns what is to be asked.

    One asking for each employer and day, as opaque references, for mapping.
    """

    @guarded
    def execute(self, context: Context) -> list[str]:
        """Look in the ledger."""
        now = time.time()
        with task_ledger(context) as ledger:
            sweep(ledger, now=now)
            new = ask_about_outcomes(ledger, now=now)
            found = askings.collect(ledger, origin_of(context), now=now)
        self.log.info("%d new questions about outcomes; %d employers to ask", new, len(found))
        return [one.reference for one in found]


class DimonaAskOperator(HITLOperator):
    """
    Ask a person about one employer's open questions, and write the answers into the ledger; returns counts.

    Waits in Airflow's state ``awaiting_input``, without a worker and a trigger. What is shown is counts,
    deadlines and options; no person is in it. Nobody's answer until the last deadline means that everything
    is kept as it is: the task is then skipped. An answer that is none is asked for again.

    :param asking: reference of an asking that ``DimonaCollectOperator`` made (templated)
    """

    template_fields = ("asking",)

    def __init__(self, *, asking: str, **kwargs: Any) -> None:
        # What is asked is read when the task runs; Airflow wants some text before.
        super().__init__(subject="Dimona: questions", options=list(OPTIONS), defaults=KEEP_ALL, **kwargs)
        self.asking = asking

    @guarded
    def execute(self, context: Context) -> NoReturn:
        """Ask, and wait."""
        self._read_questions(context)
        super().execute(context)
        raise AssertionError("Airflow's operator waits")

    def _read_questions(self, context: Context) -> None:
        now = time.time()
        with task_ledger(context) as ledger:
            asking = askings.find(ledger, self.asking)
            found = askings.still_open(ledger, asking, now=now)
            if not found:
                every = answering.questions(ledger, asking=asking.id, only_open=False)
                late = [one for one in every if one.answer is None and one.answer_by <= now]
                askings.end(ledger, asking, late, now=now)
                raise AirflowSkipException("every question was answered, or is past its deadline")
        questions = "1 question" if len(found) == 1 else f"{len(found)} questions"
        self.subject = f"Dimona: {questions} about employer {asking.employer}"
        self.body = _body(asking, found)
        self.params = ParamsDict(_form(found))
        self.response_timeout = timedelta(seconds=max(asking.answer_by - now, 1.0))

    @guarded
    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, int]:
        """Write down what was answered, or that nobody did."""
        now = time.time()
        with task_ledger(context) as ledger:
            asking = askings.find(ledger, self.asking)
            every = list(answering.questions(ledger, asking=asking.id, only_open=False))
            found = [one for one in every if one.answer is None]  # the others were answered elsewhere
            try:
                reply = read_reply(event, options_of(every))
            except UnexpectedResponse as error:
                self.log.warning("%s: nothing was done, and it is asked again", error)
            else:
                if reply.who is None:
                    askings.end(ledger, asking, found, now=now)
                    raise AirflowSkipException(f"nobody answered {len(found)} questions in time: all is kept")
                return self._answer(ledger, asking, found, reply, now)
        return self._ask_again(context)

    def _ask_again(self, context: Context) -> NoReturn:
        """Take the answer away and wait for another; Airflow lets no task call ``execute`` twice."""
        self._read_questions(context)
        upsert_hitl_detail(
            ti_id=context["task_instance"].id,
            options=self.options,
            subject=self.subject,
            body=self.body,
            defaults=self.defaults,
            multiple=self.multiple,
            params=self.serialized_params,
            assigned_users=self.assigned_users,
        )
        raise TaskAwaitingInput(method_name="execute_complete", timeout=self.response_timeout)

    def _answer(
        self, ledger: Ledger, asking: Asking, found: Sequence[Asked], reply: Reply, now: float
    ) -> dict[str, int]:
        counts: Counter[str] = Counter()
        of_person = replace(ledger, actor=f"airflow:{reply.who} ({ledger.actor})")
        for one in found:
            option = reply.option_for(one)
            if reply.at > one.answer_by:
                askings.note_overtaken(of_person, one, f"{option} came after its deadline", now=now)
                counts["too late"] += 1
                continue
            try:
                answering.answer(
                    of_person, one.reference, option, reason=f"asking {asking.reference}", now=now
                )
            except DecisionRefused as error:
                self.log.warning("%s", error)
                askings.note_overtaken(of_person, one, f"{option} does not count: {error}", now=now)
                counts["overtaken"] += 1
            else:
                counts[option] += 1
        askings.end(of_person, asking, [], now=now)
        self.log.info("%s", ", ".join(f"{number} {what}" for what, number in sorted(counts.items())))
        return dict(counts)


def _form(found: Sequence[Asked]) -> Mapping[str, Param]:
    """Return one choice for each kind of question."""
    counts = Counter(one.kind for one in found)
    return {
        kind: Param(
            options[0],
            type="string",
            enum=options,
            title=f"{counts[kind]} × {kind}",
            description=DecisionKind.of(kind).sentence,
        )
        for kind, options in choices_of(found).items()
    }


def _body(asking: Asking, found: Sequence[Asked]) -> str:
    lines = [f"Environment: {asking.environment}", ""]
    for kind, options in choices_of(found).items():
        of_kind = [one for one in found if one.kind == kind]
        until = min(one.answer_by for one in of_kind)
        lines.append(f"**{len(of_kind)} × {kind}**, by {day_of(until)}: {DecisionKind.of(kind).sentence}.")
        if codes := sorted({code for one in of_kind for code in one.codes}):
            lines.append(f"Anomaly codes: {', '.join(codes)}.")
        lines += [f"- `{option}`: {Option.of(option).sentence}" for option in options]
        lines.append("")
    base = conf.get("api", "base_url", fallback="").rstrip("/")
    lines += [
        f"“{KEEP_ALL}” files nothing, and holds for whatever nobody answers by its deadline.",
        f"One by one: [the cockpit's decisions]({base}{DECISIONS_PAGE}), or `dimona decide`.",
    ]
    return "\n".join(lines)
