"""The example's secrets for a stack of the tests, with another request budget."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from include.deployment.places import CONNECTIONS, EXAMPLE

REFILE_AFTER = 60
"""Seconds after which what never arrived may be filed again: 20 minutes at the NSSO."""


def make_secrets(directory: Path, per_second: int) -> Path:
    """Return a folder of secrets in *directory* whose connection sends *per_second* requests."""
    folder = directory / "secrets"
    shutil.copytree(EXAMPLE, folder)
    connections = json.loads((folder / CONNECTIONS).read_text(encoding="utf-8"))
    connections["dimona_default"]["extra_dejson"] |= {
        "requests_per_second": per_second,
        "refile_after": REFILE_AFTER,
    }
    (folder / CONNECTIONS).write_text(json.dumps(connections), encoding="utf-8")
    return folder
