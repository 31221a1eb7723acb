"""By when staff do what was promised. Pure."""

from datetime import datetime, timedelta
from typing import Final

from booking.rules.hours import working_windows
from booking.rules.opening_hours import Week, add_opening_hours, hours_of_week, next_opening
from booking.rules.walltime import start_of_day, wall_date

CALL_BACK_HOURS: Final = 4


def call_back_by(moment: datetime, *, weekly: Week, zone: str) -> datetime:
    """Until when somebody who asks now is called: four opening hours, counted from the next opening, in UTC.

    Where the clinic opens for shorter than that, the end of the first opening day after today is the latest.
    """
    due = add_opening_hours(moment, CALL_BACK_HOURS, weekly=weekly, zone=zone)
    hours = hours_of_week(weekly)
    if not hours:
        return due
    tomorrow = start_of_day(wall_date(moment, zone) + timedelta(days=1), zone)
    day = wall_date(next_opening(tomorrow, weekly=weekly, zone=zone), zone)
    closes = max(window.end for window in working_windows(hours, from_date=day, to_date=day, zone=zone))
    return min(due, closes)
