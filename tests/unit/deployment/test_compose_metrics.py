"""What tests/compose concludes from metrics, without Docker."""

from tests.compose.metrics import complaints, read, words

SERVICES = {"10.0.0.2": "worker", "10.0.0.3": "worker", "10.0.0.4": "triggerer"}
LINES = [
    "10.0.0.2 airflow.dimona.posts.filed:7|c",
    "10.0.0.3 airflow.dimona.posts.filed:5|c",
    "10.0.0.4 airflow.dimona.polls:40|c",
    "10.0.0.4 airflow.dimona.budget.limit.dimona_default:30|g",
]


def test_counters_are_added_up_by_service():
    sums = read(LINES, SERVICES)

    assert words(sums) == "posts.filed 12 by workers, polls 40 by triggerers"
    assert not list(complaints(sums))


def test_what_never_came_or_came_from_elsewhere_is_told():
    sums = read(["10.0.0.9 airflow.dimona.posts.filed:7|c", *LINES[2:3]], SERVICES)

    assert list(complaints(sums)) == ["no worker sent dimona.posts.filed", "10.0.0.9 sent dimona.posts.filed"]
