"""The secrets of a deployment, and where they are: names and paths, nothing else. Needs Python alone."""

from __future__ import annotations

from pathlib import Path

EXAMPLE = Path(__file__).parent / "example"
"""Values that everybody knows: for the demo, whose NSSO is simulated and whose people are invented."""
MOUNTED = Path("/run/secrets")
"""Where a container sees its secrets."""
KEYS = Path("/opt/airflow/keys")
"""The volume of the ledger's key file, and in the demo of what its client and simulator identify with."""
DEMO_KEYS = KEYS / "demo"
SIMULATOR_DATA = Path("/opt/airflow/simulator")
AUTHORITIES, SIMULATOR_KEY = "authorities.pem", "simulator_key.pem"
"""The simulator's own certificate, which the demo trusts, and the key to it."""

CONNECTIONS, PRIVATE_KEY = "connections.json", "private_key.pem"
PASSWORDS = ("postgres_password", "metadata_password", "ledger_password", "redis_password", "admin_password")
SECRETS = (*PASSWORDS, "fernet_key", "jwt_secret", "session_secret", CONNECTIONS, PRIVATE_KEY)
"""Every file of a secrets folder."""

SIMULATOR, PORT = "simulator", 8443
"""Where the simulator listens: a name that only the demo's network knows."""
