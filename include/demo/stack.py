"""A running Airflow, component by component: start, watch, kill and stop it, from this or another process."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from include.demo import environment, health
from include.demo.api import AirflowApi
from include.demo.components import AIRFLOW, Component
from include.demo.installation import USER, Installation, write_private
from include.demo.maintenance import migrate, raise_file_limit
from include.demo.supervision import Supervision

Environment = Mapping[str, str]


class Stack(Supervision):
    """
    The components of one Airflow in *directory*, with the DAGs in *dags*.

    *env* is added to every component's environment and overrides Airflow's settings made here; as a function
    it gets the ports by name. ``with Stack(…) as stack`` stops everything at the end.
    """

    def __init__(
        self,
        directory: Path,
        dags: Path,
        env: Environment | Callable[[Mapping[str, int]], Environment] | None = None,
        components: Sequence[Component] = AIRFLOW,
    ) -> None:
        super().__init__(directory)
        self.dags = dags.resolve()
        self.components = {component.name: component for component in components}
        self._env = env
        self._api: AirflowApi | None = None

    @cached_property
    def installation(self) -> Installation:
        """The ports and secrets, made at the first use; the ports of running components are kept."""
        for folder in ("airflow", "logs", "run"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        known = self.components.values()
        held = {port for component in known if self.is_left(component.name) for port in component.ports}
        # The environment names the ports of all of Airflow, whatever is started here.
        names = {port for component in (*AIRFLOW, *known) for port in component.ports}
        return Installation.open(self.directory, sorted(names), held)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of every component."""
        extra = self._env(self.installation.ports) if callable(self._env) else self._env or {}
        return environment.build(self.directory, self.dags, self.installation, extra, os.environ)

    @property
    def url(self) -> str:
        """The address of the UI and the REST API."""
        return f"http://127.0.0.1:{self.installation.ports['api']}"

    @property
    def api(self) -> AirflowApi:
        """A client of the REST API, logged in as the admin."""
        if self._api is None:
            self._api = AirflowApi(self.url, USER, self.installation.password)
        return self._api

    def start(self, *names: str) -> None:
        """
        Start the components (all, or *names*) that don't run, and anew those with another environment.

        Doesn't wait for health. Airflow's database is made or upgraded before its components start.
        """
        chosen = names or tuple(self.components)
        known = [record for name in chosen if (record := self.record(name)) is not None]
        self._end([record for record in known if record.fingerprint != self._fingerprint(record.name)])
        missing = [name for name in chosen if not self.is_running(name)]
        if any(self.components[name].heartbeat for name in missing):
            migrate(self.directory, self.environment)
        for name in missing:
            self.start_component(name)

    def start_component(self, name: str) -> None:
        """Start one component unless it runs; what a killed one has left behind is killed first."""
        if self.is_running(name):
            return
        if (left := self.record(name)) is not None:
            self._end([left], patience=0)
        raise_file_limit()
        passwords = json.dumps({USER: self.installation.password})
        write_private(environment.passwords_file(self.directory), passwords)
        cores = self.components[name].cores
        self.launch(name, self._command(name), self.environment, self._fingerprint(name), cores)

    def stop(self, *names: str) -> None:
        """End everything or *names*, as in ``Supervision``, and the connection to the api-server."""
        if self._api is not None:
            self._api.close()
            self._api = None
        super().stop(*names)

    def wait_healthy(
        self, timeout: float = 120, names: Sequence[str] = (), tell: Callable[[str], None] | None = None
    ) -> None:
        """
        Wait until the components (all, or *names*) do their work.

        ``StackFailed`` as soon as one has ended, or after *timeout* seconds. *tell* gets what is waited for.
        """
        health.wait(self, names or tuple(self.components), timeout, tell)

    def _command(self, name: str) -> list[str]:
        ports = self.installation.ports
        return [sys.executable, *(part.format_map(ports) for part in self.components[name].arguments)]

    def _fingerprint(self, name: str) -> str:
        return environment.fingerprint(self._command(name), self.environment)
