"""Which paths the service has."""

from dataclasses import dataclass
from enum import Enum

from include.dimona_simulator.settings import BASE_PATH, TOKEN_PATH


class Resource(Enum):
    """What a path leads to: its template, the verb it takes."""

    TOKEN = (TOKEN_PATH, "POST")
    DECLARATIONS = (f"{BASE_PATH}/declarations", "POST")
    DECLARATION = (f"{BASE_PATH}/declarations/{{id}}", "GET")
    DECLARATION_SEARCH = (f"{BASE_PATH}/declarations/search", "POST")
    PERIOD = (f"{BASE_PATH}/periods/{{id}}", "GET")
    PERIOD_SEARCH = (f"{BASE_PATH}/periods/search", "POST")
    RELATION_SEARCH = (f"{BASE_PATH}/relations/search", "POST")
    NOTHING = ("/{unknown}", "")

    @property
    def template(self) -> str:
        """Give the path, with ``{id}`` for a number."""
        return self.value[0]

    @property
    def method(self) -> str:
        """Give the only verb the resource takes."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Route:
    """A resource, and the number in the path if it has one (``None`` also when it is no number)."""

    resource: Resource
    number: int | None = None

    @property
    def path(self) -> str:
        """Give the path back."""
        return self.resource.template.replace("{id}", str(self.number))


_FIXED = {resource.template: resource for resource in Resource if "{" not in resource.template}
_NUMBERED = {
    resource.template.removesuffix("{id}"): resource for resource in (Resource.DECLARATION, Resource.PERIOD)
}


def find(path: str) -> Route:
    """Find the resource of a path."""
    path = path.rstrip("/")
    if path in _FIXED:
        return Route(_FIXED[path])
    folder, _, last = path.rpartition("/")
    resource = _NUMBERED.get(f"{folder}/", Resource.NOTHING)
    is_number = last.isascii() and last.isdecimal() and len(last) <= 12
    return Route(resource, int(last) if is_number else None)
