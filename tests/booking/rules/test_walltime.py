"""The clock on the wall. Toronto changes its clocks; Edmonton does not any more."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking.rules.walltime import (
    NoSuchWallTime,
    TwoSuchWallTimes,
    closing,
    opening,
    start_of_day,
    to_utc,
    wall_date,
    wall_text,
)

TORONTO, EDMONTON = "America/Toronto", "America/Edmonton"
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


def test_nine_oclock_is_another_moment_in_summer_than_in_winter() -> None:
    assert to_utc(datetime(2026, 1, 12, 9), TORONTO) == datetime(2026, 1, 12, 14, tzinfo=UTC)
    assert to_utc(datetime(2026, 7, 13, 9), TORONTO) == datetime(2026, 7, 13, 13, tzinfo=UTC)


def test_edmonton_stays_six_hours_behind_through_the_winter() -> None:
    """Alberta stopped changing its clocks in 2026: older time-zone data is an hour off."""
    assert to_utc(datetime(2026, 12, 1, 9), EDMONTON) == datetime(2026, 12, 1, 15, tzinfo=UTC)


def test_a_time_that_the_clocks_jump_over_does_not_exist() -> None:
    with pytest.raises(NoSuchWallTime):
        to_utc(datetime(2026, 3, 8, 2, 30), TORONTO)


def test_a_time_that_comes_twice_is_asked_for() -> None:
    wall = datetime(2026, 11, 1, 1, 30)
    with pytest.raises(TwoSuchWallTimes):
        to_utc(wall, TORONTO)
    assert [to_utc(wall, TORONTO, fold=fold) for fold in (0, 1)] == [
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("zone", "jumped_over", "twice"),
    [
        ("America/Edmonton", "2025-03-09T02:30", "2025-11-02T01:30"),
        ("America/Vancouver", "2025-03-09T02:30", "2025-11-02T01:30"),
        ("America/Edmonton", "2026-03-08T02:30", None),  # the last one before the law
        ("America/Vancouver", "2026-03-08T02:30", None),
        ("America/Toronto", "2027-03-14T02:30", "2026-11-01T01:30"),
        ("America/St_Johns", "2027-03-14T02:30", "2026-11-01T01:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2027-04-04T01:45"),
        ("Europe/London", "2027-03-28T01:30", "2026-10-25T01:30"),
    ],
)
def test_each_place_has_its_own_gap_and_fold(zone: str, jumped_over: str, twice: str | None) -> None:
    with pytest.raises(NoSuchWallTime):
        to_utc(datetime.fromisoformat(jumped_over), zone)
    if twice is not None:
        with pytest.raises(TwoSuchWallTimes):
            to_utc(datetime.fromisoformat(twice), zone)


@pytest.mark.parametrize("zone", [EDMONTON, "America/Vancouver"])
def test_after_the_law_every_clock_time_of_a_year_comes_once(zone: str) -> None:
    first = datetime(2026, 9, 1, 0, 30)
    for hours in range(24 * 400):
        to_utc(first + timedelta(hours=hours), zone)


def test_hours_over_a_change_never_begin_or_end_inside_the_jump() -> None:
    assert opening(SPRING, time(2, 30), TORONTO) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert closing(SPRING, time(2, 30), TORONTO) == datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
    assert closing(AUTUMN, time(1, 30), TORONTO) - opening(AUTUMN, time(1, 30), TORONTO) == datetime(
        2026, 1, 1, 1
    ) - datetime(2026, 1, 1)


def test_a_day_begins_at_the_clinics_midnight() -> None:
    assert start_of_day(date(2026, 11, 24), EDMONTON) == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert wall_date(datetime(2026, 11, 24, 5, 59, tzinfo=UTC), EDMONTON) == date(2026, 11, 23)


def test_the_wall_time_is_written_to_the_minute() -> None:
    assert wall_text(datetime(2026, 12, 1, 15, 0, 59, tzinfo=UTC), EDMONTON) == "2026-12-01T09:00"
