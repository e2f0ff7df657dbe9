"""That the cells work at all, at their smallest; what they measure means nothing here."""

import argparse

import pytest

from bench import submission, validate


def test_validate_counts_its_lines():
    figures = validate.measure(argparse.Namespace(seed=1, lines=200, share_wrong=0.3))

    assert all(figure.value > 0 for figure in figures)


@pytest.mark.slow
@pytest.mark.postgres
def test_submission_measures_all_three_sides():
    figures = submission.measure(argparse.Namespace(seed=1, count=30, repeats=1))

    assert {figure.case for figure in figures} == {submission.BARE, "ours, SQLite", "ours, PostgreSQL"}
    assert all(figure.value > 0 for figure in figures)
