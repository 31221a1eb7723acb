"""Stretches of time. Numbers are minutes after a midnight."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.rules.intervals import Interval, Taken, overlaps, subtract, union

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def span(start: int, end: int) -> Interval:
    return Interval(MIDNIGHT + timedelta(minutes=start), MIDNIGHT + timedelta(minutes=end))


spans = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: span(pair[0], pair[0] + pair[1]))
many = st.lists(spans, max_size=6)


def minutes(intervals: list[Interval]) -> set[int]:
    return {minute for minute in range(90) if any(overlaps(one, span(minute, minute + 1)) for one in intervals)}


def test_touching_is_not_overlapping() -> None:
    assert not overlaps(span(0, 10), span(10, 20))


def test_a_partial_overlap_is_an_overlap() -> None:
    assert overlaps(span(0, 11), span(10, 20))
    assert overlaps(span(0, 30), span(10, 20))


def test_what_touches_becomes_one() -> None:
    assert union([span(10, 20), span(0, 10), span(30, 40)]) == [span(0, 20), span(30, 40)]


def test_a_cut_in_the_middle_leaves_two_pieces() -> None:
    assert subtract([span(0, 60)], [span(20, 30)]) == [span(0, 20), span(30, 60)]


def test_a_cut_over_everything_leaves_nothing() -> None:
    assert subtract([span(10, 20)], [span(0, 60)]) == []


def test_buffers_lie_around_the_visit() -> None:
    assert span(10, 20).around(before=5, after=15) == span(5, 35)


@given(many, many)
def test_what_is_left_is_what_is_in_the_first_and_not_in_the_second(
    first: list[Interval], second: list[Interval]
) -> None:
    assert minutes(subtract(first, second)) == minutes(first) - minutes(second)


@given(many)
def test_the_union_is_the_same_time_in_separate_stretches(some: list[Interval]) -> None:
    joined = union(some)
    assert minutes(joined) == minutes(some)
    assert all(one.end < other.start for one, other in itertools.pairwise(joined))


@given(many, spans)
def test_taken_time_says_the_same_as_looking_at_each(some: list[Interval], wanted: Interval) -> None:
    assert Taken(some).leaves_free(wanted) is not any(overlaps(one, wanted) for one in some)
