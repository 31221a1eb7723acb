"""Until when somebody whose visit can't take place is asked for another time. Pure."""

from datetime import datetime, timedelta
from typing import Final

from booking.rules.opening_hours import Week, add_opening_hours

CHOICES: Final = 3
ANSWER_HOURS: Final = 24  # opening hours
TIME_TO_ANSWER: Final = timedelta(hours=1)  # at the least: what is nearer is settled by a call
_LEAD: Final = 60  # minutes between the end of the time to answer and a visit


def answer_by(
    *, start: datetime, first_choice: datetime, notice: int = 0, weekly: Week, zone: str, now: datetime
) -> datetime:
    """The end of the time to answer: 24 opening hours, but an hour (or `notice`, in minutes, if that is longer) before
    the visit and before every choice.

    A visit that is over, or so near that only a call helps, doesn't count.
    """
    until = add_opening_hours(now, ANSWER_HOURS, weekly=weekly, zone=zone)
    ahead = [moment for moment in (start, first_choice) if may_be_asked_for(moment, notice=notice, now=now)]
    return min([until, *(moment - _lead(notice) for moment in ahead)])


def may_be_asked_for(start: datetime, *, notice: int = 0, now: datetime) -> bool:
    """Whether a time is far enough ahead for a mail to be read and answered before it."""
    return start >= now + TIME_TO_ANSWER + _lead(notice)


def _lead(notice: int) -> timedelta:
    return timedelta(minutes=max(_LEAD, notice))
