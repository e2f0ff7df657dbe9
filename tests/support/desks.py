"""The cockpit over HTTP, mounted beside Airflow's own auth manager, and users who look at it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from support.served import listening

SECRET = "a secret of the tests that is long enough for HS512, which wants 64 bytes of it"
USERS = {"anna": "admin", "viv": "viewer", "nobody": ""}


@contextmanager
def served_cockpit(folder: Path) -> Iterator[str]:
    """Serve the cockpit as the api-server mounts it, with the real simple auth manager; gives its address."""
    from airflow.api_fastapi.app import init_auth_manager

    from dimona_provider.cockpit.addresses import PREFIX
    from dimona_provider.cockpit.serving import cockpit

    with pytest.MonkeyPatch.context() as patch:
        passwords = folder / "passwords.json"
        passwords.write_text(json.dumps(dict.fromkeys(USERS, "unused")))
        users = ",".join(f"{name}:{role}" for name, role in USERS.items())
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", users)
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", SECRET)
        parent = FastAPI()
        init_auth_manager(parent)
        parent.mount(PREFIX, cockpit)
        found: list[str] = []

        def app(url: str) -> FastAPI:
            found.append(url + PREFIX)
            return parent

        with listening(app):
            yield found[0]


def browser_of(url: str, name: str | None, **headers: str) -> httpx.Client:
    """Give a client that sends the cookie of a user's session, or none; it follows no redirect by itself."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    cookies = {}
    if name is not None:
        user = SimpleAuthManagerUser(username=name, role=USERS[name])
        cookies = {"_token": get_auth_manager().generate_jwt(user)}
    return httpx.Client(base_url=url, cookies=cookies, headers=headers, timeout=30, trust_env=False)


def token_on(page: httpx.Response) -> str:
    """Give the token that the forms of a page carry."""
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]
