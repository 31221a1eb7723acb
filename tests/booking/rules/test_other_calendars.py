"""Our hours and free times are those that any calendar program would show for the same weeks."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules.availability import Desk, Shape, offered_starts
from booking.rules.hours import Hours
from booking.rules.intervals import Interval, Taken
from tests.booking.rules.other_calendars import Weeks, beginnings, quarters, weeks, worked

WHO = UUID(int=1)


@settings(max_examples=40, deadline=None)
@given(said=weeks)
def test_hours_are_those_of_any_other_calendar(said: Weeks) -> None:
    assert quarters(said.windows()) == said.elsewhere()


@settings(max_examples=25, deadline=None)
@given(said=weeks, data=st.data())
def test_free_times_are_what_any_other_calendar_leaves_free(said: Weeks, data: st.DataObject) -> None:
    midnight = datetime.combine(said.first, time(), UTC)
    visits = [
        Interval(start, start + timedelta(hours=1))
        for start in (midnight + timedelta(hours=9 * one) for one in data.draw(st.sets(st.integers(0, 112))))
    ]
    length, step = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    desk = Desk(WHO, WHO, said.windows(), away=[], rooms=None, step=15 * step, earliest=midnight - timedelta(days=2))
    offered = offered_starts(desk, shape=Shape(15 * length), taken={WHO: Taken(visits)}, rooms_taken={})
    assert list(offered) == beginnings(said.elsewhere(), taken=quarters(visits), length=length, step=step)


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        ("America/Edmonton", date(2025, 12, 1), 16),
        ("America/Edmonton", date(2026, 12, 7), 15),
        ("America/Vancouver", date(2025, 12, 1), 17),
        ("America/Vancouver", date(2026, 12, 7), 16),
    ],
)
def test_the_other_calendar_knows_the_law_of_2026_too(zone: str, day: date, utc: int) -> None:
    """Nine in the morning of a winter's Monday, before and after the clocks stopped changing."""
    nine = worked([Hours(0, time(9), time(10))], [], set(), first=day, last=day, zone=zone)
    assert min(nine) == int(datetime(day.year, day.month, day.day, utc, tzinfo=UTC).timestamp()) // 900
