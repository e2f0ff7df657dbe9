"""Killed at any moment, the simulator knows all it answered for, and gives no number twice."""

import json
import os
import signal
import threading

import httpx
import pytest

from include.dimona_simulator import Fault, FaultPlan, Operation, Rule, read_journal, read_taken
from include.dimona_simulator.storage import Lines

FILES = ("declarations.jsonl", "journal.jsonl")


def test_a_file_cut_at_any_byte_keeps_its_whole_lines_and_takes_new_ones(tmp_path):
    file = tmp_path / "lines"
    whole = [json.dumps({"n": number}, separators=(",", ":")).encode() for number in (1, 20, 300)]
    content = b"\n".join([*whole, b""])
    for cut in range(len(content) + 1):
        file.write_bytes(content[:cut])
        complete = content[:cut].count(b"\n")

        lines = Lines(file)
        known = lines.read()
        lines.append({"n": 4})
        lines.close()

        assert known == whole[:complete]
        assert file.read_bytes().splitlines() == [*whole[:complete], b'{"n":4}']


@pytest.mark.parametrize("file", FILES)
def test_a_simulator_goes_on_from_a_file_cut_anywhere_in_its_last_line(make_nsso, tmp_path, file):
    nsso = make_nsso(tmp_path)
    numbers = [nsso.file(nsso.body("STU")) for _ in range(2)]
    contents = {name: (tmp_path / name).read_bytes() for name in FILES}
    last = contents[file].rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(last, len(contents[file]), 7):
        for name in FILES:
            (tmp_path / name).write_bytes(contents[name][:cut] if name == file else contents[name])

        again = make_nsso(tmp_path)
        known = [one["id"] for one in again.simulator.declarations_since(0)["declarations"]]
        new = again.file(again.body("STU"))

        assert known == (numbers[:1] if file == "declarations.jsonl" else numbers)
        assert [one.id for one in read_taken(tmp_path)] == [*known, new]
        assert read_journal(tmp_path / "journal.jsonl") == again.simulator.journal


def test_a_full_disk_leaves_no_half_a_line(tmp_path, monkeypatch):
    lines = Lines(tmp_path / "lines")
    lines.append({"n": 1})
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:3]))
    with pytest.raises(OSError, match="No space left"):
        lines.append({"n": 2})
    monkeypatch.undo()

    lines.append({"n": 3})

    lines.close()
    assert (tmp_path / "lines").read_text() == '{"n":1}\n{"n":3}\n'


def test_journals_without_faults_are_still_read(tmp_path):
    (tmp_path / "journal.jsonl").write_text('{"at":1.0,"method":"GET","path":"/","status":200}\n')

    (entry,) = read_journal(tmp_path / "journal.jsonl")

    assert entry.fault is None


def test_counts_of_faults_survive(make_nsso, tmp_path):
    plan = FaultPlan((Rule(Fault.STATUS, Operation.GET, status=503, count=2),))
    nsso = make_nsso(tmp_path, faults=plan)
    for _ in range(3):
        nsso.get(1)

    again = make_nsso(tmp_path)

    assert again.simulator.faults.counts == nsso.simulator.faults.counts
    assert again.simulator.faults.counts["status"] == 2
    assert [entry.fault for entry in again.simulator.journal].count("status") == 2


def _post_until_it_dies(url, headers, body, answered):
    with httpx.Client(trust_env=False, headers=headers) as http:
        while True:
            try:
                response = http.post(f"{url}/REST/dimona/v2/declarations", json=body)
            except httpx.TransportError:
                return
            assert response.status_code == 201
            answered.append(int(response.headers["Location"].rsplit("/", 1)[1]))


def test_killed_in_the_middle_of_posts_it_knows_all_it_answered_for(running, client, nsso, tmp_path):
    plan = tmp_path / "plan.json"
    rule = {"fault": "accepted_then_closed", "operation": "post", "first": 3, "count": 1}
    plan.write_text(json.dumps({"rules": [rule]}))
    answered, dead = [], []
    for _ in range(3):
        with running(tmp_path, "--faults", str(plan)) as (process, url), client(tmp_path, url) as http:
            threads = [
                threading.Thread(
                    target=_post_until_it_dies, args=(url, dict(http.headers), nsso.body(), answered)
                )
                for _ in range(4)
            ]
            before = len(answered)
            for thread in threads:
                thread.start()
            while len(answered) < before + 25 and any(thread.is_alive() for thread in threads):
                threads[0].join(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait(5)
            for thread in threads:
                thread.join(10)
        dead.append([one.id for one in read_taken(tmp_path)])

    with running(tmp_path) as (_, url):
        page = httpx.get(f"{url}/simulator/declarations", trust_env=False).json()
        faults = httpx.get(f"{url}/simulator/faults", trust_env=False).json()

    known = [one["id"] for one in page["declarations"]]
    assert len(answered) >= 75
    assert len(set(answered)) == len(answered)
    assert set(answered) <= set(known)
    assert known == sorted(set(known)) == dead[-1]
    assert all(known[: len(one)] == one for one in dead)
    assert faults == {
        "plan": {"seed": 1, "rules": []},
        "counts": {**dict.fromkeys(Fault, 0), "accepted_then_closed": 3},
    }
