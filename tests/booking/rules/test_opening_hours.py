"""When the clinic is open. Toronto changes its clocks on 8 March and 1 November 2026."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.opening_hours import (
    DAYS,
    add_opening_hours,
    hours_of_week,
    next_opening,
    opening_minutes_between,
)
from booking.rules.walltime import to_utc, wall_text

TORONTO = "America/Toronto"
OFFICE = {day: [["08:00", "18:00"]] for day in DAYS[:5]}
WITH_LUNCH = {"mon": [["08:00", "12:00"], ["13:00", "18:00"]], "sat": [["09:00", "13:00"]]}
ALL_DAY = {day: [["00:00", "23:59"]] for day in DAYS}

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)).map(lambda wall: wall.replace(tzinfo=UTC))
hours = st.integers(0, 300).map(lambda quarters: quarters / 4)
edges = st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True).map(sorted)


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


days = edges.map(lambda marks: [[clock(one), clock(two)] for one, two in zip(marks[::2], marks[1::2], strict=False)])
weeks = st.dictionaries(st.sampled_from(DAYS), days, min_size=1)
zones = st.sampled_from([TORONTO, "America/Edmonton", "UTC", "Australia/Lord_Howe"])


def wall(text: str) -> datetime:
    return to_utc(datetime.fromisoformat(text), TORONTO)


def after(text: str, number: float, weekly: Any = OFFICE) -> str:
    return wall_text(add_opening_hours(wall(text), number, weekly=weekly, zone=TORONTO), TORONTO)


def test_twenty_four_opening_hours_are_more_than_two_days() -> None:
    assert after("2026-11-23T09:00", 24) == "2026-11-25T13:00"


def test_nights_and_weekends_do_not_count() -> None:
    assert after("2026-11-27T17:00", 2) == "2026-11-30T09:00"
    assert after("2026-11-28T11:00", 2) == "2026-11-30T10:00"


def test_hours_that_end_with_the_day_end_at_closing_time() -> None:
    assert after("2026-11-23T08:00", 10) == "2026-11-23T18:00"
    assert after("2026-11-23T03:00", 10.5) == "2026-11-24T08:30"


def test_the_break_at_noon_does_not_count() -> None:
    assert after("2026-11-23T11:00", 2, WITH_LUNCH) == "2026-11-23T14:00"
    assert after("2026-11-23T17:00", 6, WITH_LUNCH) == "2026-11-30T09:00"


def test_a_day_on_which_the_clocks_change_has_as_many_hours_as_pass() -> None:
    assert (
        after("2026-03-07T23:00", 3, {"sat": [["23:00", "23:59"]], "sun": [["00:00", "12:00"]]}) == "2026-03-08T03:01"
    )
    assert (
        after("2026-10-31T23:00", 3, {"sat": [["23:00", "23:59"]], "sun": [["00:00", "12:00"]]}) == "2026-11-01T01:01"
    )


def test_the_clinic_opens_next() -> None:
    said = [
        wall_text(next_opening(wall(text), weekly=WITH_LUNCH, zone=TORONTO), TORONTO)
        for text in ("2026-11-23T09:30", "2026-11-23T12:00", "2026-11-23T18:00", "2026-11-28T13:00")
    ]
    assert said == ["2026-11-23T09:30", "2026-11-23T13:00", "2026-11-28T09:00", "2026-11-30T08:00"]


def test_a_week_that_is_never_open_counts_as_always_open() -> None:
    assert after("2026-11-28T11:00", 24, {}) == "2026-11-29T11:00"
    assert next_opening(wall("2026-11-28T11:00"), weekly={"mon": []}, zone=TORONTO) == wall("2026-11-28T11:00")


@pytest.mark.parametrize(
    "weekly",
    [
        ["mon"],
        "mon",
        None,
        {"monday": [["08:00", "18:00"]]},
        {"mon": "08:00"},
        {"mon": ["08:00-18:00"]},
        {"mon": [["08:00"]]},
        {"mon": [["08:00", "18:00", "19:00"]]},
        {"mon": [["08:00", None]]},
        {"mon": [[8, 18]]},
        {"mon": [["8:00", "18:00"]]},
        {"mon": [["08:00", "24:00"]]},
        {"mon": [["٠٨:٠٠", "18:00"]]},
        {"mon": [["18:00", "08:00"]]},
        {"mon": [["08:00", "08:00"]]},
        {"mon": [["08:00", "12:00"], ["11:00", "18:00"]]},
    ],
)
def test_a_week_that_can_not_be_read_is_refused(weekly: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        hours_of_week(weekly)


@given(moments, hours, hours, weeks, zones)
def test_first_some_hours_and_then_others_is_all_of_them_at_once(
    moment: datetime, first: float, then: float, weekly: Any, zone: str
) -> None:
    both = add_opening_hours(moment, first + then, weekly=weekly, zone=zone)
    assert both == add_opening_hours(
        add_opening_hours(moment, first, weekly=weekly, zone=zone), then, weekly=weekly, zone=zone
    )


@given(moments, hours, weeks, zones)
def test_so_many_hours_lie_between_the_moment_and_the_end(
    moment: datetime, number: float, weekly: Any, zone: str
) -> None:
    end = add_opening_hours(moment, number, weekly=weekly, zone=zone)
    assert opening_minutes_between(moment, end, weekly=weekly, zone=zone) == number * 60
    assert end - moment >= timedelta(hours=number)


@given(moments, weeks, zones)
def test_the_next_opening_is_open_and_nothing_before_it_is(moment: datetime, weekly: Any, zone: str) -> None:
    opens = next_opening(moment, weekly=weekly, zone=zone)
    assert opens >= moment
    assert next_opening(opens, weekly=weekly, zone=zone) == opens
    assert opening_minutes_between(moment, opens, weekly=weekly, zone=zone) == 0
    assert opening_minutes_between(opens, opens + timedelta(minutes=1), weekly=weekly, zone=zone) == 1


@given(moments, st.integers(0, 40))
def test_where_it_never_closes_hours_are_hours(moment: datetime, number: int) -> None:
    end = add_opening_hours(moment, number, weekly=ALL_DAY, zone="UTC")
    assert end - moment - timedelta(hours=number) <= timedelta(minutes=3)
