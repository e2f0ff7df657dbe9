"""What tests/compose concludes from a run, without Docker."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from include.dimona_simulator import JournalEntry
from include.dimona_simulator.journal import Journal
from include.payroll.store import PayrollStore
from tests.chaos.plan import Target
from tests.chaos.verdict import Claims, Intent
from tests.compose.claims import as_json, from_json
from tests.compose.comparing import complaints, judge, wished
from tests.compose.scale import read_mebibytes, read_used, sending

BOTH = Counter({Target.WORKER: 1, Target.TRIGGERER: 1})


@pytest.fixture
def simulator(tmp_path: Path) -> Path:
    """Give the folder of a simulator that took nothing, with a payroll of one."""
    PayrollStore(tmp_path / "payroll.db").fill([{"employment_id": "e-1"}])
    journal = Journal(tmp_path)
    journal.write(JournalEntry(1.0, "GET", "/REST/dimona/v2/declarations/1", 404))
    journal.close()
    (tmp_path / "declarations.jsonl").touch()
    return tmp_path


def said_of(claims: Claims, simulator: Path, *, done=BOTH) -> list[str]:
    return list(complaints(judge(claims, simulator), done))


def test_claims_survive_their_way_out_of_the_container():
    claims = Claims([Intent("e-1", "sent", "abc", declaration_id=7, serves={"e-2", "e-1"})], ["e-3"])

    read = from_json(as_json(claims))

    assert list(read.findings) == ["e-3"]
    assert read.intents[0].declaration_id == 7
    assert sorted(read.intents[0].serves) == ["e-1", "e-2"]


def test_nothing_is_complained_of_when_all_is_well(simulator):
    assert not said_of(Claims([Intent("e-1", "unclear", "abc", worker_type="STU")]), simulator)


def test_what_payroll_wished_and_nobody_knows_is_lost(simulator):
    claims = Claims([Intent("e-2", "unclear", "abc", worker_type="STU")])

    assert said_of(claims, simulator) == ["lost: e-1 is not in the ledger"]


def test_what_the_nsso_never_had_is_lost(simulator):
    (said,) = said_of(Claims([Intent("e-1", "accepted", "abc", declaration_id=7)]), simulator)

    assert said.startswith("lost: e-1")


def test_who_is_being_identified_is_no_unfinished_work(simulator):
    said = said_of(Claims([Intent("e-1", "identifying", "abc", has_ssin=False)]), simulator)

    assert not any(line.startswith("not settled") for line in said)


def test_what_is_still_to_be_sent_is_unfinished_work(simulator):
    (said,) = said_of(Claims([Intent("e-1", "planned", "abc")]), simulator)

    assert said.startswith("not settled: e-1")


def test_a_run_that_proves_nothing_is_a_reason_to_fail(simulator):
    claims = Claims([Intent("e-1", "unclear", "abc", worker_type="STU")])

    assert said_of(claims, simulator, done=Counter({Target.WORKER: 1})) == ["never killed: triggerer"]


def test_all_employments_are_read(tmp_path):
    PayrollStore(tmp_path / "payroll.db").fill({"employment_id": f"e-{n}"} for n in range(2500))

    assert len(set(wished(tmp_path / "payroll.db"))) == 2500


def test_sending_lasts_from_the_first_declaration_to_the_last():
    def entry(at: float, method: str = "POST", path: str = "declarations") -> JournalEntry:
        return JournalEntry(at, method, f"/REST/dimona/v2/{path}", 201)

    journal = [entry(1.0, path="declarations/search"), entry(2.0), entry(4.5), entry(9.0, "GET")]

    assert sending(journal) == pytest.approx(2.5)
    assert sending([]) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("usage_usec 2500000\nuser_usec 7\n", 2.5, id="version 2"),
        pytest.param("1500000000\n", 1.5, id="version 1"),
    ],
)
def test_the_time_that_a_container_used_is_read(text, seconds):
    assert read_used(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "amount"), [("512KiB", 0.5), ("405.6MiB", 405.6), ("1.5GiB", 1536.0)])
def test_the_memory_that_a_container_holds_is_read(text, amount):
    assert read_mebibytes(text) == pytest.approx(amount)
