"""The structure of a declaration as JSON: what is answered with 400 before any rule of law is asked."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from include.dimona_simulator.members import BLOCKS, DECLARATION, SEARCH, Field
from include.dimona_simulator.problems import Issue, Refusal, bad_request

_REQUIRED = "is required"
_COMMITTEE_NAME = "dimonaIn.features.jointCommissionNumber"


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object, or refuse the request."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refusal(bad_request([Issue("$", "a JSON object is expected")]))
    return content


class Malformed(ValueError):
    """A declaration whose structure is wrong; *names* are the members, never their values."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(set(names))
        super().__init__(f"the structure is wrong at {', '.join(self.names)}")


def check_declaration(content: Mapping[str, Any], *, parties: bool = True, committee: bool = True) -> None:
    """
    Refuse a declaration whose structure is wrong, with all that is wrong in one problem.

    *parties* tells whether an IN without employer or worker, *committee* whether one without joint committee
    is a matter of structure.
    """
    issues = [
        issue
        for issue in _declaration_issues(content)
        if (parties or not _is_missing_party(issue)) and (committee or not _is_missing_committee(issue))
    ]
    if issues:
        missing = {issue.name for issue in issues if issue.value is None}
        features = missing & {"dimonaIn.features", _COMMITTEE_NAME}
        detail = "Bad Request: Features required" if features else "The input message is incorrect"
        raise Refusal(bad_request(issues, detail))


def check_judged(content: Mapping[str, Any]) -> None:
    """Raise ``Malformed`` for a wrong structure; employer, worker and joint committee may be absent."""
    issues = [
        issue.name
        for issue in _declaration_issues(content)
        if not (_is_missing_party(issue) or _is_missing_committee(issue))
    ]
    if issues:
        raise Malformed(issues)


def _declaration_issues(content: Mapping[str, Any]) -> list[Issue]:
    return [*_issues(content, DECLARATION, ""), *_block_issues(content)]


def _is_missing_party(issue: Issue) -> bool:
    is_absent = issue.detail == _REQUIRED or issue.value == {}
    return issue.name in {"employer", "worker"} and is_absent


def _is_missing_committee(issue: Issue) -> bool:
    return issue.name == _COMMITTEE_NAME and issue.detail == _REQUIRED


def check_search(content: Mapping[str, Any]) -> None:
    """Refuse a search whose structure is wrong."""
    issues = list(_issues(content, SEARCH, ""))
    if issues:
        raise Refusal(bad_request(issues))


def _block_issues(content: Mapping[str, Any]) -> Iterator[Issue]:
    blocks = [name for name in BLOCKS if name in content]
    if len(blocks) != 1:
        yield Issue("$", f"exactly one of {', '.join(BLOCKS)} is expected")
    if "dimonaIn" in content:
        yield from (Issue(name, _REQUIRED) for name in ("employer", "worker") if name not in content)


def _issues(content: Mapping[str, Any], members: Mapping[str, Field], prefix: str) -> Iterator[Issue]:
    for name, value in content.items():
        known = members.get(name)
        if known is None:
            yield Issue(prefix + name, "is not a known member", value, "unknownInput")
        elif not known.check(value):
            yield Issue(prefix + name, f"{known.expects} is expected", value)
        elif known.members:
            yield from _issues(value, known.members, f"{prefix}{name}.")
    for name, known in members.items():
        if known.required and name not in content:
            yield Issue(prefix + name, _REQUIRED)
