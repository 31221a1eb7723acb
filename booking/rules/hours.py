"""When somebody works, on the clock on the wall: weekly lines, in turns of weeks, breaks, dated exceptions and days on
which the clinic is closed. Pure.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from math import lcm
from typing import Final

from booking.rules import walltime
from booking.rules.intervals import Interval, subtract, union

_SOME_MONDAY: Final = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours, or a break in them, of one weekday (0 is Monday) in wall time; dates inclusive, None is open.

    `every_weeks` 2 is every other week, counted from the week (Monday to Sunday) of `first_date`, which it needs.
    """

    weekday: int
    start: time
    end: time
    first_date: date | None = None
    last_date: date | None = None
    every_weeks: int = 1
    is_break: bool = False

    def hold_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.first_date is None or self.first_date <= day)
            and (self.last_date is None or day <= self.last_date)
            and (self.every_weeks == 1 or self._turn_of(day))
        )

    def meets(self, other: "Hours") -> bool:
        """Whether both hold on some same day."""
        if self.weekday != other.weekday:
            return False
        firsts = [one for one in (self.first_date, other.first_date) if one is not None]
        lasts = [one for one in (self.last_date, other.last_date) if one is not None]
        day = max(firsts, default=_SOME_MONDAY)
        day += timedelta(days=(self.weekday - day.weekday()) % 7)
        days = (day + timedelta(weeks=number) for number in range(lcm(self.every_weeks, other.every_weeks)))
        return any(self.hold_on(one) and other.hold_on(one) for one in days if one <= min(lasts, default=one))

    def covers(self, other: "Hours") -> bool:
        """Whether the other lies in it by the clock."""
        return self.start <= other.start and other.end <= self.end

    def _turn_of(self, day: date) -> bool:
        return self.first_date is not None and _weeks_between(self.first_date, day) % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class DayHours:
    """Other hours on one date, in wall time: instead of the week's (with its breaks) or, if not `replaces`, besides.

    Without times nobody works that day.
    """

    date: date
    start: time | None = None
    end: time | None = None
    replaces: bool = True


class Mistake(StrEnum):
    """What can be wrong with a line of hours."""

    ENDS_TOO_EARLY = "ends-too-early"
    NO_FIRST_DATE = "no-first-date"
    OVERLAPS = "overlaps"
    BREAK_OUTSIDE = "break-outside"


def mistake_in(line: Hours, others: Sequence[Hours]) -> Mistake | None:
    """What is wrong with a line among the others of the same therapist, if anything."""
    if line.end <= line.start or (line.first_date and line.last_date and line.last_date < line.first_date):
        return Mistake.ENDS_TOO_EARLY
    if line.every_weeks != 1 and line.first_date is None:
        return Mistake.NO_FIRST_DATE
    met = [other for other in others if other is not line and line.meets(other)]
    if any(line.start < other.end and other.start < line.end for other in met if other.is_break == line.is_break):
        return Mistake.OVERLAPS
    if line.is_break and not any(other.covers(line) for other in met if not other.is_break):
        return Mistake.BREAK_OUTSIDE
    return None


def working_windows(
    hours: Iterable[Hours],
    *,
    exceptions: Iterable[DayHours] = (),
    closed: Collection[date] = frozenset(),
    from_date: date,
    to_date: date,
    zone: str,
) -> list[Interval]:
    """The working hours of these days in UTC, in order and apart from each other; `to_date` is inclusive.

    09:00 stays 09:00 when the clocks change. On a closed date nobody works, whatever else is said of it.
    """
    lines, dated = list(hours), list(exceptions)
    days = (from_date + timedelta(days=number) for number in range((to_date - from_date).days + 1))
    return union(
        window
        for day in days
        if day not in closed
        for window in _windows_on(
            day, [line for line in lines if line.hold_on(day)], [one for one in dated if one.date == day], zone
        )
    )


def _windows_on(day: date, lines: list[Hours], dated: list[DayHours], zone: str) -> Iterable[Interval]:
    for one in dated:
        if one.start is not None and one.end is not None:
            yield _stretch(day, one.start, one.end, zone)
    if not any(one.replaces for one in dated):
        worked = [_stretch(day, line.start, line.end, zone) for line in lines if not line.is_break]
        breaks = [_stretch(day, line.start, line.end, zone) for line in lines if line.is_break]
        yield from subtract(worked, breaks)


def _stretch(day: date, start: time, end: time, zone: str) -> Interval:
    return Interval(walltime.opening(day, start, zone), walltime.closing(day, end, zone))


def _weeks_between(one: date, other: date) -> int:
    return (_monday_of(other) - _monday_of(one)).days // 7


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
