"""What users can call, set or catch is documented, and nothing else is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dimona_provider import errors
from dimona_provider.api.settings import BASE_URLS, DEFAULT_REQUESTS_PER_SECOND, ENVIRONMENTS, NSSO_TOKEN_URL
from dimona_provider.provider_info import get_provider_info
from support.markdown import DOCS, ROOT, headings, section, table

_CLASSES = [
    "dimona_provider.operators:DimonaStageOperator",
    "dimona_provider.operators:DimonaPlanOperator",
    "dimona_provider.operators:DimonaSubmitOperator",
    "dimona_provider.operators:DimonaSettleOperator",
    "dimona_provider.operators:DimonaReportOperator",
    "dimona_provider.operators:DimonaFollowUpOperator",
    "dimona_provider.operators:DimonaAlertOperator",
    "dimona_provider.operators:DimonaFollowUpReportOperator",
    "dimona_provider.operators:DimonaEmployersOperator",
    "dimona_provider.operators:DimonaReconcileOperator",
    "dimona_provider.operators:DimonaDriftReportOperator",
    "dimona_provider.sensors:DimonaResultSensor",
    "dimona_provider.sensors:DimonaFollowUpSensor",
    "dimona_provider.triggers:DimonaResultTrigger",
    "dimona_provider.triggers:DimonaFollowUpTrigger",
    "dimona_provider.triggers:DimonaFeedTrigger",
    "dimona_provider.operators:DimonaCollectOperator",
    "dimona_provider.operators:DimonaAskOperator",
    "dimona_provider.hooks:DimonaHook",
    "dimona_provider.hooks:DimonaLedgerHook",
]


def _load(name: str) -> type[Any]:
    module, _, attribute = name.partition(":")
    # Late: Airflow reads its environment when it is imported.
    from importlib import import_module

    return getattr(import_module(module), attribute)


def _parameters(cls: type[Any]) -> list[str]:
    if "__init__" not in vars(cls):
        return []
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        name
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name != "self" and parameter.kind not in kinds
    ]


def _defined() -> Iterator[str]:
    from airflow.sdk import BaseHook, BaseOperator
    from airflow.triggers.base import BaseTrigger

    from dimona_provider import hooks, sensors, triggers
    from dimona_provider.operators import alert, decisions, filing, followup, planning, reconcile, report

    for module in (hooks, sensors, triggers, alert, decisions, filing, followup, planning, reconcile, report):
        for name, cls in inspect.getmembers(module, inspect.isclass):
            is_ours = cls.__module__ == module.__name__
            if is_ours and issubclass(cls, (BaseHook, BaseOperator, BaseTrigger)):
                yield name


def test_the_list_of_classes_is_complete() -> None:
    assert sorted(_defined()) == sorted(name.partition(":")[2] for name in _CLASSES)


@pytest.mark.parametrize("name", _CLASSES, ids=lambda name: name.partition(":")[2])
def test_every_parameter_is_in_the_docstring_and_in_the_documents(name: str) -> None:
    cls = _load(name)
    parameters = _parameters(cls)
    text = section(DOCS / "dags.md", cls.__name__)

    assert re.findall(r":param (\w+):", inspect.getdoc(cls) or "") == parameters
    assert (
        [row[0] for row in table(text, "parameter")] == parameters if parameters else "no parameters" in text
    )


@pytest.mark.parametrize("name", _CLASSES, ids=lambda name: name.partition(":")[2])
def test_what_is_templated_is_said_to_be(name: str) -> None:
    cls = _load(name)
    templated = set(getattr(cls, "template_fields", ()) or ()) & set(_parameters(cls))
    if not templated:
        return

    rows = {row[0]: row[1] for row in table(section(DOCS / "dags.md", cls.__name__), "parameter")}

    assert all("templated" in rows[parameter] for parameter in templated)


def test_every_error_has_its_heading() -> None:
    defined = [
        name
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, errors.DimonaError)
    ]

    assert headings(DOCS / "errors.md", 2) == defined


@pytest.mark.parametrize("name", headings(DOCS / "errors.md", 2))
def test_every_error_says_what_happened_what_airflow_does_and_what_you_do(name: str) -> None:
    text = section(DOCS / "errors.md", name)

    assert re.findall(r"^\*\*(.+?):\*\*", text, re.MULTILINE) == ["What happened", "Airflow", "You"]


@pytest.mark.parametrize("name", [name for name in headings(DOCS / "errors.md", 2) if name != "DimonaError"])
def test_what_is_retried_is_said_to_be(name: str) -> None:
    says = re.search(r"\*\*Airflow:\*\* (.*)", section(DOCS / "errors.md", name))

    assert says is not None
    assert getattr(errors, name).retryable == says[1].startswith("retried")


def test_the_drawn_tree_has_every_error() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")

    assert ["DimonaError", *drawn] == headings(DOCS / "errors.md", 2)


def test_every_field_of_the_connection_is_documented() -> None:
    form = get_provider_info()["connection-types"][0]
    rows = table((DOCS / "connection.md").read_text(encoding="utf-8"), "field", "in the form")
    shown = {row[0]: row[1] for row in rows}

    labels = {name: field["label"] for name, field in form["conn-fields"].items()}

    assert shown == {**form["ui-field-behaviour"]["relabeling"], **labels}


def test_the_defaults_of_the_connection_are_documented() -> None:
    rows = table((DOCS / "connection.md").read_text(encoding="utf-8"), "field", "in the form")
    defaults = {row[0]: row[3] for row in rows}
    form = get_provider_info()["connection-types"][0]["conn-fields"]

    assert defaults["requests_per_second"] == f"{DEFAULT_REQUESTS_PER_SECOND:g}"
    assert defaults["environment"] == form["environment"]["schema"]["default"]
    assert defaults["concurrency"] == "20"


def test_the_environments_are_documented() -> None:
    text = (DOCS / "connection.md").read_text(encoding="utf-8")
    rows = {row[0]: row[1] for row in table(text, "environment", "declarations go to")}

    assert tuple(rows) == ENVIRONMENTS
    assert {name: rows[name] for name in BASE_URLS} == BASE_URLS
    assert NSSO_TOKEN_URL in text


def test_the_messages_of_the_connection_are_real() -> None:
    rows = table((DOCS / "connection.md").read_text(encoding="utf-8"), "message", "cause")
    package = ROOT / "plugins" / "dimona_provider"
    sources = re.sub(
        r'"\s*\n\s*f?"', "", "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    )

    for row in rows:
        parts = [part.strip() for part in re.split(r"…|'\w+'", row[0]) if part.strip()]
        assert all(part in sources for part in parts), row[0]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda path: path.stem)
def test_every_decision_has_the_same_form(path: Path) -> None:
    assert headings(path, 2) == ["Context", "Decision", "Consequences", "Alternatives"]
    assert headings(path, 1)[0].startswith(f"{path.stem[:4]}: ")


def test_every_decision_that_the_code_names_exists() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("plugins", "dags", "include")
        for path in (ROOT / folder).rglob("*.py")
    ]
    named = {number for text in sources for number in re.findall(r"docs/adr/(\d{4})", text)}

    assert named <= {path.stem[:4] for path in (DOCS / "adr").glob("*.md")}


def test_every_document_that_the_code_names_exists() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("plugins", "dags", "include")
        for path in (ROOT / folder).rglob("*.py")
    ]
    named = {name for text in texts for name in re.findall(r"docs/[\w/-]+\.md", text)}

    assert not [name for name in sorted(named) if not (ROOT / name).exists()]
