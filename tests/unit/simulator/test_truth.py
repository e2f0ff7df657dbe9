"""What the service took: without persons, over HTTP, in process and from its folder."""

from dataclasses import asdict

import pytest

from include.dimona_simulator import fingerprint, read_taken


def test_a_declaration_is_told_without_its_person(make_nsso, clock, tmp_path):
    nsso = make_nsso(tmp_path)
    body, filed_at = nsso.body(), clock.now
    number = nsso.file(body)

    early = nsso.simulator.declarations_since(0)
    clock.advance(46)
    later = nsso.simulator.declarations_since(0)["declarations"][0]

    told = {
        "id": number,
        "kind": "dimonaIn",
        "result": None,
        "period_id": None,
        "filed_at": filed_at,
        "content": fingerprint(body),
    }
    assert early == {"declarations": [told], "next": 1}
    assert later == {**told, "result": "A", "period_id": number}
    assert "93051822361" not in str(later)


def test_each_kind_is_told_with_its_period(nsso, clock):
    period = nsso.accepted()
    nsso.outcome({"dimonaOut": {"periodId": period, "endDate": "2026-04-30"}})
    nsso.outcome({"dimonaOut": {"periodId": period, "endDate": "2026-04-30"}})

    told = nsso.simulator.declarations_since(1)["declarations"]

    assert [(one["kind"], one["result"], one["period_id"]) for one in told] == [
        ("dimonaOut", "A", period),
        ("dimonaOut", "B", None),
    ]


def test_only_what_is_new_is_told(nsso):
    numbers = [nsso.file(nsso.body()) for _ in range(3)]

    page = nsso.simulator.declarations_since(2)

    assert [one["id"] for one in page["declarations"]] == numbers[2:]
    assert page["next"] == 3
    assert nsso.simulator.declarations_since(9) == {"declarations": [], "next": 3}


def test_equal_declarations_have_equal_contents(nsso):
    body = nsso.body()
    turned = dict(reversed(body.items()))
    for one in (body, turned, nsso.body(startDate="2026-03-17")):
        nsso.file(one)

    first, second, third = (one["content"] for one in nsso.simulator.declarations_since(0)["declarations"])

    assert first == second != third


def test_the_folder_tells_the_same_when_the_simulator_is_gone(make_nsso, clock, tmp_path):
    nsso = make_nsso(tmp_path)
    nsso.accepted()
    nsso.file(nsso.body("STU"))
    told = nsso.simulator.declarations_since(0)["declarations"]

    read = read_taken(tmp_path, clock.now)

    assert [asdict(one) for one in read] == told
    assert [one.result for one in read_taken(tmp_path)] == ["A", "B"]


@pytest.mark.parametrize("cut", [1, 40])
def test_half_a_declaration_in_the_folder_is_left_out(make_nsso, tmp_path, cut):
    nsso = make_nsso(tmp_path)
    first = nsso.file(nsso.body())
    nsso.file(nsso.body())
    file = tmp_path / "declarations.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])

    assert [one.id for one in read_taken(tmp_path)] == [first]


def test_an_empty_folder_took_nothing(tmp_path):
    assert read_taken(tmp_path) == []
