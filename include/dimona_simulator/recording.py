"""From a request and its answer to a line of the journal, without anything personal."""

from include.dimona_simulator.failing import Answering
from include.dimona_simulator.journal import JournalEntry
from include.dimona_simulator.messages import Call, Reply
from include.dimona_simulator.register import Register
from include.dimona_simulator.routes import Resource, Route

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def entry(
    call: Call, route: Route, register: Register, *, now: float, handled: Reply | None, answering: Answering
) -> JournalEntry:
    """Describe a request that came in at *now*; *handled* is the proper answer, ``None`` if not handled."""
    method = call.method if call.method in _METHODS else "OTHER"
    path, about = route.resource.template, None
    match route.resource:
        case Resource.DECLARATIONS if handled is not None and handled.status == 201:
            about = register.last
        case Resource.DECLARATION if route.number is not None:
            about = register.declaration(route.number)
            path = route.path if about else path
        case Resource.PERIOD if route.number is not None:
            path = route.path if register.period(route.number) else path
    return JournalEntry(
        at=now,
        method=method,
        path=path,
        status=answering.reply.status if answering.reply else 0,
        declaration_id=about.id if about else None,
        age=now - about.filed_at if about and method == "GET" else None,
        fault=answering.fault,
    )
