"""What goes wrong with a stack or the demo, as one line for a person."""

from __future__ import annotations


class DemoError(Exception):
    """A reason, in one line, why the demo can't go on."""


class StackFailed(DemoError):
    """A component ended, or didn't become healthy in time."""


class StackStopped(DemoError):
    """Components were ended on purpose while somebody worked with them."""


class RunFailed(DemoError):
    """A DAG run failed, or didn't come or end in time; the components still run."""


class Terminated(KeyboardInterrupt):  # nothing that catches Exception must swallow it
    """This process was asked to end by SIGTERM."""
