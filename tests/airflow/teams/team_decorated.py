"""A team's DAGs that file with the decorator; test_decorator.py runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.sdk import DAG, task

from dimona_provider.sensors import DimonaResultSensor
from support.people import item

with DAG("team_decorated", schedule=None):

    @task
    def numbers() -> list[int]:
        """Return what to file; references, never persons."""
        return [1, 2]

    @task.dimona_submit
    def hires(some: list[int], last: int = 3, run_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield one item for each."""
        assert run_id
        yield from (item(number) for number in [*some, last])

    submitted = hires(numbers())
    DimonaResultSensor(task_id="wait", batch=submitted)

with DAG("team_mapped", schedule=None):

    @task.dimona_submit(map_index_template="{{ task.filed }}", retries=1)
    def branch(first: int) -> list[dict[str, Any]]:
        """Return the items of one branch."""
        return [item(first), item(first + 1)]

    branch.expand(first=[11, 21])

with DAG("team_broken", schedule=None):

    @task.dimona_submit
    def broken() -> list[dict[str, Any]]:
        """Fail with a text that names a person."""
        raise ValueError("93051822361")

    broken()
