"""State changes: the allowed ones work, all others touch no row, and one module decides which is which."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa

from dimona_provider.domain.outcome import EFFECTIVE, OPEN, State
from dimona_provider.ledger import schema
from dimona_provider.ledger.transitions import FROM, update_to
from support.clocks import START
from support.ledgers import batch_of, new_intent, record, row, set_state
from support.markdown import ROOT

SOURCE = ROOT / "plugins" / "dimona_provider"
OWNER = SOURCE / "ledger" / "transitions.py"
PAIRS = [(before, after) for after in State for before in State]


def change(ledger, after, **values):
    with ledger.write() as connection:
        return connection.execute(update_to(after, changed_at=START + 9, **values)).rowcount


@pytest.mark.parametrize("after", State)
def test_an_intent_comes_to_a_state_only_from_those_that_may_come_to_it(ledger, after):
    batch_of(ledger, 1)

    for before in State:
        set_state(ledger, 1, state=before, changed_at=START)
        changed = change(ledger, after)

        is_allowed = before in FROM[after]
        assert changed == is_allowed, (before, after)
        assert row(ledger, 1).state == (after if is_allowed else before)
        assert row(ledger, 1).changed_at == (START + 9 if is_allowed else START)


def test_a_change_of_many_rows_leaves_those_that_may_not(ledger):
    batch_of(ledger, 3)
    set_state(ledger, 1, state=State.ACCEPTED)
    set_state(ledger, 2, state=State.UNCLEAR)

    changed = change(ledger, State.SENDING)

    assert changed == 1
    assert [row(ledger, one).state for one in (1, 2, 3)] == ["accepted", "unclear", "sending"]


def test_one_statement_changes_many_rows_by_parameters(ledger):
    batch_of(ledger, 3)
    set_state(ledger, 2, state=State.REFUSED)
    statement = update_to(State.SENDING, claim=sa.bindparam("p_claim")).where(
        schema.intents.c.id == sa.bindparam("p_intent")
    )

    with ledger.write() as connection:
        connection.execute(statement, [{"p_intent": one, "p_claim": f"claim {one}"} for one in (1, 2, 3)])

    assert [row(ledger, one).claim for one in (1, 2, 3)] == ["claim 1", None, "claim 3"]


def test_every_state_but_the_first_can_be_reached():
    assert set(FROM) == set(State)
    assert all(FROM.values())


def test_what_is_so_at_the_nsso_never_changes_again():
    assert not [pair for pair in PAIRS if pair[0] in EFFECTIVE and pair[0] in FROM[pair[1]]]


def test_what_is_refused_can_only_turn_out_to_be_true_already():
    assert [after for after in State if State.REFUSED in FROM[after]] == [State.ALREADY_TRUE]


def test_nothing_is_sent_that_was_not_planned():
    assert FROM[State.SENDING] == {State.PLANNED}


def test_a_second_open_intent_can_not_come_about_by_a_change(ledger):
    batch = batch_of(ledger, 1)
    set_state(ledger, 1, state=State.ACCEPTED)
    record(ledger, new_intent(1, content="other"), batch=batch)

    assert OPEN.isdisjoint(EFFECTIVE)
    assert change(ledger, State.SENDING) == 1
    assert row(ledger, 1).state == State.ACCEPTED


def writes_a_state(source: str) -> list[int]:
    """Return the lines of *source* that write a column ``state`` past ``update_to``."""
    tree = ast.parse(source)
    dicts = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and "set state" in " ".join(str(node.value).lower().split()))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _writes(node, dicts))
    )


def _writes(call: ast.Call, dicts: dict[str, ast.expr]) -> bool:
    name, inserts = call.func.attr, "insert" in ast.unparse(call.func)
    if name == "values" and not inserts:
        return any(one.arg == "state" or _holds_state(one.value, dicts) for one in call.keywords) or any(
            _holds_state(one, dicts) for one in call.args
        )
    if name == "execute":
        inserts = bool(call.args) and "insert" in ast.unparse(_resolved(call.args[0], dicts))
        return not inserts and any(_holds_state(one, dicts) for one in call.args[1:])
    return False


def _resolved(node: ast.expr, dicts: dict[str, ast.expr]) -> ast.expr:
    return dicts.get(node.id, node) if isinstance(node, ast.Name) else node


def _holds_state(node: ast.expr, dicts: dict[str, ast.expr]) -> bool:
    keys = [key for one in ast.walk(_resolved(node, dicts)) if isinstance(one, ast.Dict) for key in one.keys]
    return any(
        (isinstance(key, ast.Constant) and key.value == "state")
        or (isinstance(key, ast.Attribute) and key.attr == "state")
        for key in keys
    )


def test_no_module_but_the_one_that_decides_writes_a_state():
    found = {
        path.relative_to(SOURCE).as_posix(): lines
        for path in SOURCE.rglob("*.py")
        if path != OWNER and (lines := writes_a_state(path.read_text(encoding="utf-8")))
    }

    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("intents.update().values(state=State.SENT)", id="a keyword"),
        pytest.param("intents.update().where(a).values(state=sa.bindparam('p_state'))", id="a parameter"),
        pytest.param("sa.update(intents).values({'state': 'sent'})", id="a dictionary"),
        pytest.param("intents.update().values({intents.c.state: 'sent'})", id="a column"),
        pytest.param("_CHANGE = {'state': x}\nintents.update().values(_CHANGE)", id="a named dictionary"),
        pytest.param(
            "_C: dict[str, str] = {'state': x}\nintents.update().values(a=1, **_C)", id="an unpacked one"
        ),
        pytest.param("connection.execute(intents.update(), [{'state': 'sent'}])", id="rows of parameters"),
        pytest.param("connection.execute(change, [{'state': s} for s in some])", id="made parameters"),
        pytest.param("sa.text('UPDATE intents SET  state = 1')", id="plain SQL"),
    ],
)
def test_every_way_to_write_a_state_is_found(source):
    assert writes_a_state(source)


def test_a_new_intent_is_no_change_of_state():
    row = "row = {'state': 'planned'}\n"

    assert not writes_a_state(row + "insert_once(connection, intents).values(row)")
    assert not writes_a_state(row + "connection.execute(intents.insert(), [row])")
    assert writes_a_state(Path(OWNER).read_text(encoding="utf-8"))
