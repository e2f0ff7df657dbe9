import re

from include.demo.summary import Counts, Row, last_line, listed, table

COUNTS = Counts(accepted=5, warned=1, refused=2, identifying=1, unclear=0, waiting=3)


def test_the_last_line_adds_up():
    line = last_line(COUNTS)

    total, *parts = map(int, re.findall(r"\d+", line))
    assert total == sum(parts) == 12


def test_the_last_line_has_its_form():
    assert last_line(COUNTS) == (
        "declarations: 12  accepted: 5  warned: 1  refused: 2  identifying: 1  unclear: 0  waiting: 3"
    )


def test_the_table_has_a_line_for_each_row():
    head, rule, *body = table([Row("Bakery", "in", "OTH", COUNTS), Row("Café", "update", "FLX", Counts())])

    assert head.split() == ["employer", "kind", "worker", "type", *(name for name, _ in COUNTS.named())]
    assert body[0].split() == ["Bakery", "in", "OTH", "5", "1", "2", "1", "-", "3"]
    assert {len(line) for line in body} == {len(rule)}


def test_without_rows_there_is_no_table():
    assert table([]) == []


def test_a_long_list_is_shortened_and_says_so():
    assert listed("Malformed", ["a", "b", "c"], most=2) == [
        "",
        "Malformed (3):",
        "  a",
        "  b",
        "  … and 1 more",
    ]
