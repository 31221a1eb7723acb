"""What is offered is exactly what can be booked: our sweep against a walk minute by minute, on days like any other and
on those when the clocks change.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules.availability import Desk, RoomChoice, Shape, is_offered, offered_starts
from booking.rules.hours import DayHours, Hours, working_windows
from booking.rules.intervals import Interval, Taken
from booking.rules.refusals import refusals
from tests.booking.rules.oracle import Line, World, bookable

WHO, HERE = UUID(int=1), UUID(int=2)
# A zone and a Saturday before which, or on the day after which, its clocks change; and days on which they don't.
PLACES = [
    ("America/Edmonton", date(2025, 11, 1)),
    ("America/Edmonton", date(2026, 3, 7)),
    ("America/Edmonton", date(2026, 10, 31)),  # not any more
    ("America/Vancouver", date(2026, 3, 7)),
    ("America/Vancouver", date(2026, 10, 31)),  # not any more
    ("America/Toronto", date(2026, 3, 7)),
    ("America/Toronto", date(2026, 10, 31)),
    ("America/St_Johns", date(2026, 10, 31)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("Europe/London", date(2026, 3, 28)),
    ("Europe/London", date(2026, 10, 24)),
]
# Hours begin and end at midnight or after the clocks have changed, at any five minutes.
clock_times = st.builds(time, st.integers(4, 23), st.sampled_from([0, 5, 15, 30, 45]))


@st.composite
def stretches(draw: st.DrawFn, first: int, *, number: int = 4) -> list[tuple[int, int]]:
    starts = draw(st.lists(st.integers(0, 3 * 288), max_size=number))
    return [(first + one * 5, first + one * 5 + draw(st.sampled_from([5, 20, 60, 75, 300]))) for one in starts]


@st.composite
def hours(draw: st.DrawFn) -> tuple[time, time]:
    start, end = draw(st.one_of(st.just(time(0)), clock_times)), draw(clock_times)
    return (start, end) if start < end else (time(4), time(22, 30)) if start == end else (end, start)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    zone, day = draw(st.sampled_from(PLACES))
    first = int(datetime.combine(day, time(), UTC).timestamp()) // 60 - 720
    lines = [
        Line(
            (day + timedelta(days=draw(st.integers(0, 2)))).weekday(),
            *draw(hours()),
            first=day - timedelta(days=draw(st.integers(0, 20))),
            every=draw(st.sampled_from([1, 1, 2, 3])),
            is_break=draw(st.sampled_from([False, False, False, True])),
        )
        for _ in range(draw(st.integers(1, 5)))
    ]
    some_day = st.integers(0, 2).map(lambda number: day + timedelta(days=number))
    return World(
        zone=zone,
        first_day=day,
        days=3,
        lines=lines,
        instead=draw(st.dictionaries(some_day, st.none() | hours(), max_size=1)),
        extra=draw(st.dictionaries(some_day, hours(), max_size=1)),
        closed=draw(st.sets(some_day, max_size=1)) if draw(st.booleans()) else set(),
        away=draw(stretches(first, number=2)),
        visits=_apart(draw(stretches(first))),
        rooms=draw(st.none() | st.lists(stretches(first), max_size=2)),
        minutes=draw(st.sampled_from([15, 45, 60, 90])),
        before=draw(st.sampled_from([0, 0, 10, 30])),
        after=draw(st.sampled_from([0, 5, 15])),
        step=draw(st.sampled_from([10, 15, 20, 60])),
        earliest=first + draw(st.sampled_from([0, 1441, 2000])),
        a_day=draw(st.none() | st.integers(0, 3)),
        useful=draw(st.none() | st.sampled_from([20, 35, 70])),
    )


@settings(max_examples=50, deadline=None)
@given(world=worlds())
def test_what_is_offered_is_what_can_be_booked(world: World) -> None:
    desk, shape, taken, rooms = ours(world)
    expected = bookable(world)
    assert list(offered_starts(desk, shape=shape, taken=taken, rooms_taken=rooms)) == expected
    for start in [*expected[:4], *(one + timedelta(minutes=5) for one in expected[:8])]:
        told = refusals(desk, shape=shape, start=start, taken=taken, rooms_taken=rooms)
        offered = is_offered(desk, shape=shape, start=start, taken=taken, rooms_taken=rooms)
        assert offered == (start in expected) == (not told), (start, told)


def ours(world: World) -> tuple[Desk, Shape, dict[UUID, Taken], dict[UUID, Taken]]:
    windows = working_windows(
        [Hours(one.weekday, one.start, one.end, one.first, None, one.every, one.is_break) for one in world.lines],
        exceptions=[
            *(DayHours(day, *(one or (None, None))) for day, one in world.instead.items()),
            *(DayHours(day, *one, replaces=False) for day, one in world.extra.items()),
        ],
        closed=world.closed,
        from_date=world.first_day,
        to_date=world.first_day + timedelta(days=world.days - 1),
        zone=world.zone,
    )
    rooms = None if world.rooms is None else [RoomChoice(UUID(int=9 + n), str(n), ()) for n in range(len(world.rooms))]
    desk = Desk(
        practitioner=WHO,
        location=HERE,
        windows=windows,
        away=intervals(world.away),
        rooms=rooms,
        step=world.step,
        earliest=moment(world.earliest),
        zone=world.zone,
        useful_gap=world.useful,
        visits_a_day=world.a_day,
    )
    busy = Taken(intervals(world.visits), visits=[moment(start) for start, _ in world.visits])
    rooms_taken = {UUID(int=9 + n): Taken(intervals(one)) for n, one in enumerate(world.rooms or ())}
    return desk, Shape(world.minutes, world.before, world.after), {WHO: busy}, rooms_taken


def intervals(stretches: list[tuple[int, int]]) -> list[Interval]:
    return [Interval(moment(first), moment(last)) for first, last in stretches]


def moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def _apart(visits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for visit in sorted(visits):
        if not kept or kept[-1][1] <= visit[0]:
            kept.append(visit)
    return kept


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        # Hours from 0:30 to 4:00; visits of an hour, every hour. In UTC.
        ("America/Edmonton", date(2025, 3, 9), "07:30 08:30"),
        ("America/Edmonton", date(2025, 11, 2), "06:30 07:30 08:30 09:30"),
        ("America/Edmonton", date(2026, 3, 8), "07:30 08:30"),
        ("America/Edmonton", date(2026, 11, 1), "06:30 07:30 08:30"),
        ("America/Edmonton", date(2027, 3, 14), "06:30 07:30 08:30"),
        ("America/Vancouver", date(2025, 11, 2), "07:30 08:30 09:30 10:30"),
        ("America/Vancouver", date(2026, 3, 8), "08:30 09:30"),
        ("America/Vancouver", date(2026, 11, 1), "07:30 08:30 09:30"),
        ("America/Vancouver", date(2027, 3, 14), "07:30 08:30 09:30"),
        ("America/Toronto", date(2026, 3, 8), "05:30 06:30"),
        ("America/Toronto", date(2026, 11, 1), "04:30 05:30 06:30 07:30"),
        ("America/St_Johns", date(2026, 3, 8), "04:00 05:00"),
        ("America/St_Johns", date(2026, 11, 1), "03:00 04:00 05:00 06:00"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "13:30 14:30 15:30 16:30"),  # half an hour more
        ("Australia/Lord_Howe", date(2026, 10, 4), "14:00 15:00 16:00"),  # half an hour less
        ("Europe/London", date(2026, 3, 29), "00:30 01:30"),
        ("Europe/London", date(2026, 10, 25), "23:30 00:30 01:30 02:30"),
    ],
)
def test_in_the_night_when_the_clocks_change(zone: str, day: date, starts: str) -> None:
    night = [Hours(day.weekday(), time(0, 30), time(4))]
    windows = working_windows(night, from_date=day, to_date=day, zone=zone)
    desk = Desk(WHO, HERE, windows, away=[], rooms=None, step=60, earliest=moment(0), zone=zone)
    found = offered_starts(desk, shape=Shape(60), taken={}, rooms_taken={})
    assert " ".join(f"{one:%H:%M}" for one in found) == starts


def day_with(*visits: tuple[int, int], minutes: int = 30, **over: object) -> list[str]:
    """What is offered from 9 to 12 (in UTC, every quarter), visits given in minutes after 9."""
    nine = datetime(2026, 11, 24, 9, tzinfo=UTC)
    taken = [Interval(nine + timedelta(minutes=a), nine + timedelta(minutes=b)) for a, b in visits]
    fields = {"windows": [Interval(nine, nine + timedelta(hours=3))], "away": [], "rooms": None, "step": 15}
    desk = Desk(WHO, HERE, **{**fields, "earliest": nine, "useful_gap": 30, **over})
    busy = {WHO: Taken(taken, visits=[one.start for one in taken])}
    return [f"{one:%H:%M}" for one in offered_starts(desk, shape=Shape(minutes), taken=busy, rooms_taken={})]


def test_a_time_that_leaves_a_hole_of_no_use_is_not_offered_where_others_are() -> None:
    assert day_with((60, 180)) == ["09:00", "09:30"]
    assert day_with((60, 180), useful_gap=None) == ["09:00", "09:15", "09:30"]


def test_where_every_time_leaves_a_hole_all_are_offered() -> None:
    assert day_with((45, 180)) == ["09:00", "09:15"]


def test_a_full_day_offers_nothing_more() -> None:
    assert day_with((0, 30), (150, 180), visits_a_day=2) == []
    assert len(day_with((0, 30), visits_a_day=2, useful_gap=None)) == 9
