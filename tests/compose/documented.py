"""The commands of docs/deployment.md, run as they stand there, on a running project."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from include.demo.environment import REPOSITORY
from tests.compose.project import ComposeFailed, Project

PAGE = REPOSITORY / "docs" / "deployment.md"
RESTORE = "Back up and restore"


def commands(heading: str) -> str:
    """Return the commands below a heading, to the next one."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)^#", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```bash\n(.*?)^```$", found[1], re.MULTILINE | re.DOTALL) if found else []
    if not blocks:
        raise ValueError(f"{PAGE.name} has no commands below {heading!r}")
    return "".join(blocks)


def run_documented(project: Project, heading: str, home: Path) -> None:
    """Run them with *home* in the place of the user's own. Raises ComposeFailed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(heading).replace("~/", f"{home}/")],  # noqa: S607 - the commands are the page's
        cwd=REPOSITORY,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-15:]
        raise ComposeFailed("\n".join([f"{heading!r} of {PAGE.name} ended with {done.returncode}:", *said]))
