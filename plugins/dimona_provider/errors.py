"""
Everything this package raises.

DimonaError
├── ConfigurationError      a connection, key or setting is missing, malformed or refused
├── KeysRotated             the ledger's keys were rotated after this process had read them
├── InvalidSource           a team's declarations or payroll's export can't be read
├── ServiceUnavailable      the NSSO could not be reached or asked us to wait; nothing was filed
├── AuthenticationFailed    the token endpoint or the API refused our credentials; nothing was filed
├── RequestRefused          the API refused the request itself (400, 403)
├── UnclearSubmission       a declaration left and we don't know whether it arrived
├── UnexpectedResponse      the service answered something we can't read
├── UnknownBatch            a batch reference that this ledger does not hold
├── DecisionRefused         what a person decided does not fit what the ledger knows
├── OutcomeNotWanted        a declaration ended in an outcome that the author named in ``fail_on``
├── DeadlineNear            an unclear or held declaration is near its deadline, and a person has to see to it
└── CertificateEnds         the certificate of a connection ends within a week, or has ended

Messages never hold a request or response body, a person or a secret: they end up in logs.
"""

from __future__ import annotations

from typing import ClassVar


class DimonaError(Exception):
    """Base of all errors of this package."""

    retryable: ClassVar[bool] = False
    """Whether doing the same again later may help, without anybody changing anything."""


class ConfigurationError(DimonaError):
    """A connection, key or setting is missing, malformed or refused; names every one of them."""


class KeysRotated(DimonaError):
    """The ledger's keys were rotated after this process had read them; a new one reads the new keys."""

    retryable = True


class InvalidSource(DimonaError):
    """Declarations or an export can't be read; says where."""


class ServiceUnavailable(DimonaError):
    """The NSSO could not be reached or asked us to wait; nothing was filed by this request."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the service asked us to wait, if it said."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_unavailable, (str(self), self.retry_after)


def _rebuild_unavailable(message: str, retry_after: float | None) -> ServiceUnavailable:
    return ServiceUnavailable(message, retry_after=retry_after)


class AuthenticationFailed(DimonaError):
    """The token endpoint or the API refused our credentials; nothing was filed by this request."""


class RequestRefused(DimonaError):
    """The API refused the request itself; the same request would be refused again."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_refused, (str(self), self.status)


def _rebuild_refused(message: str, status: int) -> RequestRefused:
    return RequestRefused(message, status=status)


class UnclearSubmission(DimonaError):
    """A declaration left and we don't know whether it arrived: it must not be sent again blindly."""


class UnexpectedResponse(DimonaError):
    """The service answered something we can't read."""


class UnknownBatch(DimonaError):
    """A batch reference that this ledger does not hold."""


class DecisionRefused(DimonaError):
    """What a person decided does not fit what the ledger knows; says what to do instead."""


class OutcomeNotWanted(DimonaError):
    """A declaration ended in an outcome that the author named in ``fail_on``."""


class DeadlineNear(DimonaError):
    """An unclear or held declaration is near its deadline; names references and deadlines."""


class CertificateEnds(DimonaError):
    """The certificate of a connection ends within a week, or has ended; names connections and days."""
