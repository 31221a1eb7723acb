"""Pain down and daily life up are better; a change of words is no change of numbers."""

import pytest

from intake.rules.outcome_scores import Change, is_score, life_change, life_score, pain_change, pain_score


@pytest.mark.parametrize(
    ("value", "fits"), [(0, True), (10, True), (11, False), (-1, False), (True, False), ("3", False)]
)
def test_a_score_is_a_whole_number_from_0_to_10(value: object, fits: bool) -> None:
    assert is_score(value) is fits


def test_pain_is_the_mean_of_all_three_or_the_one_that_was_given() -> None:
    assert (pain_score(5, 2, 8), pain_score(5, 2), pain_score(7)) == (5.0, 5.0, 7.0)
    assert pain_score(4, 1, 6) == 3.7


@pytest.mark.parametrize(
    ("first", "last", "change"),
    [
        (6, 4, Change(6, 4, beyond_error=True, matters=True, better=True)),
        (3, 2, Change(3, 2, beyond_error=False, matters=True, better=True)),  # a third less, within error
        (8, 7, Change(8, 7, beyond_error=False, matters=False, better=None)),
        (0, 0, Change(0, 0, beyond_error=False, matters=False, better=None)),
        (2, 5, Change(2, 5, beyond_error=True, matters=True, better=False)),
    ],
)
def test_less_pain_is_better_by_two_points_or_a_third(first: float, last: float, change: Change) -> None:
    assert pain_change(first, last) == change


def test_daily_life_is_the_mean_and_more_is_better() -> None:
    assert (life_score({"run": 3, "lift": 5}), life_score({})) == (4.0, None)
    assert life_change({"run": 2, "lift": 4}, {"run": 5, "lift": 5}) == Change(
        3.0, 5.0, beyond_error=True, matters=True, better=True
    )


def test_one_activity_alone_needs_three_points_to_be_beyond_error() -> None:
    assert life_change({"run": 2}, {"run": 4}) == Change(2.0, 4.0, beyond_error=False, matters=True, better=True)


def test_an_activity_that_was_not_scored_before_is_no_change() -> None:
    assert life_change({"run": 2}, {"swim": 9}) is None
    assert life_change({"run": 2}, {"run": 2, "swim": 9}) == Change(2.0, 2.0, False, False, None)
