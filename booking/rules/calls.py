"""Who is called before a visit, and when somebody who didn't answer is called again. Pure."""

from collections.abc import Container
from datetime import date, datetime, timedelta
from typing import Final

from booking.rules.opening_hours import DAYS, Week, next_opening

CALLING_FOR: Final = timedelta(minutes=10)  # so long nobody else calls who sees that a colleague does
_AGAIN_AFTER: Final = timedelta(hours=2)
_JUST_SPOKEN: Final = timedelta(days=3)  # over a weekend
_MOST_DAYS: Final = 31


def is_calling(since: datetime, *, now: datetime) -> bool:
    """Whether somebody who said "I'm calling" at that moment is still taken to be."""
    return now < since + CALLING_FOR


def try_again_at(tried: datetime, *, start: datetime, weekly: Week, zone: str) -> datetime | None:
    """When somebody who wasn't reached is called again: after two hours, while the clinic is open; None if the visit
    begins before that.
    """
    again = next_opening(tried + _AGAIN_AFTER, weekly=weekly, zone=zone)
    return again if again < start else None


def spoke_when_booking(booked: datetime, *, by_staff: bool, start: datetime) -> bool:
    """Whether somebody has just agreed on the time with us, so that they need no call to know of it."""
    return by_staff and start - booked <= _JUST_SPOKEN


def next_open_day(today: date, *, weekly: Week, closed: Container[date]) -> date:
    """The first day after today on which the clinic is open; tomorrow, if none comes within a month."""
    days = (today + timedelta(days=number) for number in range(1, _MOST_DAYS))
    is_open = (day for day in days if day not in closed and (not weekly or weekly.get(DAYS[day.weekday()])))
    return next(is_open, today + timedelta(days=1))
