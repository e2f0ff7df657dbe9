"""The command that starts the simulator."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from include.dimona_simulator.fault_plan import FaultPlan
from include.dimona_simulator.server import own_key, serve
from include.dimona_simulator.settings import Registers, Settings, Timing
from include.dimona_simulator.simulator import Simulator
from include.payroll.routes import payroll_routes
from include.payroll.store import PayrollStore

_CLIENT = "self_service_chaman_000000_simulator"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser("python -m include.dimona_simulator", description=__doc__)
    add = command.add_argument
    add("--data", type=Path, required=True, help="folder for declarations, journal, port and keys")
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=int, default=0, help="port to listen on (0: a free one, written to DATA/port)")
    add(
        "--certificate",
        type=Path,
        nargs=2,
        metavar=("CERTIFICATE", "KEY"),
        help="serve https with these PEM files (default: plain http)",
    )
    add("--seed", type=int, default=1, help="decides the processing times (1)")
    add("--client-id", default=_CLIENT, help=f"the registered client ({_CLIENT})")
    add(
        "--public-key",
        type=Path,
        action="append",
        help="its public key or certificate, PEM; may be repeated (default: a key pair made in DATA)",
    )
    add("--payroll", type=Path, help="also serve this payroll store under /payroll")
    add("--processing", type=_range, default=(2.0, 4.0), metavar="MIN:MAX", help="seconds to process (2:4)")
    add(
        "--tail",
        type=_tail,
        default=(0.04, 4.0, 45.0),
        metavar="SHARE:SECONDS",
        help="share of declarations that take longer, and how long; SHARE:MIN:MAX draws it (0.04:4:45)",
    )
    add("--token-lifetime", type=int, default=600, help="seconds a token is valid (600)")
    add("--identified-after", type=float, help="seconds from S to the final result (default: never)")
    add("--search-lag", type=float, default=0.0, help="seconds by which searches are behind (0)")
    add("--registers", type=Path, help="what the NSSO knows of employers and workers, a JSON file")
    add("--faults", type=Path, help="what goes wrong on purpose, a JSON file")
    add(
        "--location",
        choices=("path", "absolute", "alternate"),
        default="path",
        help="form of Location (path)",
    )
    return command


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the simulator until it is stopped."""
    command = parser()
    options = command.parse_args(arguments)
    try:
        settings = _settings(options)
    except ValueError as error:
        command.error(str(error))
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(message)s")
    logging.getLogger("simulator").setLevel(logging.INFO)
    options.data.mkdir(parents=True, exist_ok=True)
    keys = [path.read_text() for path in options.public_key or []] or [own_key(options.data)]
    with Simulator({options.client_id: keys}, settings, folder=options.data) as simulator:
        serve(
            simulator,
            options.host,
            options.port,
            options.data,
            _payroll(options.payroll),
            certificate=tuple(options.certificate) if options.certificate else None,
        )


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        seed=options.seed,
        timing=Timing(*options.processing, *options.tail),
        token_lifetime=options.token_lifetime,
        identified_after=options.identified_after,
        search_lag=options.search_lag,
        registers=Registers.read(options.registers) if options.registers else Registers(),
        location=options.location,
        faults=FaultPlan.read(options.faults) if options.faults else FaultPlan(),
    )


def _payroll(path: Path | None) -> list[BaseRoute]:
    return [] if path is None else payroll_routes(PayrollStore(path))


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    return float(low), float(high or low)


def _tail(text: str) -> tuple[float, float, float]:
    share, low, *high = (float(part) for part in text.split(":"))
    return share, low, high[0] if high else low


if __name__ == "__main__":
    main()
