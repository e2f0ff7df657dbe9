"""What the hourly follow-up does with what is unclear: adopts what it finds, files what never arrived."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowException

from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.operators import DimonaFollowUpOperator, DimonaSubmitOperator
from dimona_provider.sensors import DimonaResultSensor
from support.people import item
from support.served import closed_port

HALF_AN_HOUR = 1800.0


@pytest.fixture
def unclear(execute, nsso, ledger):
    """Give a batch of one whose POST was answered 500, half an hour ago, and never arrived."""
    nsso.answer_with("POST", "/declarations", 500)
    declarations = [item(1, startDate="2035-01-10")]
    batch = execute(DimonaSubmitOperator(task_id="submit", source=lambda: declarations))
    with ledger.write() as connection:
        aged = {"claimed_until": intents.c.claimed_until - HALF_AN_HOUR}
        connection.execute(intents.update().values(**aged))
        connection.execute(attempts.update().values(claimed_at=attempts.c.claimed_at - HALF_AN_HOUR))
    return batch


def later(execute, age):
    """File another declaration of the employer, and wait for its outcome."""
    declarations = [item(2, startDate="2035-01-10")]
    batch = execute(DimonaSubmitOperator(task_id="later", source=lambda: declarations))
    age(batch, 20.0)
    execute(DimonaResultSensor(task_id="wait", batch=batch, deferrable=False))


def settle(execute):
    return execute(DimonaFollowUpOperator(task_id="settle"))


def test_what_never_arrived_is_filed_again_once_the_search_has_caught_up(unclear, execute, age, nsso, states):
    settle(execute)
    assert states() == ["unclear"]
    later(execute, age)
    posts = len(nsso.posts)

    settle(execute)

    assert states() == ["sent", "accepted"]
    assert len(nsso.posts) == posts + 1
    settle(execute)
    assert len(nsso.posts) == posts + 1


def test_a_connection_that_cant_be_used_fails_the_task_and_changes_nothing(
    unclear, execute, connect, nsso, states
):
    connection = nsso.connection()
    token_url = f"http://127.0.0.1:{closed_port()}/token"
    connect("dimona_default", {**connection, "extra": {**connection["extra"], "token_url": token_url}})

    with pytest.raises(AirflowException, match=r"dimona_default: .*token endpoint"):
        settle(execute)

    assert states() == ["unclear"]
