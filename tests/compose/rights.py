"""Who may do what in the cockpit, with the roles that Airflow's FAB auth manager makes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import httpx

from tests.compose.project import Project

COCKPIT, PLUGINS = "/dimona/", "/api/v2/plugins"
MAY_ACT = {"Viewer": False, "User": True, "Op": True}
"""What docs/deployment.md promises of each role."""


def complaints(project: Project, url: str) -> Iterator[str]:
    """Make a user of each role, and yield what he may not do and should, or may and should not."""
    for role, may_act in MAY_ACT.items():
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            client.headers["Authorization"] = f"Bearer {_token(project, client, role)}"
            for path in (PLUGINS, COCKPIT):
                if (status := client.get(path).status_code) != httpx.codes.OK:
                    yield f"{role} gets {status} from {path}"
            if ('action="/dimona/hold"' in client.get(COCKPIT).text) is not may_act:
                yield f"{role} {'has no' if may_act else 'has the'} hold switch"
            status = client.post("/dimona/hold", data={"reason": "test", "everything": "yes"}).status_code
            if status != httpx.codes.FORBIDDEN:
                yield f"{role} gets {status} for a form without its token"


def _token(project: Project, client: httpx.Client, role: str) -> str:
    password = secrets.token_urlsafe(16)
    user = role.lower()
    who = ("--firstname", "A", "--lastname", "B", "--email", f"{user}@example.org")
    create = ("users", "create", "--username", user, "--role", role, "--password", password, *who)
    project.compose("exec", "-T", "api-server", "airflow", *create)
    answer = client.post("/auth/token", json={"username": user, "password": password})
    return str(answer.raise_for_status().json()["access_token"])
