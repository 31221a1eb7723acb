"""Who is called, and when again."""

from datetime import date, datetime, timedelta

import pytest

from booking.rules.calls import CALLING_FOR, is_calling, next_open_day, spoke_when_booking, try_again_at
from tests.factories.booking import at

ZONE = "America/Edmonton"
WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("tried", "visit", "again"),
    [
        pytest.param(at(9, days=0), at(10, days=1), at(11, days=0), id="in the morning: two hours later"),
        pytest.param(at(17, days=0), at(10, days=1), at(8, days=1), id="before we close: as we open"),
        pytest.param(at(17, days=4), at(10, days=7), at(8, days=7), id="on Friday evening: on Monday"),
        pytest.param(at(9, days=1), at(10, days=1), None, id="an hour before the visit: not again"),
        pytest.param(at(17, days=0), at(8, days=1), None, id="the first of the next day: not again"),
    ],
)
def test_who_did_not_answer_is_called_again_while_we_are_open_and_before_the_visit(
    tried: datetime, visit: datetime, again: datetime | None
) -> None:
    assert try_again_at(tried, start=visit, weekly=WEEK, zone=ZONE) == again


def test_somebody_who_calls_is_left_to_it_for_ten_minutes() -> None:
    since = at(9)
    assert is_calling(since, now=since + CALLING_FOR - timedelta(seconds=1))
    assert not is_calling(since, now=since + CALLING_FOR)


@pytest.mark.parametrize(
    ("booked", "by_staff", "spoken"),
    [(at(9, days=4), True, True), (at(9, days=4), False, False), (at(9, days=3), True, False)],
    ids=["by phone on the Friday before", "online", "by phone, longer ago"],
)
def test_who_has_just_agreed_on_the_time_with_us_needs_no_call(booked: datetime, by_staff: bool, spoken: bool) -> None:
    assert spoke_when_booking(booked, by_staff=by_staff, start=at(9, days=7)) is spoken


@pytest.mark.parametrize(
    ("weekly", "closed", "found"),
    [
        (WEEK, (), date(2026, 11, 24)),
        (WEEK, (date(2026, 11, 24), date(2026, 11, 25)), date(2026, 11, 26)),
        ({"mon": [["08:00", "12:00"]]}, (), date(2026, 11, 30)),
        ({}, (), date(2026, 11, 24)),
        ({"mon": [["08:00", "12:00"]]}, [MONDAY + timedelta(days=7 * n) for n in range(9)], date(2026, 11, 24)),
    ],
    ids=["tomorrow", "after two closed days", "once a week", "no hours are kept", "never open"],
)
def test_the_next_open_day_is_found(weekly: dict[str, list[list[str]]], closed: list[date], found: date) -> None:
    assert next_open_day(MONDAY, weekly=weekly, closed=closed) == found
