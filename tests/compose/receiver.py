"""``python -m tests.compose.receiver``, in a container: prints each of our metrics with who sent it."""

from __future__ import annotations

import socket
import sys

PORT = 8125


def main() -> None:
    """Listen until killed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("", PORT))
        while True:
            content, (address, _) = listening.recvfrom(65_536)
            for line in content.decode().splitlines():
                if line.startswith("airflow.dimona."):
                    sys.stdout.write(f"{address} {line}\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
