"""The alert warns of a certificate that ends: in its log each hour, to people once at each stage."""

from __future__ import annotations

import time

import pytest
from airflow.sdk.exceptions import AirflowFailException

from dimona_provider.domain.routes import Route
from dimona_provider.ledger import batches
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import events
from dimona_provider.notifiers import DimonaDeadlineNotifier
from dimona_provider.operators import DimonaAlertOperator
from support.certified import bundle, key_pair
from support.ledgers import rows

DAY = 86_400.0


class Told(DimonaDeadlineNotifier):
    def __init__(self):
        self.alerts = []

    def tell(self, alert):
        self.alerts.append(alert)


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def alert(execute, told):
    operator = DimonaAlertOperator(task_id="alert", notifiers=[told])
    return lambda: execute(operator)


@pytest.fixture
def certified(nsso, connect):
    """Give what makes the certificate of a connection end in so many days."""

    def put(days, conn_id="dimona_default", **extra):
        connect(conn_id, nsso.connection(private_key=bundle(key_pair(days)), **extra))

    return put


def test_nobody_is_told_of_a_certificate_that_lasts(certified, alert, told, logged):
    certified(61)

    alert()

    assert told.alerts == []
    assert "certificate" not in logged()


@pytest.mark.parametrize("days", [60, 30, 8])
def test_people_are_told_once_and_the_log_says_it_each_hour(days, certified, alert, told, logged):
    certified(days)

    for _ in range(3):
        alert()
        assert "the certificate of the connection 'dimona_default' ends on" in logged()

    (sentence,) = told.alerts
    assert f"in {days} days: make and upload a new one" in sentence


def test_they_are_told_again_when_it_comes_nearer(certified, ledger, alert, told):
    certified(50)
    alert()
    certified(29)
    alert()

    assert len(told.alerts) == 2
    assert [one.what for one in rows(ledger, events)] == ["certificate warned"] * 2


@pytest.mark.parametrize(("days", "words"), [(7, "in 7 days"), (-2, "ended on")])
def test_in_the_last_week_the_alert_fails_until_somebody_has_seen_to_it(days, words, certified, alert, told):
    certified(days)

    for _ in range(2):
        with pytest.raises(AirflowFailException, match=words):
            alert()

    assert len(told.alerts) == 1


def test_a_next_key_that_lasts_ends_the_warning(certified, alert, told):
    certified(3, next_private_key=bundle(key_pair(300)))

    alert()

    assert told.alerts == []


def test_connections_that_filed_are_watched_and_old_ones_are_not(certified, ledger, alert, told, nsso):
    certified(300)
    certified(20, "dimona_other")
    certified(20, "dimona_old")
    for conn_id, age in (("dimona_other", DAY), ("dimona_old", 100 * DAY)):
        route, now = Route(conn_id, nsso.base_url), time.time() - age
        with ledger.write() as connection:
            batches.create(connection, Run("dag", conn_id), route, conn_id, now=now)

    alert()

    assert "'dimona_other'" in told.alerts[0]
    assert "'dimona_old'" not in told.alerts[0]


def test_a_connection_that_can_not_be_read_stops_no_alert(connect, alert):
    connect("dimona_default", {"conn_type": "dimona", "login": "", "extra": {}})

    alert()
