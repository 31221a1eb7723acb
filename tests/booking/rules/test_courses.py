"""Courses: the best series of sessions, against a search that tries every one."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules.courses import (
    A_DAY_COUNTS_AS,
    Session,
    Spacing,
    alternatives_to,
    breaks_spacing,
    find_series,
    last_date,
    review_point,
)
from booking.rules.walltime import to_utc, to_wall, wall_date

EDMONTON, TORONTO = "America/Edmonton", "America/Toronto"
MONDAY = date(2026, 11, 23)
SPACING = Spacing(5, 10)


def at(day: int, hour: int = 10, minute: int = 0, zone: str = EDMONTON) -> datetime:
    """So many days after the Monday, on the clock of the zone."""
    return to_utc(datetime.combine(MONDAY + timedelta(days=day), time(hour, minute)), zone, fold=0)


def series(free: list[datetime], sessions: int, spacing: Spacing = SPACING, zone: str = EDMONTON) -> list[Session]:
    return list(find_series(free, first=at(0, zone=zone), sessions=sessions, spacing=spacing, zone=zone).sessions)


def test_every_session_is_on_the_same_weekday_and_at_the_same_hour_where_that_is_free() -> None:
    free = [at(day, hour) for day in range(40) for hour in range(9, 17)]
    assert series(free, 4) == [Session(1, at(0)), Session(2, at(7)), Session(3, at(14)), Session(4, at(21))]


def test_the_hour_on_the_clock_stays_when_the_clocks_change() -> None:
    free = [at(day, hour, zone=TORONTO) for day in range(-40, 130) for hour in (9, 10, 11)]
    across = find_series(free, first=at(98, zone=TORONTO), sessions=4, spacing=SPACING, zone=TORONTO)
    assert [to_wall(one.start, TORONTO) for one in across.sessions] == [
        datetime.combine(MONDAY + timedelta(days=98 + 7 * week), time(10)) for week in range(4)
    ]
    assert {one.start.hour for one in across.sessions} == {15, 14}
    assert not any(one.differs for one in across.sessions)


def test_a_session_that_can_not_keep_day_or_hour_says_so_and_why() -> None:
    free = [at(7, 11), at(8), at(14)]
    assert series(free, 3) == [
        Session(1, at(0)),
        Session(2, at(7, 11), other_hour=True, why="not-free"),
        Session(3, at(14)),
    ]


def test_another_day_at_the_usual_hour_is_nearer_than_the_usual_day_at_quite_another_hour() -> None:
    assert series([at(7, 15), at(8)], 2)[1] == Session(2, at(8), other_day=True, why="not-free")
    assert series([at(7, 12), at(8)], 2)[1] == Session(2, at(7, 12), other_hour=True, why="not-free")


def test_a_usual_time_that_would_come_too_soon_is_not_taken() -> None:
    assert series([at(7), at(3)], 2, Spacing(2, 4))[1] == Session(2, at(3), other_day=True, why="spacing")


def test_an_hour_that_the_clocks_jump_over_is_given_as_the_reason() -> None:
    first = datetime(2027, 3, 7, 2, 30)  # a Sunday at half past two; a week later that time does not exist
    later = to_utc(datetime(2027, 3, 14, 3, 30), TORONTO)
    found = find_series([later], first=to_utc(first, TORONTO), sessions=2, spacing=SPACING, zone=TORONTO)
    assert found.sessions[1] == Session(2, later, other_hour=True, why="clocks")


def test_a_choice_that_looks_best_now_is_not_taken_if_it_ends_the_course() -> None:
    free = [at(7), at(9, 11), at(19, 11)]
    assert [one.start for one in series(free, 3)] == [at(0), at(9, 11), at(19, 11)]


def test_without_a_whole_series_it_shows_how_far_it_came() -> None:
    found = find_series([at(7), at(30)], first=at(0), sessions=4, spacing=SPACING, zone=EDMONTON)
    assert (found.is_whole, [one.start for one in found.sessions]) == (False, [at(0), at(7)])


def test_alternatives_keep_the_spacing_to_both_neighbours_and_come_nearest_first() -> None:
    starts = [at(0), at(7), at(14)]
    free = [at(2), at(6), at(7, 11), at(9, 9), at(12)]
    assert alternatives_to(2, free=free, starts=starts, spacing=SPACING, zone=EDMONTON) == [at(7, 11), at(6), at(9, 9)]
    assert alternatives_to(3, free=free, starts=starts, spacing=SPACING, zone=EDMONTON) == [at(12)]
    assert alternatives_to(1, free=free, starts=starts, spacing=SPACING, zone=EDMONTON) == [at(2)]


def test_of_each_day_a_few_alternatives_are_enough() -> None:
    free = [at(7, hour) for hour in (9, 11, 12, 13)] + [at(8)]
    found = alternatives_to(2, free=free, starts=[at(0), at(7)], spacing=SPACING, zone=EDMONTON)
    assert found == [at(7, 9), at(7, 11), at(8)]


def test_sessions_that_come_too_soon_or_too_late_are_named() -> None:
    starts = [at(0), at(4), at(11), at(22)]
    assert breaks_spacing(starts, spacing=SPACING, zone=EDMONTON) == [2, 4]


def test_how_long_a_course_may_last_and_when_it_is_looked_at() -> None:
    assert last_date(MONDAY, sessions=6, spacing=SPACING) == MONDAY + timedelta(days=50)
    assert [review_point(sessions=count, after=3) for count in (2, 3, 6)] == [None, 3, 3]


def _cost(starts: tuple[datetime, ...], zone: str) -> tuple[int, int, int, tuple[datetime, ...]]:
    """What is better, said once more and plainly."""
    first, last = to_wall(starts[0], zone), to_wall(starts[-1], zone)
    offs = []
    for start in starts:
        wall = to_wall(start, zone)
        days = min(
            abs((wall.date() - first.date()).days - 7 * week)
            for week in range((wall.date() - first.date()).days // 7 + 2)
        )
        minutes = abs(wall.hour * 60 + wall.minute - first.hour * 60 - first.minute)
        offs.append(days * A_DAY_COUNTS_AS + minutes)
    return sum(off > 0 for off in offs), sum(offs), (last.date() - first.date()).days, starts


def _every_series(
    free: list[datetime], first: datetime, sessions: int, spacing: Spacing, zone: str
) -> list[tuple[datetime, ...]]:
    found = []
    for rest in product(sorted(set(free)), repeat=sessions - 1):
        days = [wall_date(start, zone) for start in (first, *rest)]
        gaps = [(after - before).days for before, after in pairwise(days)]
        if all(spacing.min_days <= gap <= spacing.max_days for gap in gaps):
            found.append((first, *rest))
    return found


@settings(max_examples=150, deadline=None)
@given(
    free=st.lists(
        st.builds(
            lambda day, hour, half: datetime(2027, 3, 7, hour + 12, 30 * half, tzinfo=UTC) + timedelta(days=day),
            st.integers(0, 26),
            st.sampled_from([2, 3, 4, 7]),
            st.integers(0, 1),
        ),
        max_size=14,
    ),
    sessions=st.integers(2, 4),
    least=st.integers(1, 8),
    more=st.integers(0, 6),
)
def test_no_other_series_is_better(free: list[datetime], sessions: int, least: int, more: int) -> None:
    first = datetime(2027, 3, 6, 15, tzinfo=UTC)  # the Saturday before the clocks change in Toronto
    spacing = Spacing(least, least + more)
    found = find_series(free, first=first, sessions=sessions, spacing=spacing, zone=TORONTO)
    starts = tuple(one.start for one in found.sessions)
    for length in range(sessions, 0, -1):
        every = _every_series(free, first, length, spacing, TORONTO)
        if every:
            assert starts == min(every, key=lambda one: _cost(one, TORONTO))
            break
    assert found.is_whole == (len(starts) == sessions)
    assert breaks_spacing(starts, spacing=spacing, zone=TORONTO) == []
