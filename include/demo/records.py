"""The record of each started component: what another process needs to find it and to end it safely."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from include.demo.installation import write_private
from include.demo.sessions import Session


@dataclass(frozen=True, slots=True)
class Record:
    """
    A started component.

    *fingerprint* is that of its command and environment, *since* the time of its start (UTC).
    """

    name: str
    session: Session
    fingerprint: str
    since: datetime

    def write(self, directory: Path) -> None:
        """Write ``run/<name>.json``."""
        content = asdict(self) | {"since": self.since.isoformat()}
        write_private(_folder(directory) / f"{self.name}.json", json.dumps(content, indent=2))

    def remove(self, directory: Path) -> None:
        """Forget the component, unless it was started again since: that record is another's."""
        if Record.read(directory, self.name) == self:
            (_folder(directory) / f"{self.name}.json").unlink(missing_ok=True)

    @classmethod
    def read(cls, directory: Path, name: str) -> Self | None:
        """Read a component's record; ``None`` without one, or when it can't be read."""
        try:
            content = json.loads((_folder(directory) / f"{name}.json").read_text(encoding="utf-8"))
            session = Session(**content["session"])
            return cls(
                content["name"], session, content["fingerprint"], datetime.fromisoformat(content["since"])
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    @classmethod
    def read_all(cls, directory: Path) -> list[Self]:
        """Read all records, also of components that this program no longer knows."""
        names = sorted(path.stem for path in _folder(directory).glob("*.json"))
        return [record for name in names if (record := cls.read(directory, name)) is not None]


def _folder(directory: Path) -> Path:
    return directory / "run"
