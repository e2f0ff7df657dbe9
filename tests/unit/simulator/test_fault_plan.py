"""A fault plan as data: what it refuses, how it decides."""

import json
from dataclasses import FrozenInstanceError, fields

import pytest

from include.dimona_simulator import Fault, FaultPlan, JournalEntry, Operation, Rule
from include.dimona_simulator.fault_counts import Faults
from include.dimona_simulator.fault_plan import STATUSES
from support.markdown import DOCS, blocks, section, table

GET = ("GET", "/REST/dimona/v2/declarations/656309292174")
POST = ("POST", "/REST/dimona/v2/declarations")


def rule(**changes):
    return {"fault": "status", "operation": "get", "status": 503, **changes}


def hits(faults, request, number):
    """Tell which of the next *number* requests, from 1, a fault meets."""
    met = []
    for place in range(1, number + 1):
        choice = faults.choose(*request)
        if choice:
            faults.count(choice)
            met.append(place)
    return met


def plan(*rules, seed=1):
    return FaultPlan(tuple(Rule(Fault.CLOSED_BEFORE, Operation.GET, **one) for one in rules), seed)


def test_a_plan_is_the_same_after_json():
    content = {
        "seed": 7,
        "rules": [
            {
                **rule(retry_after=3, body="html"),
                "share": 0.25,
                "first": 2,
                "count": 4,
            },
            {"fault": "delay", "operation": "post", "share": 1.0, "first": 1, "seconds": 1.5},
        ],
    }

    read = FaultPlan.from_json(content)

    assert read.as_json() == content
    assert FaultPlan.from_json(json.loads(json.dumps(read.as_json()))) == read


def test_a_plan_does_not_change():
    with pytest.raises(FrozenInstanceError):
        plan().seed = 3


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("operation", Operation)
def test_a_fault_is_taken_for_its_operations_alone(fault, operation):
    parameters = {fault.needs: 503 if fault.needs == "status" else 1} if fault.needs else {}

    if operation in fault.operations:
        assert Rule(fault, operation, **parameters).fault is fault
    else:
        with pytest.raises(ValueError, match=f"{fault} does not apply to {operation}"):
            Rule(fault, operation, **parameters)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param([], "a fault plan is a JSON object with seed and rules", id="a list"),
        pytest.param(
            {"rule": []}, "a fault plan is a JSON object with seed and rules", id="a strange member"
        ),
        pytest.param({"seed": "x"}, "seed is a whole number from 0 to 1000000000", id="seed"),
        pytest.param({"rules": {}}, "rules is a list", id="rules"),
        pytest.param({"rules": [rule(), 3]}, "rule 2: a rule is a JSON object", id="rule"),
        pytest.param({"rules": [rule(sahre=1)]}, "rule 1: a rule has no sahre", id="misspelt"),
        pytest.param(
            {"rules": [rule(operation="put")]},
            "rule 1: operation is one of token, post, get, search, period",
            id="operation",
        ),
        pytest.param({"rules": [rule(status=None)]}, "rule 1: fault status needs status", id="no status"),
        pytest.param(
            {"rules": [rule(status=404)]},
            "rule 1: status is one of 301, 302, 303, 307, 308, 401, 403, 408, 409, 429, 500, 502, 503, 504",
            id="a status with a meaning of its own",
        ),
        pytest.param({"rules": [rule(share=1.1)]}, "rule 1: share is a number from 0 to 1", id="share"),
        pytest.param(
            {"rules": [rule(share=True)]}, "rule 1: share is a number from 0 to 1", id="true is no share"
        ),
        pytest.param(
            {"rules": [rule(share=float("nan"))]}, "rule 1: share is a number from 0 to 1", id="no number"
        ),
        pytest.param(
            {"rules": [rule(share=None)]}, "rule 1: share is a number from 0 to 1", id="share of nothing"
        ),
        pytest.param(
            {"rules": [rule(first=0)]}, "rule 1: first is a whole number from 1 to 1000000000", id="first"
        ),
        pytest.param(
            {"rules": [rule(count=1.5)]}, "rule 1: count is a whole number from 0 to 1000000000", id="count"
        ),
        pytest.param(
            {"rules": [rule(retry_after=-1)]},
            "rule 1: retry_after is a whole number from 0 to 86400",
            id="retry_after",
        ),
        pytest.param({"rules": [rule(body="xml")]}, "rule 1: body is one of problem, html, none", id="body"),
        pytest.param({"rules": [rule(body=[])]}, "rule 1: body is one of problem, html, none", id="a list"),
        pytest.param(
            {"rules": [rule(seconds=1)]}, "rule 1: fault status takes no seconds", id="seconds of a status"
        ),
        pytest.param(
            {"rules": [rule(fault="delay", status=None)]},
            "rule 1: fault delay needs seconds",
            id="no seconds",
        ),
        pytest.param(
            {"rules": [rule(fault="delay", status=None, seconds="1")]},
            "rule 1: seconds is a number from 0 to 3600",
            id="seconds as text",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(content, message):
    with pytest.raises(ValueError, match=r"\w") as refused:
        FaultPlan.from_json(content)

    assert str(refused.value) == message


def test_an_unknown_fault_is_answered_with_those_that_are_known():
    with pytest.raises(ValueError, match=", ".join(Fault)):
        FaultPlan.from_json({"rules": [rule(fault="earthquake")]})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("{", "Expecting", id="no JSON"),
        pytest.param('{"rules": [{}]}', "rule 1: fault is one of", id="no fault"),
        pytest.param("[" * 100_000, "recursion", id="nested without end"),
    ],
)
def test_a_file_that_is_no_plan_is_named(tmp_path, text, says):
    file = tmp_path / "plan.json"
    file.write_text(text)

    with pytest.raises(ValueError, match=f"^{file}: .*{says}"):
        FaultPlan.read(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"plan\.json: No such file"):
        FaultPlan.read(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("rules", "met"),
    [
        pytest.param([{}], [1, 2, 3, 4, 5, 6], id="every request"),
        pytest.param([{"share": 0}], [], id="none"),
        pytest.param([{"count": 2}], [1, 2], id="the first two"),
        pytest.param([{"first": 3, "count": 1}], [3], id="the third alone"),
        pytest.param([{"first": 5}], [5, 6], id="from the fifth on"),
        pytest.param([{"count": 0}], [], id="never"),
        pytest.param([{"count": 1}, {"first": 4, "count": 1}], [1, 4], id="two rules"),
        pytest.param([{"count": 1}, {"count": 1}], [1, 2], id="the second after the first"),
    ],
)
def test_rules_say_which_requests_they_meet(rules, met):
    assert hits(Faults(plan(*rules)), GET, 6) == met


def test_the_same_requests_meet_the_same_faults():
    shares = [hits(Faults(plan({"share": 0.3}, seed=seed)), GET, 200) for seed in (5, 5, 6)]

    assert shares[0] == shares[1] != shares[2]
    assert 40 <= len(shares[0]) <= 80


def test_other_operations_do_not_change_what_is_drawn():
    alone, among = Faults(plan({"share": 0.3})), Faults(plan({"share": 0.3}))
    met = []
    for number in range(1, 51):
        among.choose(*POST)
        met += [number] if among.choose(*GET) else []

    assert met == hits(alone, GET, 50)


def test_two_rules_draw_on_their_own():
    faults = Faults(plan({"share": 0.5}, {"share": 0.5}))
    places = {choice.place for _ in range(100) if (choice := faults.choose(*GET))}

    assert places == {0, 1}


def test_a_new_plan_begins_at_its_first_request_and_the_counts_go_on():
    faults = Faults(plan({"count": 2}))
    hits(faults, GET, 5)

    faults.replace(plan({"first": 2, "count": 1}))

    assert hits(faults, GET, 5) == [2]
    assert faults.counts["closed_before"] == 3


def test_draws_and_counts_go_on_from_the_journal():
    whole = Faults(plan({"share": 0.3}))
    met = hits(whole, GET, 60)
    journal = [JournalEntry(1, *GET, 0, fault="closed_before" if n in met else None) for n in range(1, 31)]

    second = Faults(plan({"share": 0.3}), journal)

    assert [30 + number for number in hits(second, GET, 30)] == [number for number in met if number > 30]
    assert second.counts == whole.counts


@pytest.mark.parametrize("request_", [("PUT", GET[1]), ("GET", "/elsewhere"), ("GET", POST[1])], ids=" ".join)
def test_a_request_that_is_none_of_the_operations_meets_no_fault(request_):
    assert Faults(plan({})).choose(*request_) is None


_PAGE = section(DOCS / "simulator.md", "Faults")


def test_every_fault_is_documented_with_its_operations_and_parameter():
    documented = {row[0]: row[1:3] for row in table(_PAGE, "fault", "operations")}

    assert set(documented) == set(Fault)
    for fault in Fault:
        operations, needs = documented[fault]
        named = {word.strip(",") for word in operations.split()} & set(Operation)
        all_but = operations.startswith("all")
        assert fault.operations == (set(Operation) - named if all_but else named)
        assert needs == (fault.needs or "")


def test_every_member_of_a_rule_is_documented():
    rows = {row[0]: row for row in table(_PAGE, "member of a rule", "meaning")}

    assert list(rows) == [member.name for member in fields(Rule)]
    assert all(str(status) in rows["status"][1] for status in STATUSES)
    assert all(operation in rows["operation"][1] for operation in Operation)


def test_the_documented_plan_can_be_read():
    (example,) = (block.text for block in blocks(DOCS / "simulator.md", "json") if '"rules"' in block.text)

    assert len(FaultPlan.from_json(json.loads(example)).rules) == 5
