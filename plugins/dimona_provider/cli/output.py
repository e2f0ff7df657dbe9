"""How the ``dimona`` command speaks: output as UTF-8, and errors in one line that repeats nobody's data."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Never

import typer
from typer.core import TyperGroup

from dimona_provider.errors import ConfigurationError

_SHOWABLE = re.compile(r"[\w./~+ -]{1,200}")


def write(lines: Iterable[str]) -> None:
    """
    Write to standard output, as UTF-8 whatever the terminal is set to.

    What *lines* raise goes through. When the output can't take them the command ends: with 1 when who reads
    has seen enough, such as head, and else with 2 and a line that says why.
    """
    out = _output()
    for line in lines:
        with _failing():
            out.write(line.encode())
    with _failing():
        out.flush()


def _output() -> Any:
    if sys.stdout is None:  # it was closed before Python started
        fail("the output can't be written (it is closed)")
    return sys.stdout.buffer


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _forget_output()
        sys.exit(1)
    except OSError as error:
        _forget_output()
        fail(f"the output can't be written ({error.strerror})")


def _forget_output() -> None:
    # Python would try to write the rest, and complain once more, while it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(text: str) -> Never:
    """End with 2 and one line."""
    typer.echo(f"dimona: {' '.join(text.split())}", err=True)
    sys.exit(2)


@contextlib.contextmanager
def tables() -> Iterator[None]:
    """End with 2 and one line when a table is wrong: nothing that it says can be trusted."""
    try:
        yield
    except ConfigurationError as error:
        fail(str(error))


def shown(file: str) -> str:
    """Return the name, unless it may be a declaration given in place of one."""
    return file if _SHOWABLE.fullmatch(file) and not _holds_ssin(file) else "FILE"


def _holds_ssin(text: str) -> bool:
    from dimona_provider.domain.ssin_search import contains_ssin

    return contains_ssin(text)


class OneLineErrors(TyperGroup):
    """A group whose usage errors are one line on stderr, and never repeat what may be a declaration."""

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command as typer does."""
        is_standalone = more.pop("standalone_mode", True)
        more["standalone_mode"] = False
        if not is_standalone:
            return super().main(*args, **more)
        try:
            code = super().main(*args, **more)
        except typer.Abort:
            sys.exit(1)
        except _USAGE_ERROR as error:
            text = error.format_message()
            if text.strip():  # without arguments typer has shown the help, and there is nothing to say
                typer.echo(f"dimona: {_one_line(text)}", err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EIO, errno.EBADF}:
                raise
            # Of help and messages; commands name what they can't read themselves.
            _forget_output()
            fail(f"the output can't be written ({error.strerror})")
        sys.exit(code if isinstance(code, int) else 0)


_USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
"""Typer's own or click's, depending on the version of typer."""


def _one_line(text: str) -> str:
    line = " ".join(text.split()).replace("Value error, ", "")  # words of the library that typer checks with
    return "the arguments can't be read; see --help" if _holds_ssin(line) or "{" in line else line
