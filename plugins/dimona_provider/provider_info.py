"""What Airflow asks of every provider: its connection type and the form for it. Imports nothing."""

from __future__ import annotations

from typing import Any


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    # A field whose type lacks "null" is required and marks the whole form invalid while it is empty.
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}


def _number(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["number", "null"], **schema}}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata in the form of Airflow's provider schema."""
    return {
        "package-name": "airflow-provider-dimona",
        "name": "Dimona",
        "description": "File Belgian Dimona declarations with the NSSO and follow their outcomes.",
        "extra-links": ["dimona_provider.links.DimonaBatchLink"],
        "task-decorators": [
            {"name": "dimona_submit", "class-name": "dimona_provider.decorators.dimona_submit"}
        ],
        "notifications": [
            "dimona_provider.notifiers.DimonaEmailNotifier",
            "dimona_provider.notifiers.DimonaHttpNotifier",
            "dimona_provider.notifiers.DimonaDeadlineNotifier",
        ],
        "connection-types": [
            {
                "connection-type": "dimona",
                "hook-class-name": "dimona_provider.hooks.DimonaHook",
                "hook-name": "Dimona (NSSO)",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "password"],
                    "relabeling": {"login": "Client id", "host": "Base URL (environment custom only)"},
                    "placeholders": {"login": "self_service_chaman_000000_xxxxxxxxxx"},
                },
                "conn-fields": {
                    "environment": _text(
                        "Environment",
                        "Where declarations go. Production has legal effect.",
                        enum=["simulation", "production", "custom", None],
                        default="simulation",
                    ),
                    "private_key": _text(
                        "Private key (PEM)",
                        "The RSA key whose certificate was uploaded in Chaman. Or give a path below.",
                        format="password",
                    ),
                    "private_key_path": _text(
                        "Private key path", "A PEM file that every worker and triggerer can read."
                    ),
                    "next_private_key": _text(
                        "Next private key (PEM)",
                        "While keys are changed: used as soon as the NSSO refuses the first one.",
                        format="password",
                    ),
                    "next_private_key_path": _text(
                        "Next private key path", "The same, as a file that every worker can read."
                    ),
                    "token_url": _text(
                        "Token URL",
                        "Default: the NSSO's OAuth v5 endpoint. Required with environment custom.",
                    ),
                    "scope": _text(
                        "Scope", "Leave empty for the client's default scopes, as the NSSO advises."
                    ),
                    "requests_per_second": _number(
                        "Requests per second", "Budget for this client id, POST and GET together. Default 20."
                    ),
                    "concurrency": _number(
                        "Requests at once", "How many requests may be under way. Default 20.", minimum=1
                    ),
                    "employers": _text(
                        "Connections of employers",
                        'For employers with a client id of their own: {"0477472701": "dimona_other"}.',
                        format="json",
                    ),
                    "joint_committees": _text(
                        "Joint committees",
                        'Translations that go before the table: {"302/EXT": "XXX"}.',
                        format="json",
                    ),
                    "file_ahead_days": _text(
                        "File ahead, days",
                        'How many days before its start an IN is filed: 30, or {"0477472701": 7, "*": 30}.',
                        format="json",
                    ),
                    "refile_after": _number(
                        "Look for how long",
                        "Seconds before a declaration that is not found may be sent again. Default 1200.",
                    ),
                },
            }
        ],
    }
