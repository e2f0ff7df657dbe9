"""The resources of the Dimona service: what each request does and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from include.dimona_simulator import storage, structure, views
from include.dimona_simulator.messages import Call, Reply, json_reply
from include.dimona_simulator.model import Declaration, Filing, Kind
from include.dimona_simulator.oauth import CONSULT, DECLARE, Authority
from include.dimona_simulator.problems import (
    Issue,
    Refusal,
    bad_request,
    method_not_allowed,
    missing_permission,
    not_found,
)
from include.dimona_simulator.register import Register
from include.dimona_simulator.routes import Resource, Route
from include.dimona_simulator.rules_periods import is_locked
from include.dimona_simulator.searches import Searches
from include.dimona_simulator.settings import BASE_PATH, Settings


@dataclass(frozen=True, slots=True)
class Service:
    """Answer the requests for one register; every new declaration goes to *store* before it is confirmed."""

    settings: Settings
    register: Register
    authority: Authority
    store: storage.Lines | None = None

    def answer(self, call: Call, route: Route, now: float, lag: float = 0.0) -> Reply:
        """Answer a request, or raise ``Refusal``; a search, with what was there *lag* seconds ago."""
        resource = route.resource
        if resource is Resource.NOTHING:
            raise Refusal(not_found("resource"))
        if call.method != resource.method:
            raise Refusal(method_not_allowed(resource.method))
        if resource is Resource.TOKEN:
            return self.authority.token(call, now)
        self.authority.check(call, DECLARE if resource is Resource.DECLARATIONS else CONSULT, now)
        return self._answers()[resource](call, route, now - lag)

    def _answers(self) -> Mapping[Resource, Callable[[Call, Route, float], Reply]]:
        searches = Searches(self.settings, self.register)
        return {
            Resource.DECLARATIONS: self._file,
            Resource.DECLARATION: self._show_declaration,
            Resource.PERIOD: self._show_period,
            Resource.DECLARATION_SEARCH: searches.declarations,
            Resource.PERIOD_SEARCH: searches.periods,
            Resource.RELATION_SEARCH: searches.relations,
        }

    def _file(self, call: Call, _: Route, now: float) -> Reply:
        content = structure.read_object(call.body)
        structure.check_declaration(
            content,
            parties=self.settings.missing_parties == "400",
            committee=not self._is_local(content),
        )
        filing = Filing.of(content)
        self._check_mandate(filing)
        declaration = self.register.draft(filing, now)
        if self.store is not None:
            self.store.append(storage.as_json(declaration))
        self.register.add(declaration)
        return Reply(201, headers={"Location": self._location(call, declaration)})

    def _is_local(self, content: Mapping[str, Any]) -> bool:
        employer = content.get("employer")
        numbers = {str(number) for number in employer.values()} if isinstance(employer, dict) else set()
        return not numbers.isdisjoint(self.settings.registers.local_employers)

    def _check_mandate(self, filing: Filing) -> None:
        employer = self.register.employer_key(filing)
        if employer is None and filing.kind is not Kind.IN:
            origin = self.register.declaration(int(filing.block["periodId"]))
            employer = origin.employer if origin else None
        if employer in self.settings.registers.employers_without_mandate:
            raise Refusal(missing_permission())

    def _location(self, call: Call, declaration: Declaration) -> str:
        path = f"{BASE_PATH}/declarations/{declaration.id}"
        odd = declaration.id // 100 % 2 == 1
        absolute = self.settings.location == "absolute" or (self.settings.location == "alternate" and odd)
        return call.origin + path if absolute else path

    def _show_declaration(self, call: Call, route: Route, now: float) -> Reply:
        declaration = self.register.declaration(_number(route, "declarationId"))
        verdict = declaration.verdict(now) if declaration else None
        if declaration is None or verdict is None:
            raise Refusal(not_found("declaration"))
        short = self.settings.short_enterprise_numbers
        return json_reply(200, views.declaration(declaration, verdict, call.origin, short_numbers=short))

    def _show_period(self, call: Call, route: Route, now: float) -> Reply:
        period = self.register.period(_number(route, "periodId"))
        span = period.visible(now) if period else None
        if period is None or span is None:
            raise Refusal(not_found("period"))
        short = self.settings.short_enterprise_numbers
        locked = is_locked(period, self.settings.registers)
        return json_reply(200, views.period(period, span, call.origin, short_numbers=short, locked=locked))


def _number(route: Route, name: str) -> int:
    if route.number is None:
        raise Refusal(bad_request([Issue(name, "a number of at most 12 digits is expected", where="path")]))
    return route.number
