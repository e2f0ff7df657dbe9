import json

from bench.table import Figure, markdown


def test_a_figure_that_is_held_against_something_says_so():
    figure = Figure("submission", "ours", "POSTs", 812.3, "/s", 0.774, "bare", "≥ 0.7 × bare", met=True)

    assert "| submission | ours | POSTs | 812 /s | 0.774 × bare | ≥ 0.7 × bare (met) |" in markdown([figure])


def test_what_is_not_met_stands_out():
    assert "(**not met**)" in markdown([Figure("c", "1", "early GETs", 3, "", wanted="0", met=False)])


def test_json_leaves_out_what_a_figure_does_not_say():
    content = Figure("c", "1", "early GETs", 0, "", wanted="0", met=False).as_json()

    assert json.loads(json.dumps(content)) == {
        "cell": "c", "case": "1", "name": "early GETs", "value": 0, "wanted": "0", "met": False,
    }  # fmt: skip


def test_a_figure_without_a_unit_comes_back_from_json():
    content = Figure("c", "1", "early GETs", 0, wanted="0", met=True).as_json()

    assert markdown([Figure(**content)]) == markdown(
        [Figure("c", "1", "early GETs", 0, wanted="0", met=True)]
    )
