"""When the clinic is open, and how long so many opening hours take. Pure.

A week is what `Location.weekly_hours` holds: {"mon": [["08:00", "12:00"], ["13:00", "18:00"]], ...}, in wall time; a
day that is left out is closed. A week that is never open counts as always open, so that no deadline is lost. Hours are
counted as hours that pass, so a day on which the clocks change has as many as the clinic is really open.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from booking.rules.hours import Hours, working_windows
from booking.rules.intervals import Interval, union
from booking.rules.walltime import wall_date

Week = Mapping[str, Sequence[Sequence[str]]]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def hours_of_week(weekly: object) -> list[Hours]:
    """The week as lines of hours, in order.

    :raises ValueError: an unknown day, not a clock time, or hours that overlap or end before they begin
    """
    if not isinstance(weekly, Mapping) or not set(weekly) <= set(DAYS):
        raise ValueError(f"a week has these days: {', '.join(DAYS)}")
    return [line for number, day in enumerate(DAYS) for line in _hours_of_day(number, day, weekly.get(day, ()))]


def next_opening(moment: datetime, *, weekly: Week, zone: str) -> datetime:
    """The moment itself while the clinic is open, else when it opens next, in UTC."""
    hours = hours_of_week(weekly)
    return next(_open_from(moment, hours, zone)).start if hours else moment


def add_opening_hours(moment: datetime, hours: float, *, weekly: Week, zone: str) -> datetime:
    """When so many opening hours have gone by since that moment, in UTC; not before the moment itself."""
    lines, left = hours_of_week(weekly), timedelta(hours=hours)
    if not lines or left <= timedelta():
        return moment + max(left, timedelta())
    for stretch in _open_from(moment, lines, zone):
        if left <= stretch.end - stretch.start:
            return stretch.start + left
        left -= stretch.end - stretch.start
    raise AssertionError("the weeks do not end")


def opening_minutes_between(start: datetime, end: datetime, *, weekly: Week, zone: str) -> int:
    """How many minutes the clinic is open between two moments."""
    lines = hours_of_week(weekly)
    if not lines or end <= start:
        return max(0, int((end - start).total_seconds() // 60))
    open_for = timedelta()
    for stretch in _open_from(start, lines, zone):
        if stretch.start >= end:
            break
        open_for += min(stretch.end, end) - stretch.start
    return int(open_for.total_seconds() // 60)


def _hours_of_day(number: int, day: str, stretches: Sequence[Sequence[str]]) -> list[Hours]:
    if not isinstance(stretches, list | tuple):
        raise ValueError(f"{day}: a list of opening and closing times")
    lines = []
    for stretch in stretches:
        if not isinstance(stretch, list | tuple) or [type(one) for one in stretch] != [str, str]:
            raise ValueError(f"{day}: an opening and a closing time, such as 08:00 and 18:00")
        lines.append(Hours(number, _clock_time(day, stretch[0]), _clock_time(day, stretch[1])))
    times = [moment for line in lines for moment in (line.start, line.end)]
    if times != sorted(times) or any(line.start == line.end for line in lines):
        raise ValueError(f"{day}: times must go up")
    return lines


def _clock_time(day: str, text: str) -> time:
    if not _CLOCK_TIME.fullmatch(text):
        raise ValueError(f"{day}: {text[:20]!r} is not a time such as 08:00")
    return time(int(text[:2]), int(text[3:]))


def _open_from(moment: datetime, hours: Sequence[Hours], zone: str) -> Iterator[Interval]:
    """The stretches in which the clinic is open from that moment on, without end."""
    day: date = wall_date(moment, zone)
    while True:
        for stretch in union(working_windows(hours, from_date=day, to_date=day, zone=zone)):
            if stretch.end > moment:
                yield Interval(max(stretch.start, moment), stretch.end)
        day += timedelta(days=1)
