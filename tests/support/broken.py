"""Bodies whose structure is wrong: what the service answers with 400."""

from __future__ import annotations

from random import Random
from typing import Any

from support.parts import Json, dimona_number

_EMPTIES: tuple[Any, ...] = (None, {}, [], "", 0, -1, "x", "a\tb", "\ud800", True, 1.5, [{}])


def break_structure(rng: Random, body: Json) -> Json:
    """Return *body* with one member, however deep, lost, strange or of another form."""
    inside: list[Json] = [body]
    for block in inside:
        inside.extend(value for value in block.values() if isinstance(value, dict))
    block = rng.choice([block for block in inside if block])
    name = rng.choice(sorted(block))
    match rng.randrange(4):
        case 0:
            block.pop(name)
        case 1:
            block[f"{name}x"] = block[name]
        case 2:
            body["dimonaCancel"] = {"periodId": dimona_number(rng)}
        case _:
            block[name] = rng.choice(_EMPTIES)
    return body
