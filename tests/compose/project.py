"""One compose project of its own name, port and secrets, and what ``docker`` knows of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from include.demo.environment import REPOSITORY

_LABEL = "com.docker.compose.project"


class ComposeFailed(Exception):
    """A command of docker failed; the message is what it said last."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as it is now."""

    id: str
    service: str
    state: str
    """running, exited, …"""
    health: str
    """healthy, unhealthy, starting, or empty without a health check."""


@dataclass(slots=True)
class Project:
    """The compose project *name* with the variables *settings*, in profile demo."""

    name: str
    settings: Mapping[str, str]
    profiles: Sequence[str] = ("demo",)
    files: Sequence[str] = ("docker-compose.yaml",)
    _environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        # The caller's .env must decide nothing here.
        foreign = {"COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}
        inherited = {name: value for name, value in os.environ.items() if name not in foreign}
        self._environment = inherited | {"COMPOSE_DISABLE_ENV_FILE": "1"} | dict(self.settings)

    def environment(self) -> dict[str, str]:
        """Return the environment in which a plain ``docker compose`` means this project."""
        return self._environment | {
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_FILE": ":".join(self.files),
            "COMPOSE_PROFILES": ",".join(self.profiles),
        }

    def compose(self, *words: str, timeout: float = 600) -> str:
        """Run ``docker compose``; return what it printed. Raises ComposeFailed."""
        options = [word for file in self.files for word in ("--file", file)]
        options += [word for profile in self.profiles for word in ("--profile", profile)]
        return self._run("docker", "compose", "-p", self.name, *options, *words, timeout=timeout)

    def docker(self, *words: str) -> str:
        """Run ``docker``; return what it printed."""
        return self._run("docker", *words, timeout=120)

    def containers(self) -> list[Container]:
        """Return all containers, also those that have ended."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return [
            Container(one["ID"], one["Service"], one["State"], one.get("Health") or "")
            for one in map(json.loads, lines)
        ]

    def addresses(self) -> dict[str, str]:
        """Return the service of each running container by its address."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        running = [one for one in self.containers() if one.state == "running"]
        found = self.docker("inspect", "--format", form, *(one.id for one in running)).split()
        return dict(zip(found, (one.service for one in running), strict=True))

    def kill(self, service: str, hostname: str) -> bool:
        """``kill -9`` the container of *service* that calls itself *hostname*; tell whether it ran."""
        for one in self.containers():
            if one.service == service and one.state == "running" and hostname[:12] == one.id[:12]:
                self.docker("kill", one.id)
                return True
        return False

    def left(self) -> list[str]:
        """Return what is left of the project: containers, volumes, networks."""
        label = ("--filter", f"label={_LABEL}={self.name}", "--quiet")
        kinds = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        return [line for kind in kinds for line in self.docker(*kind, *label).split()]

    def _run(self, *command: str, timeout: float) -> str:
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines()[-15:]
            raise ComposeFailed(
                "\n".join([f"{' '.join(command[:6])} … ended with {done.returncode}:", *said])
            )
        return done.stdout


def read_compose_file(name: str = "docker-compose.yaml") -> dict[str, Any]:
    """Return a compose file with its anchors resolved, before variables are put in."""
    content: dict[str, Any] = yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))
    return content


def official_images() -> dict[str, str]:
    """Return the images that come from elsewhere, by the word that a script of stand-ins has for them."""
    services = read_compose_file()["services"]
    base = re.findall(r"^FROM (\S+)", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    (airflow,) = set(base)
    return {"airflow": airflow, **{name: services[name]["image"] for name in ("postgres", "redis")}}
