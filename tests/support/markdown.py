"""Reading the project's Markdown: its files, code blocks, tables, headings and links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def project_files() -> list[Path]:
    """Return what is committed, or would be by the next ``git add``."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def documents() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".md"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Block:
    path: Path
    language: str
    text: str
    line: int

    @property
    def name(self) -> str:
        return f"{name_of(self.path)}:{self.line}"


def blocks(path: Path, language: str) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [
        Block(path, language, found[2], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
        if found[1] == language
    ]


def all_blocks(language: str) -> list[Block]:
    return [block for path in documents() for block in blocks(path, language)]


def prose(path: Path) -> str:
    """Return the text without its code blocks; the lines keep their numbers."""
    text = path.read_text(encoding="utf-8")
    return _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)


def headings(path: Path, level: int | None = None) -> list[str]:
    marks = "#+" if level is None else "#" * level
    return re.findall(rf"^{marks} (.+)$", prose(path), re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Return what a link to a heading of *path* may name, as GitHub makes it."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(path)}


def section(path: Path, heading: str) -> str:
    """Return the text below *heading*, to the next heading of its level or above."""
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.MULTILINE)
    assert found, f"{name_of(path)} has no heading {heading!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def table(text: str, *header: str) -> list[list[str]]:
    """Return the cells of the table whose header begins with *header*, without backticks."""
    rows = [_cells(line) if line.startswith("|") else None for line in text.splitlines()]
    begin = next((n for n, cells in enumerate(rows) if cells and cells[: len(header)] == list(header)), None)
    assert begin is not None, f"there is no table with the header {header}"
    found: list[list[str]] = []
    for cells in rows[begin + 2 :]:
        if cells is None:
            break
        found.append(cells)
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]


def links(path: Path) -> Iterator[str]:
    yield from _LINK.findall(prose(path))


def code_spans(path: Path) -> list[str]:
    """Return what stands between backticks in the running text."""
    return re.findall(r"`([^`\n]+)`", prose(path))


def shell_lines(path: Path) -> list[str]:
    """Return the commands of the shell blocks, and the code spans, which may be commands."""
    lines = [line for block in blocks(path, "bash") for line in block.text.splitlines()]
    return [line.split(" #")[0].strip() for line in lines] + code_spans(path)
