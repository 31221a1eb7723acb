"""When somebody works."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules.hours import DayHours, Hours, Mistake, mistake_in, working_windows


def test_nine_stays_nine_when_the_clocks_change() -> None:
    every_day = [Hours(weekday, time(9), time(17)) for weekday in range(7)]
    windows = working_windows(
        every_day, from_date=date(2026, 10, 31), to_date=date(2026, 11, 2), zone="America/Toronto"
    )
    assert [window.start.hour for window in windows] == [13, 14, 14]


def test_a_night_shift_over_the_change_is_as_long_as_it_is() -> None:
    night = [Hours(6, time(0), time(6))]
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    lengths = [
        window.end - window.start
        for day in (spring, autumn)
        for window in working_windows(night, from_date=day, to_date=day, zone="America/Toronto")
    ]
    assert lengths == [timedelta(hours=5), timedelta(hours=7)]


def test_hours_hold_from_their_first_to_their_last_day() -> None:
    line = Hours(1, time(9), time(10), first_date=date(2026, 12, 1), last_date=date(2026, 12, 8))
    windows = working_windows([line], from_date=date(2026, 11, 1), to_date=date(2026, 12, 31), zone="UTC")
    assert [window.start.date() for window in windows] == [date(2026, 12, 1), date(2026, 12, 8)]


def test_the_wrong_way_round_is_no_day_at_all() -> None:
    line = Hours(1, time(9), time(10))
    assert working_windows([line], from_date=date(2026, 12, 31), to_date=date(2026, 12, 1), zone="UTC") == []


MONDAY = date(2026, 11, 30)


def spans(*lines: Hours, day: date = MONDAY, **more: object) -> list[tuple[int, int]]:
    """From which hour to which somebody works on a day, in minutes of it."""
    windows = working_windows(lines, **{"from_date": day, "to_date": day, "zone": "UTC", **more})
    return [(one.start.hour * 60 + one.start.minute, one.end.hour * 60 + one.end.minute) for one in windows]


WORK = Hours(0, time(9), time(17))
LUNCH = Hours(0, time(12), time(12, 30), is_break=True)


@pytest.mark.parametrize(
    ("lines", "more", "expected"),
    [
        ([WORK, LUNCH], {}, [(540, 720), (750, 1020)]),
        ([LUNCH, WORK], {}, [(540, 720), (750, 1020)]),
        ([WORK, replace(LUNCH, first_date=date(2026, 12, 1))], {}, [(540, 1020)]),
        ([WORK, replace(LUNCH, weekday=1)], {}, [(540, 1020)]),
        ([Hours(0, time(9), time(12)), Hours(0, time(12), time(17))], {}, [(540, 1020)]),
        ([WORK, LUNCH], {"exceptions": [DayHours(MONDAY)]}, []),
        ([WORK, LUNCH], {"exceptions": [DayHours(MONDAY, time(10), time(14))]}, [(600, 840)]),
        (
            [WORK, LUNCH],
            {"exceptions": [DayHours(MONDAY, time(8), time(9)), DayHours(MONDAY, time(13), time(14))]},
            [(480, 540), (780, 840)],
        ),
        (
            [WORK, LUNCH],
            {"exceptions": [DayHours(MONDAY, time(18), time(20), replaces=False)]},
            [(540, 720), (750, 1020), (1080, 1200)],
        ),
        ([WORK, LUNCH], {"exceptions": [DayHours(MONDAY, time(12), time(13), replaces=False)]}, [(540, 1020)]),
        ([WORK], {"exceptions": [DayHours(date(2026, 12, 7))]}, [(540, 1020)]),
        ([WORK], {"closed": {MONDAY}}, []),
        ([WORK], {"closed": {MONDAY}, "exceptions": [DayHours(MONDAY, time(10), time(14))]}, []),
    ],
)
def test_breaks_dated_hours_and_closed_days(
    lines: list[Hours], more: dict[str, object], expected: list[tuple[int, int]]
) -> None:
    assert spans(*lines, **more) == expected


def test_hours_that_alternate_count_from_the_week_of_their_first_day() -> None:
    odd = Hours(0, time(9), time(12), first_date=date(2026, 12, 2), every_weeks=2)  # a Wednesday: its week counts
    even = Hours(0, time(13), time(17), first_date=date(2026, 12, 7), every_weeks=2)
    worked = {
        one.start.date(): one.start.hour
        for one in working_windows([odd, even], from_date=MONDAY, to_date=date(2027, 1, 18), zone="UTC")
    }
    assert worked == {
        date(2026, 12, 7): 13,
        date(2026, 12, 14): 9,
        date(2026, 12, 21): 13,
        date(2026, 12, 28): 9,
        date(2027, 1, 4): 13,
        date(2027, 1, 11): 9,
        date(2027, 1, 18): 13,
    }


@pytest.mark.parametrize(
    ("zone", "day", "start", "minutes"),
    [
        ("America/Toronto", date(2027, 3, 14), "05:00", 360 - 60),
        ("America/Toronto", date(2026, 11, 1), "04:00", 360 + 60),
        ("America/Edmonton", date(2025, 11, 2), "06:00", 360 + 60),
        ("America/Vancouver", date(2025, 11, 2), "07:00", 360 + 60),
        ("America/Edmonton", date(2026, 3, 8), "07:00", 360 - 60),  # the last change before the law
        ("America/Edmonton", date(2026, 11, 1), "06:00", 360),  # none any more
        ("America/Vancouver", date(2026, 3, 8), "08:00", 360 - 60),
        ("America/Vancouver", date(2026, 11, 1), "07:00", 360),
        ("America/St_Johns", date(2027, 3, 14), "03:30", 360 - 60),
        ("Australia/Lord_Howe", date(2026, 10, 4), "13:30", 360 - 30),
        ("Australia/Lord_Howe", date(2027, 4, 4), "13:00", 360 + 30),
        ("Europe/London", date(2027, 3, 28), "00:00", 360 - 60),
        ("Europe/London", date(2026, 10, 25), "23:00", 360 + 60),
    ],
)
def test_a_night_is_as_long_as_the_clocks_make_it(zone: str, day: date, start: str, minutes: int) -> None:
    (night,) = working_windows([Hours(6, time(0), time(6))], from_date=day, to_date=day, zone=zone)
    assert (night.start.strftime("%H:%M"), night.end - night.start) == (start, timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("line", "others", "mistake"),
    [
        (WORK, [LUNCH], None),
        (LUNCH, [WORK], None),
        (replace(WORK, end=time(9)), [], Mistake.ENDS_TOO_EARLY),
        (replace(WORK, first_date=date(2026, 12, 2), last_date=date(2026, 12, 1)), [], Mistake.ENDS_TOO_EARLY),
        (replace(WORK, every_weeks=2), [], Mistake.NO_FIRST_DATE),
        (replace(WORK, start=time(16), end=time(18)), [WORK], Mistake.OVERLAPS),
        (replace(WORK, start=time(17), end=time(18)), [WORK], None),
        (replace(WORK, weekday=1), [WORK], None),
        (WORK, [WORK, replace(WORK)], Mistake.OVERLAPS),
        (
            replace(WORK, first_date=date(2026, 12, 7), every_weeks=2),
            [replace(WORK, first_date=date(2026, 12, 14), every_weeks=2)],
            None,
        ),
        (
            replace(WORK, first_date=date(2026, 12, 7), every_weeks=2),
            [replace(WORK, first_date=date(2026, 12, 14), every_weeks=3)],
            Mistake.OVERLAPS,
        ),
        (replace(WORK, last_date=date(2026, 12, 6)), [replace(WORK, first_date=date(2026, 12, 7))], None),
        (replace(WORK, last_date=date(2026, 12, 7)), [replace(WORK, first_date=date(2026, 12, 7))], Mistake.OVERLAPS),
        (LUNCH, [], Mistake.BREAK_OUTSIDE),
        (replace(LUNCH, start=time(16, 45), end=time(17, 15)), [WORK], Mistake.BREAK_OUTSIDE),
        (LUNCH, [WORK, replace(LUNCH, start=time(12, 15))], Mistake.OVERLAPS),
    ],
)
def test_a_line_that_makes_no_sense_is_found(line: Hours, others: list[Hours], mistake: Mistake | None) -> None:
    assert mistake_in(line, [line, *others]) == mistake


@settings(max_examples=60, deadline=None)
@given(
    first=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
    other=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
    turns=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    last=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 1)),
)
def test_two_lines_meet_when_some_day_has_both(
    first: date, other: date, turns: tuple[int, int], last: date | None
) -> None:
    one = Hours(2, time(9), time(12), first_date=first, every_weeks=turns[0], last_date=last)
    two = Hours(2, time(9), time(12), first_date=other, every_weeks=turns[1])
    days = (date(2026, 1, 1) + timedelta(days=number) for number in range(400))
    assert one.meets(two) == any(one.hold_on(day) and two.hold_on(day) for day in days)
