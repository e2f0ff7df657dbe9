import json

import pytest

from include.dimona_simulator import JournalEntry, polls_off_schedule, read_journal

NUMBER = 656309292174


def polls(*ages, number=NUMBER):
    return [JournalEntry(1000 + age, "GET", "/x", 404, number, age) for age in ages]


def test_a_poll_is_written_with_the_age_of_its_declaration(nsso, clock):
    number = nsso.file(nsso.body())
    clock.advance(2.5)
    nsso.get(number)

    token, filed, poll = nsso.simulator.journal

    path = f"/REST/dimona/v2/declarations/{number}"
    assert (token.method, token.path, token.status) == ("POST", "/REST/oauth/v5/token", 200)
    assert (filed.path, filed.status, filed.declaration_id) == ("/REST/dimona/v2/declarations", 201, number)
    assert (poll.method, poll.path, poll.declaration_id) == ("GET", path, number)
    assert poll.age == pytest.approx(2.5)


def test_the_file_says_the_same(make_nsso, clock, tmp_path):
    nsso = make_nsso(tmp_path)
    number = nsso.file(nsso.body())
    clock.advance(3)
    nsso.get(number)

    entries = read_journal(tmp_path / "journal.jsonl")

    assert [(entry.path, entry.status) for entry in entries] == [
        (entry.path, entry.status) for entry in nsso.simulator.journal
    ]
    assert entries[-1].age == pytest.approx(3)


def test_the_journal_goes_on_after_a_restart(make_nsso, tmp_path):
    make_nsso(tmp_path).file(make_nsso(tmp_path).body())
    lines = len(read_journal(tmp_path / "journal.jsonl"))

    nsso = make_nsso(tmp_path)

    assert len(nsso.simulator.journal) == lines + 1  # its own token request
    assert nsso.simulator.journal_since(lines)["next"] == lines + 1


def test_no_personal_data_reaches_the_journal(make_nsso, tmp_path):
    nsso = make_nsso(tmp_path)
    nsso.accepted()
    nsso.post({"worker": {"ssin": "93051822361"}})
    nsso.get("93051822361")
    nsso.get("93051822361", "periods")
    nsso.http.get("/93051822361")
    nsso.search("periods", ssin="93051822361")
    nsso.http.request("93051822361", "/")

    text = (tmp_path / "journal.jsonl").read_text()

    token = nsso.http.headers["Authorization"].split()[1]
    assert "93051822361" not in text
    assert "0477472701" not in text
    assert token not in text
    assert "/REST/dimona/v2/declarations/{id}" in text


def test_half_a_line_is_left_out_by_the_reader(tmp_path):
    file = tmp_path / "journal.jsonl"
    file.write_text(json.dumps({"at": 1.0, "method": "GET", "path": "/", "status": 200}) + '\n{"at": 2')

    assert [entry.at for entry in read_journal(file)] == [1.0]


@pytest.mark.parametrize(
    ("ages", "offending"),
    [
        pytest.param([2, 3, 4, 29, 30], [], id="every second"),
        pytest.param([1.9], [1.9], id="in the first two seconds"),
        pytest.param([1.96], [], id="within the tolerance"),
        pytest.param([2, 2.9], [2.9], id="less than a second apart"),
        pytest.param([30, 90, 150, 1200], [], id="every minute"),
        pytest.param([29, 31], [31], id="a second apart after thirty seconds"),
        pytest.param([40, 99.9], [99.9], id="less than a minute apart"),
        pytest.param([1200, 4800, 8400], [], id="hourly"),
        pytest.param([1190, 1250], [1250], id="a minute apart after twenty minutes"),
        pytest.param([2000, 2001], [2001], id="twice in an hour"),
    ],
)
def test_polls_off_the_schedule_are_found(ages, offending):
    assert [entry.age for entry in polls_off_schedule(polls(*ages))] == offending


def test_each_declaration_has_a_schedule_of_its_own():
    assert polls_off_schedule([*polls(3), *polls(3.1, number=7)]) == []


def test_the_tolerance_can_be_changed():
    assert polls_off_schedule(polls(3, 3.5), tolerance=0.5) == []


def test_what_is_no_poll_of_a_known_declaration_is_left_alone():
    others = [JournalEntry(1, "POST", "/x", 201, NUMBER), JournalEntry(1, "GET", "/x", 404)]

    assert polls_off_schedule(others) == []
