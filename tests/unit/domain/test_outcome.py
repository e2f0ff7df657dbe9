"""Result letters, states and their sums."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimona_provider.domain.outcome import (
    OPEN,
    OUTCOMES,
    Answer,
    Result,
    State,
    UnknownResult,
    state_after,
    summarise,
)


@given(st.dictionaries(st.sampled_from([str(state) for state in State]), st.integers(0, 10**6)))
def test_a_summary_adds_up_whatever_the_counts(states):
    summary = summarise(states)

    assert summary["declarations"] == sum(states.values())
    assert sum(summary[word] for word in OUTCOMES) == summary["declarations"]
    assert tuple(summary) == ("declarations", *OUTCOMES)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("planned", "waiting"),
        ("sending", "waiting"),
        ("sent", "waiting"),
        ("held", "waiting"),
        ("identifying", "identifying"),
        ("accepted", "accepted"),
        ("warned", "warned"),
        ("refused", "refused"),
        ("unclear", "unclear"),
    ],
)
def test_each_state_counts_under_one_word(state, word):
    counted = {name for name, count in summarise({state: 1}).items() if count}

    assert counted == {"declarations", word}


@pytest.mark.parametrize(
    ("letter", "state"),
    [("A", State.ACCEPTED), ("W", State.WARNED), ("B", State.REFUSED), ("S", State.IDENTIFYING)],
)
def test_the_four_letters_have_their_states(letter, state):
    assert state_after(letter) is state


@given(st.text().filter(lambda letter: letter not in {"A", "W", "B", "S"}))
def test_an_unknown_letter_is_unclear_never_success(letter):
    assert state_after(letter) is State.UNCLEAR


@pytest.mark.parametrize(("letter", "final"), [("A", True), ("S", False), ("R", True)])
def test_only_s_is_followed_by_another_result(letter, final):
    assert Answer(1, letter, None, ()).is_final is final


def test_only_an_outcome_closes_an_intent():
    assert set(State) - OPEN == {State.ACCEPTED, State.WARNED, State.REFUSED, State.ALREADY_TRUE}


@pytest.mark.parametrize("letter", ["A", "W", "B", "S"])
def test_the_four_letters_have_a_meaning_each(letter):
    assert Answer(1, letter, None, ()).meaning is Result(letter)


@pytest.mark.parametrize("letter", ["R", "a", "", "AA"])
def test_any_other_letter_is_a_type_of_its_own(letter):
    assert Answer(1, letter, None, ()).meaning == UnknownResult(letter)
