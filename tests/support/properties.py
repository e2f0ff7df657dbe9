"""What property tests draw from."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Fixtures of the whole suite are shared on purpose, and a busy machine is not a defect.
settings.register_profile(
    "dimona",
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("dimona")

_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "0", "2027-01-20", "93051822361", "0477472701", "OTH", "0930", "\ud800", "\x00"])
)
anything = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON value, with what Python's reader lets through besides: NaN, infinity and halves of characters."""


def changed(
    record: dict[str, object], values: st.SearchStrategy[object] = anything
) -> st.SearchStrategy[object]:
    """Draw *record* with some of its members, also nested ones, replaced or left out."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: (changed(value, values) | values) if isinstance(value, dict) else (st.just(value) | values)
            for name, value in record.items()
        },
    ) | st.fixed_dictionaries(
        {
            name: (changed(value, values) | values) if isinstance(value, dict) else (st.just(value) | values)
            for name, value in record.items()
        }
    )


def leaves(value: object) -> list[str]:
    """Return every value inside *value* as text."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [str(value)]
