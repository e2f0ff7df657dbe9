"""What is declared: employments without any difficulty, so that every declaration costs the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from dimona_provider.api.codec import write_declaration
from dimona_provider.domain.employment import read_employment
from include.payroll.people import ADULTS, person
from include.payroll.sample import EMPLOYERS

PAGE = 200
"""Employments in one page of payroll's export, as in dags/payroll_employments.py."""


def reference(number: int) -> str:
    """Give payroll's id of an employment."""
    return f"B-{number:06d}"


def employments(count: int, today: dt.date, seed: int) -> Iterator[dict[str, Any]]:
    """Give *count* employments that start soon, each of another person, the same for the same arguments."""
    for number in range(1, count + 1):
        employer, committee = EMPLOYERS[number % len(EMPLOYERS)]
        yield {
            "employment_id": reference(number),
            "status": "active",
            "employer": employer,
            "worker": person(number, ADULTS, today, seed).known(),
            "worker_type": "OTH",
            "joint_committee": committee,
            "start_date": (today + dt.timedelta(days=1 + number % 28)).isoformat(),
            "end_date": None,
            "start_hour": None,
            "end_hour": None,
            "planned_hours": None,
        }


def pages(count: int, today: dt.date, seed: int) -> Iterator[list[dict[str, Any]]]:
    """Give the same in pages."""
    page: list[dict[str, Any]] = []
    for one in employments(count, today, seed):
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def bodies(count: int, today: dt.date, seed: int) -> Iterator[dict[str, Any]]:
    """Give the REST bodies of the same employments."""
    for record in employments(count, today, seed):
        planned = read_employment(record, today).start
        yield write_declaration(planned)
