"""Whose turn it is, across midnight and a change of the clocks, and who is told next."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from booking.rules.on_call import Told, Turn, on_duty, times_reminded, whom_to_tell

ANNA, BEN, MANAGER, OWNER = (UUID(int=number) for number in range(1, 5))
ZONE = "America/Toronto"
WEEK = frozenset(range(5))


def turn(user: UUID, start: int, end: int, rank: int = 1, days: frozenset[int] = WEEK) -> Turn:
    return Turn(user, days, time(start), time(end), rank)


def wall(day: int, hour: int, minute: int = 0) -> datetime:
    """A wall time in Toronto in the week of Monday 23 November 2026, in UTC."""
    return datetime(2026, 11, day, hour + 5, minute, tzinfo=UTC) if hour < 19 else datetime(
        2026, 11, day + 1, hour - 19, minute, tzinfo=UTC
    )  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        (wall(23, 7, 59), ()),
        (wall(23, 8), (ANNA,)),
        (wall(23, 17, 59), (ANNA,)),
        (wall(23, 18), (BEN,)),
        (wall(24, 2), (BEN,)),
        (wall(28, 7), (BEN,)),  # Friday's night ends on Saturday morning
        (wall(28, 9), ()),
        (wall(23, 2), ()),  # Sunday's night is nobody's
    ],
)
def test_a_turn_runs_on_its_days_and_through_the_night(moment: datetime, who: tuple[UUID, ...]) -> None:
    turns = [turn(ANNA, 8, 18), turn(BEN, 18, 8)]
    assert on_duty(turns, moment=moment, zone=ZONE) == who


def test_the_hours_are_wall_time_when_the_clocks_change() -> None:
    turns = [turn(ANNA, 8, 18, days=frozenset(range(7)))]
    summer, winter = datetime(2026, 10, 31, 12, 0, tzinfo=UTC), datetime(2026, 11, 1, 13, 0, tzinfo=UTC)
    assert [on_duty(turns, moment=one, zone=ZONE) for one in (summer, winter)] == [(ANNA,), (ANNA,)]
    assert on_duty(turns, moment=datetime(2026, 11, 1, 12, 59, tzinfo=UTC), zone=ZONE) == ()


def test_the_lower_rank_is_told_first_and_everybody_once() -> None:
    turns = [turn(BEN, 8, 18, rank=2), turn(ANNA, 8, 18), turn(ANNA, 9, 10, rank=3)]
    assert on_duty(turns, moment=wall(23, 9), zone=ZONE) == (ANNA, BEN)


def test_one_after_the_other_is_told_and_at_last_all_who_answer_for_the_clinic() -> None:
    told: list[UUID] = []
    steps = []
    for _ in range(4):
        following = whom_to_tell(duty=[ANNA, BEN], last=[MANAGER, OWNER, ANNA], told=told)
        steps.append(following)
        told += following.user_ids
    assert steps == [Told((ANNA,)), Told((BEN,)), Told((MANAGER, OWNER), is_last=True), Told((), is_last=True)]


def test_with_nobody_on_duty_those_who_answer_for_the_clinic_are_told_at_once() -> None:
    assert whom_to_tell(duty=[], last=[MANAGER], told=[]) == Told((MANAGER,), is_last=True)


@pytest.mark.parametrize(
    ("gone", "minutes", "times"),
    [(29, 15, 0), (30, 15, 1), (89, 15, 2), (119, 60, 1), (24 * 60, 15, 12)],
    ids=["not yet", "half an hour", "twice", "where they have an hour", "twelve times and no more"],
)
def test_who_took_a_call_is_reminded_until_it_is_finished(gone: int, minutes: int, times: int) -> None:
    taken_at = wall(23, 9)
    now = taken_at + timedelta(minutes=gone)
    assert times_reminded(taken_at=taken_at, minutes=minutes, now=now) == times
