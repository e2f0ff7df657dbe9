"""``python -m tests.month``: run a month, print its figures, and exit with 1 when anything is amiss."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dimona_provider.ledger import open_ledger
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.setup import initialise
from tests.month import report, truth
from tests.month.lines import Lines
from tests.month.payroll import DAYS, draw
from tests.month.verdict import judge

QUIET_DAYS = 3
"""Days after the month on which payroll changes nothing: the last questions to the NSSO get their answers."""
SEEDED_REFUSALS = 4

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="decides workers and what happens to them")] = 1,
    workers: Annotated[int, typer.Option(min=40, max=1800, help="size of the employer")] = 240,
) -> None:
    """Take a month of payroll through planner, submission and simulator, and compare the end."""
    late = max(4, workers // 10)
    payroll = draw(seed, workers, late, SEEDED_REFUSALS)
    with tempfile.TemporaryDirectory(prefix="dimona-month-") as name:
        folder = Path(name)
        keys, url = Keyring.generate(), f"sqlite:///{folder / 'ledger.db'}"
        initialise(url, lambda: keys, None, now=payroll.first.timestamp())
        ledger = open_ledger(url, keys, actor="month")
        (folder / "nsso").mkdir()
        lines = Lines(ledger, folder / "nsso", payroll.first, seed)
        for day in range(DAYS + QUIET_DAYS):
            for now, export in payroll.exports_of(day):
                lines.work(now, export)
        taken = truth.read(folder / "nsso")
        verdict = judge(ledger, lines.route.environment, taken, export, lines.clock.now())
        ledger.close()
        lines.nsso.close()
    complaints = list(report.complaints(verdict))
    if payroll.events["withdrawal that is too late"] < late:
        complaints.append("too tame: fewer late withdrawals than were drawn")
    for line in (*report.figures(verdict, taken.kinds, payroll.events), *complaints):
        typer.echo(line)
    typer.echo(report.last_line(verdict, workers, DAYS))
    raise typer.Exit(1 if complaints else 0)


if __name__ == "__main__":
    app()
