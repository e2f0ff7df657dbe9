from types import SimpleNamespace

from include.demo.run import report
from include.demo.summary import Counts, Row, Summary

STACK = SimpleNamespace(url="http://airflow.test", installation=SimpleNamespace(password="x"))
NOTHING = "The payroll has no employments: there is nothing to declare."


def test_an_empty_payroll_is_said():
    lines = report(STACK, Summary())

    assert lines[1] == NOTHING
    assert lines[-2] == f"cockpit: {STACK.url}/plugin/dimona"
    assert lines[-1].startswith("declarations: 0")


def test_a_payroll_that_is_not_empty_is_shown():
    counts = Counts(accepted=1)

    lines = report(STACK, Summary(rows=[Row("Bakery", "in", "OTH", counts)], counts=counts))

    assert NOTHING not in lines
    assert lines[1].startswith("employer")
