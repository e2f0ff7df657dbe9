"""The command by which a person answers what a plan may not do by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from dimona_provider.cli.opening import (
    Format,
    fail,
    is_text,
    now,
    opened_ledger,
    read_employer,
    read_reason,
    say,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dimona_provider.ledger import Ledger
    from dimona_provider.ledger.answering import Asked


def decide(
    reference: Annotated[
        str | None, typer.Argument(metavar="QUESTION", callback=is_text, help="The question's reference.")
    ] = None,
    *,
    option: Annotated[
        str | None, typer.Option("--option", callback=is_text, help="One of the question's options.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="R", help="Why; names no person.")] = None,
    employer: Annotated[
        str | None, typer.Option("--employer", metavar="N", help="Only those of one employer.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", metavar="K", callback=is_text, help="Only those of one kind, such as refused."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List answered ones too.")] = False,
    form: Annotated[
        Format, typer.Option("--format", help="Of the list: json for programs, table for people.")
    ] = Format.TABLE,
) -> None:
    """
    Answer a question; without a QUESTION, list those that nobody has answered.

    With --employer and --kind instead of a QUESTION, --option answers all of that kind. With `file`, `cancel`
    and `again` the next plan files, if payroll still wishes what it wished when it was asked. After its
    deadline the first option holds until somebody answers.
    """
    number = read_employer(employer) if employer else None
    if kind is not None:
        _check_kind(kind)
    if reference is None and option is None and reason is None:
        with opened_ledger() as ledger:
            from dimona_provider.ledger.answering import questions

            _collect(ledger)
            found = questions(ledger, employer=number, kind=kind, only_open=not everything)
            write(_json(found) if form is Format.JSON else _table(found))
        return
    if reference is None and not (number and kind):
        raise typer.BadParameter(
            "say which question, or all of which --employer and --kind", param_hint="QUESTION"
        )
    if reference is not None and (number or kind):
        raise typer.BadParameter("one question needs no --employer and no --kind", param_hint="QUESTION")
    if option is None or reason is None:
        raise typer.BadParameter("say --option and --reason")
    why = read_reason(reason)
    with opened_ledger() as ledger:
        if reference is not None:
            _answer(ledger, reference, option, why)
        else:
            _answer_all(ledger, str(number), str(kind), option, why)


def _answer(ledger: Ledger, reference: str, option: str, reason: str) -> None:
    from dimona_provider.domain.planning.words import effect_of
    from dimona_provider.ledger.answering import answer

    is_new = answer(ledger, reference, option, reason=reason, now=now())
    say(f"{reference}: {option}{'' if is_new else ' already'}; {effect_of(option)}")


def _answer_all(ledger: Ledger, employer: str, kind: str, option: str, reason: str) -> None:
    """Answer what can be answered so; what can't is one line each, and the command fails at its end."""
    from dimona_provider.errors import DecisionRefused
    from dimona_provider.ledger.answering import questions

    _collect(ledger)
    found = list(questions(ledger, employer=employer, kind=kind))
    environments = {one.environment for one in found}
    if len(environments) > 1:
        fail(f"they are of several environments, answer one by one: {', '.join(sorted(environments))}")
    refused = 0
    for one in found:
        try:
            _answer(ledger, one.reference, option, reason)
        except DecisionRefused as error:
            refused += 1
            say(f"dimona: {one.reference}: {error}", err=True)
    if not found:
        say("nothing is to be decided")
    if refused:
        fail(f"{refused} of {len(found)} were not answered")


def _collect(ledger: Ledger) -> None:
    """Ask about outcomes that leave a choice, as ``dimona_decisions`` does hourly."""
    from dimona_provider.planning.choosing import ask_about_outcomes

    ask_about_outcomes(ledger, now=now())


def _check_kind(kind: str) -> None:
    from dimona_provider.domain.planning.words import DecisionKind

    kinds = [str(one) for one in DecisionKind]
    if kind not in kinds:
        raise typer.BadParameter(f"one of {', '.join(kinds)}", param_hint="--kind")


def _json(found: Iterable[Asked]) -> Iterator[str]:
    yield json.dumps([_plain(one) for one in found], indent=2) + "\n"


def _plain(one: Asked) -> dict[str, object]:
    from dimona_provider.ledger.listing import iso

    return {
        "question": one.reference,
        "environment": one.environment,
        "employer": one.employer or None,
        "kind": one.kind,
        "employments": list(one.employments),
        "codes": list(one.codes),
        "options": list(one.options),
        "asked_at": iso(one.asked_at),
        "answer_by": iso(one.answer_by),
        "answer": one.answer,
        "holds": one.holds(now()),
        "answered_by": one.answered_by,
        "answered_at": iso(one.answered_at),
    }


def _sentence(kind: str) -> str:
    from dimona_provider.domain.planning.words import DecisionKind

    return DecisionKind.of(kind).sentence


def _table(found: Iterable[Asked]) -> Iterator[str]:
    from dimona_provider.ledger.askings import day_of

    is_empty = True
    for one in found:
        is_empty = False
        holds = one.holds(now())
        named = ", ".join(one.employments[:5]) + (", …" if len(one.employments) > 5 else "")
        yield f"{one.reference}  {one.employer}  {one.kind}: {_sentence(one.kind)}\n"
        employments = "1 employment" if len(one.employments) == 1 else f"{len(one.employments)} employments"
        codes = f"; {', '.join(one.codes)}" if one.codes else ""
        yield f"  {employments} ({named}){codes}; by {day_of(one.answer_by)}\n"
        yield f"  {f'{holds} holds' if holds else 'open'}; options: {', '.join(one.options)}\n"
    if is_empty:
        yield "nothing is to be decided\n"
