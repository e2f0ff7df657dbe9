"""Run by test_to_simulation.py in a process of its own: `dimona` commands, then what a worker sees."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

from typer.testing import CliRunner

from dimona_provider.cli.main import app


def main(lines: str, report: str) -> None:
    """Run the commands in the file *lines*; write exit codes and outputs to *report*."""
    done = []
    for line in Path(lines).read_text(encoding="utf-8").splitlines():
        ended = CliRunner().invoke(app, shlex.split(line)[1:])
        done.append({"line": line, "code": ended.exit_code, "said": ended.output})
    from dimona_provider.hooks import DimonaHook, DimonaLedgerHook

    seen = {
        "client": DimonaHook().settings().client_id,
        "ledger": DimonaLedgerHook().location().url.render_as_string(),
        "keys": DimonaLedgerHook().location().keys().fingerprint,
    }
    Path(report).write_text(json.dumps({"commands": done, "worker": seen}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
