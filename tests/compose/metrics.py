"""Which service sent which of our metrics, as a StatsD server beside the stack received them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.compose.project import Project

OPTIONS = "AIRFLOW__METRICS__STATSD_ON=true\nAIRFLOW__METRICS__STATSD_HOST=statsd\n"
"""The content of a file of Airflow's own options."""
FILES = ("docker-compose.yaml", "tests/compose/statsd.yaml")
WANTED = {"worker": "posts.filed", "triggerer": "polls"}
"""What each of these services does, and nobody else."""


def received(project: Project, services: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Return the sums of all counters by service; *services* are the services by address."""
    printed = project.compose("logs", "--no-log-prefix", "--no-color", "statsd")
    return read(printed.splitlines(), services)


def read(lines: list[str], services: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Read what the receiver printed."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        address, _, metric = line.partition(" ")
        name, _, rest = metric.rpartition(":")
        value, _, kind = rest.partition("|")
        if kind == "c":
            sums[services.get(address, address)][name.removeprefix("airflow.dimona.")] += int(float(value))
    return sums


def words(sums: Mapping[str, Counter[str]]) -> str:
    """Tell who sent what."""
    return ", ".join(f"{name} {sums[service][name]} by {service}s" for service, name in WANTED.items())


def complaints(sums: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield what never came, or came from elsewhere."""
    for service, name in WANTED.items():
        if not sums[service][name]:
            yield f"no {service} sent dimona.{name}"
        yield from (f"{other} sent dimona.{name}" for other in sums if other != service and sums[other][name])
