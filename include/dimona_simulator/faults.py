"""The words for what can go wrong on purpose, what each applies to and needs."""

from enum import StrEnum


class Operation(StrEnum):
    """What a rule applies to; ``search`` is all three searches, ``period`` the GET of a period."""

    TOKEN = "token"  # noqa: S105 - a name
    POST = "post"
    GET = "get"
    SEARCH = "search"
    PERIOD = "period"


class Fault(StrEnum):
    """Everything that can go wrong on purpose; docs/simulator.md says what each does."""

    STATUS = "status"
    DELAY = "delay"
    CLOSED_BEFORE = "closed_before"
    ACCEPTED_THEN_CLOSED = "accepted_then_closed"
    ACCEPTED_THEN_500 = "accepted_then_500"
    MISSING_LOCATION = "missing_location"
    MALFORMED_BODY = "malformed_body"
    HTML_BODY = "html_body"
    SLOW_BODY = "slow_body"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a name
    MISSING_RESULT = "missing_result"
    SEARCH_LAG = "search_lag"

    @property
    def operations(self) -> frozenset[Operation]:
        """Give the operations that can have this fault."""
        return _ONLY_FOR.get(self, frozenset(Operation))

    @property
    def needs(self) -> str | None:
        """Give the parameter without which a rule makes no sense."""
        return _NEEDS.get(self)

    @property
    def parameters(self) -> frozenset[str]:
        """Give the parameters that a rule may have."""
        also = {"retry_after", "body"} if self is Fault.STATUS else set()
        return frozenset(also | ({self.needs} if self.needs else set()))


_ACCEPTED = frozenset({Operation.POST})
_ONLY_FOR = {
    Fault.ACCEPTED_THEN_CLOSED: _ACCEPTED,
    Fault.ACCEPTED_THEN_500: _ACCEPTED,
    Fault.MISSING_LOCATION: _ACCEPTED,
    Fault.SLOW_BODY: frozenset(Operation) - {Operation.POST},  # its 201 has no body to be slow with
    Fault.EXPIRED_TOKEN: frozenset(Operation) - {Operation.TOKEN},
    Fault.MISSING_RESULT: frozenset({Operation.GET}),
    Fault.SEARCH_LAG: frozenset({Operation.SEARCH}),
}
_NEEDS = {
    Fault.STATUS: "status",
    **dict.fromkeys((Fault.DELAY, Fault.SLOW_BODY, Fault.SEARCH_LAG), "seconds"),
}
