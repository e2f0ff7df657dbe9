"""The benchmark of a whole run, at its smallest."""

from __future__ import annotations

import argparse

import pytest

from bench import end_to_end

pytestmark = pytest.mark.slow


def test_a_run_is_measured_from_its_trigger_to_its_end():
    figures = end_to_end.measure(argparse.Namespace(seed=1, counts=[3], database="sqlite"))

    found = {figure.name: figure for figure in figures if figure.case == "3"}
    assert found["early GETs"].value == 0
    assert found["seconds"].value > found["bound (POST first)"].value
    assert found["CPU of workers"].value > 0
    assert found["peak memory of triggerer"].value > 0
