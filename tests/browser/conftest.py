"""
The demo after its run, and Debian's Chromium, logged in to the real Airflow UI.

``make test-browser`` sets DIMONA_BROWSER; without it nothing here is collected.
SCREENSHOTS names a folder for pictures of the pages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.demo import sample
from include.demo.installation import USER
from include.demo.settings import Settings
from include.demo.stack import Stack
from support.markdown import ROOT

collect_ignore_glob = [] if os.environ.get("DIMONA_BROWSER") else ["test_*.py"]
EMPLOYMENTS = 100
PATIENCE = 60_000.0
"""Milliseconds that a page may take on a busy machine."""
TOO_LARGE = 150_000
Pictured = Callable[[Any, str], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """The demo, and where the browser finds it."""

    directory: Path
    stack: Stack
    output: str

    @property
    def url(self) -> str:
        return self.stack.url

    def cookies_of(self, name: str, role: str) -> dict[str, str]:
        """Give the session of a user with a role, signed as the api-server signs it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Airflow's own
            from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
            from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", self.stack.installation.jwt_secret)
            user = SimpleAuthManagerUser(username=name, role=role)
            return {"_token": SimpleAuthManager().generate_jwt(user)}

    def client(self, cookies: dict[str, str] | None = None) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/dimona", cookies=cookies, timeout=60, trust_env=False)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Give the demo after its run, as ``make demo`` leaves it."""
    directory = tmp_path_factory.mktemp("demo")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    env = {**clean, "DEMO_DIRECTORY": str(directory), "DEMO_EMPLOYMENTS": str(EMPLOYMENTS)}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "include.demo", command]
        return subprocess.run(
            arguments, cwd=ROOT, env=env, capture_output=True, text=True, timeout=1200, check=False
        )

    try:
        done = run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        shown = Shown(directory, sample.make_stack(Settings.read(env)), done.stdout)
        yield shown
        shown.stack.api.close()
    finally:
        run("down")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Give Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    assert executable, "Debian's chromium is not installed: make test-browser installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def logged_in(chromium: Any, demo: Shown) -> dict[str, Any]:
    """Log in by Airflow's own form, once; gives the session for all tests."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(demo.url)
    page.locator("input[name=username]").fill(USER)
    page.locator("input[name=password]").fill(demo.stack.installation.password)
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="Dimona").first.wait_for()
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def page(chromium: Any, logged_in: dict[str, Any]) -> Iterator[Any]:
    """Give a page of a logged-in user; a script or style that the policy stops fails the test."""
    context = chromium.new_context(
        storage_state=logged_in, viewport={"width": 1280, "height": 800}, locale="en-GB"
    )
    found = context.new_page()
    found.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    found.on(
        "console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None
    )
    yield found
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Pictured:
    """Give what takes a picture of a page, small enough for the repository."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def take(shown: Any, name: str) -> None:
        path = folder / f"{name}.jpg"
        shown.screenshot(path=path, type="jpeg", quality=75)
        assert 0 < path.stat().st_size < TOO_LARGE, f"{path} has {path.stat().st_size} bytes"

    return take
