"""Why a deployment is not started."""

from __future__ import annotations


class DeploymentError(Exception):
    """Something is missing or must not be; the message says what and what to do."""
