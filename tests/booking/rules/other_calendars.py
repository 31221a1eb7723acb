"""Working hours as other calendars write them: iCalendar text in the clinic's zone, read by a library that knows
nothing of ours. Moments are quarters of an hour since 1970.

Hours may not begin or end inside an hour in which clocks change: there calendars and we mean different things.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import recurring_ical_events
from hypothesis import strategies as st
from icalendar import Calendar

from booking.rules.hours import DayHours, Hours, working_windows
from booking.rules.intervals import Interval

_numbers = count(1)
# Six weeks each, in most of which the clocks change.
PLACES = [
    ("America/Edmonton", date(2025, 10, 13)),
    ("America/Edmonton", date(2026, 2, 16)),
    ("America/Edmonton", date(2026, 10, 12)),  # they don't any more
    ("America/Vancouver", date(2026, 2, 18)),
    ("America/Vancouver", date(2026, 10, 14)),  # nor here
    ("America/Toronto", date(2026, 2, 20)),
    ("America/Toronto", date(2026, 10, 17)),
    ("America/St_Johns", date(2026, 10, 12)),
    ("Australia/Lord_Howe", date(2026, 3, 16)),
    ("Australia/Lord_Howe", date(2026, 9, 20)),
    ("Europe/London", date(2026, 3, 9)),
    ("Europe/London", date(2026, 10, 5)),
]
clock_times = st.one_of(st.just(time(0)), st.builds(time, st.integers(4, 23), st.sampled_from([0, 15, 30, 45])))
spans = st.tuples(clock_times, clock_times).map(sorted).filter(lambda span: span[0] < span[1])


class Weeks:
    """What is said of six weeks of one therapist."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.zone, self.first = draw(st.sampled_from(PLACES))
        self.last = self.first + timedelta(days=41)
        self.days = st.integers(0, 41).map(lambda number: self.first + timedelta(days=number))
        self.hours = [self._line(draw, is_break=False) for _ in range(draw(st.integers(1, 5)))]
        self.hours += [self._line(draw, is_break=True) for _ in range(draw(st.integers(0, 2)))]
        self.exceptions = [self._dated(draw) for _ in range(draw(st.integers(0, 5)))]
        self.closed = draw(st.sets(self.days, max_size=4))

    def _line(self, draw: st.DrawFn, *, is_break: bool) -> Hours:
        first = draw(st.none() | self.days.map(lambda day: day - timedelta(days=17)))
        last = draw(st.none() | self.days)
        return Hours(
            draw(st.integers(0, 6)),
            *draw(spans),
            first_date=first,
            last_date=max(last, first) if last and first else last,
            every_weeks=draw(st.sampled_from([1, 2, 3])) if first else 1,
            is_break=is_break,
        )

    def _dated(self, draw: st.DrawFn) -> DayHours:
        if draw(st.booleans()):
            return DayHours(draw(self.days))
        return DayHours(draw(self.days), *draw(spans), replaces=draw(st.booleans()))

    def windows(self) -> list[Interval]:
        said = {"exceptions": self.exceptions, "closed": self.closed}
        return working_windows(self.hours, **said, from_date=self.first, to_date=self.last, zone=self.zone)

    def elsewhere(self) -> set[int]:
        days = {"first": self.first, "last": self.last, "zone": self.zone}
        return worked(self.hours, self.exceptions, self.closed, **days)

    def __repr__(self) -> str:
        return f"{self.zone} {self.first} {self.hours} {self.exceptions} {self.closed}"


weeks = st.composite(Weeks)()


def quarters(stretches: list[Interval]) -> set[int]:
    return {
        quarter
        for one in stretches
        for quarter in range(int(one.start.timestamp()) // 900, int(one.end.timestamp()) // 900)
    }


def worked(
    hours: Iterable[Hours], exceptions: Iterable[DayHours], closed: set[date], *, first: date, last: date, zone: str
) -> set[int]:
    """The quarters in which somebody works; both days are inclusive."""
    lines, dated = list(hours), [one for one in exceptions if one.date not in closed]
    left_out = closed | {one.date for one in dated if one.replaces}
    week = [_weekly(line, left_out, first, zone) for line in lines if not line.is_break]
    breaks = [_weekly(line, left_out, first, zone) for line in lines if line.is_break]
    single = [_event(one.date, one.start, one.end, zone) for one in dated if one.start and one.end]
    days = (first, last, zone)
    return (_quarters(week, *days) - _quarters(breaks, *days)) | _quarters(single, *days)


def beginnings(quarters: set[int], *, taken: set[int], length: int, step: int) -> list[datetime]:
    """When a visit of `length` quarters may begin: every `step` quarters from the start of each unbroken stretch."""
    found = []
    for quarter in sorted(quarters):
        opening = quarter
        while opening - 1 in quarters:
            opening -= 1
        whole = set(range(quarter, quarter + length))
        if (quarter - opening) % step == 0 and whole <= quarters - taken:
            found.append(datetime.fromtimestamp(quarter * 900, UTC))
    return found


def _weekly(line: Hours, left_out: set[date], first: date, zone: str) -> str:
    since = line.first_date or first
    day = since - timedelta(days=since.weekday()) + timedelta(days=line.weekday)
    if line.last_date and line.last_date < day:
        return ""
    rule = f"RRULE:FREQ=WEEKLY;INTERVAL={line.every_weeks};WKST=MO"
    if line.last_date:
        until = datetime.combine(line.last_date, time(23, 59), ZoneInfo(zone)).astimezone(UTC)
        rule += f";UNTIL={until:%Y%m%dT%H%M%SZ}"
    gone = sorted(left_out | ({day} if day < since else set()))
    not_then = [f"EXDATE;TZID={zone}:{one:%Y%m%d}T{line.start:%H%M%S}" for one in gone]
    return _event(day, line.start, line.end, zone, rule, *not_then)


def _event(day: date, start: time, end: time, zone: str, *more: str) -> str:
    return "\r\n".join(
        (
            "BEGIN:VEVENT",
            f"UID:{next(_numbers)}@example.org",
            "DTSTAMP:20260101T000000Z",
            f"DTSTART;TZID={zone}:{day:%Y%m%d}T{start:%H%M%S}",
            f"DTEND;TZID={zone}:{day:%Y%m%d}T{end:%H%M%S}",
            *more,
            "END:VEVENT",
        )
    )


def _quarters(events: list[str], first: date, last: date, zone: str) -> set[int]:
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", *filter(None, events), "END:VCALENDAR", "")
    here = ZoneInfo(zone)
    span = (datetime.combine(first, time(), here), datetime.combine(last + timedelta(days=1), time(), here))
    found = recurring_ical_events.of(Calendar.from_ical("\r\n".join(lines))).between(*span)
    return {quarter for one in found for quarter in _between(one["DTSTART"].dt, one["DTEND"].dt)}


def _between(start: datetime, end: datetime) -> Iterator[int]:
    yield from range(int(start.timestamp()) // 900, int(end.timestamp()) // 900)
