"""When therapists work and when they are away, in one query for all of them."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from booking.models import Location, Practitioner
from booking.rules.hours import DayHours, Hours, working_windows
from booking.rules.intervals import Interval, overlaps, union
from booking.selectors.holidays import closed_days

Line = TypeVar("Line")

_DAY = timedelta(days=1)  # more than any zone is away from UTC


# By hand, because they are part of every list of times, and building them anew would cost more than running them.
_PLACES = """
SELECT l.*,
  (SELECT json_agg(json_build_array(s.practitioner_id, s.weekday, s.start_time, s.end_time, s.first_date, s.last_date,
                                    s.every_weeks, s.is_break) ORDER BY s.id)::text
   FROM booking_schedule s WHERE s.location_id = l.id AND s.practitioner_id = ANY(%(ids)s::uuid[])) AS week_lines,
  (SELECT json_agg(json_build_array(d.practitioner_id, d.date, d.start_time, d.end_time, d.replaces)
                   ORDER BY d.id)::text
   FROM booking_dayschedule d WHERE d.location_id = l.id AND d.practitioner_id = ANY(%(ids)s::uuid[])
     AND d.date BETWEEN %(first)s AND %(last)s) AS day_lines,
  (SELECT json_agg(json_build_array(h.date, h.open, h.name) ORDER BY h.date)::text
   FROM booking_holidayoverride h WHERE h.location_id = l.id AND h.date BETWEEN %(first)s AND %(last)s) AS overrides,
  (SELECT json_agg(json_build_array(a.practitioner_id, a.kind, a.start, a."end") ORDER BY a.start, a."end")::text FROM (
     SELECT t.practitioner_id, 'time-off' AS kind, t.start, t."end" FROM booking_timeoff t
     WHERE t.practitioner_id = ANY(%(ids)s::uuid[]) OR (t.practitioner_id IS NULL AND t.location_id = l.id)
     UNION ALL
     SELECT b.practitioner_id, 'busy', b.start, b."end" FROM booking_busytime b
     WHERE b.practitioner_id = ANY(%(ids)s::uuid[])) a
   WHERE a.start < %(until)s AND a."end" > %(since)s) AS away_lines
FROM booking_location l WHERE %(location)s::uuid IS NULL OR l.id = %(location)s::uuid
"""


class AwayKind(StrEnum):
    TIME_OFF = "time-off"
    BUSY = "busy"  # in the therapist's own calendar


@dataclass(frozen=True, slots=True)
class Away:
    """A stretch in which somebody isn't there although they work."""

    kind: AwayKind
    interval: Interval


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """One therapist at one clinic: hours by the clock, dates on which the clinic is closed with their names, absences.

    It is complete for the dates it was asked for and no others.
    """

    practitioner: UUID
    location: Location
    hours: Sequence[Hours]
    exceptions: Sequence[DayHours]
    closed: Mapping[date, str]
    away: Sequence[Away]

    def windows(self, *, from_date: date, to_date: date) -> list[Interval]:
        """The working hours of these days in UTC, absences not taken out; `to_date` is inclusive."""
        return list(
            _windows(
                tuple(self.hours),
                tuple(self.exceptions),
                frozenset(self.closed),
                from_date,
                to_date,
                self.location.time_zone,
            )
        )

    def busy_in(self, span: Interval) -> list[Interval]:
        """When the therapist's own calendar says busy within this stretch, as separate stretches in order."""
        busy = union(away.interval for away in self.away if away.kind == AwayKind.BUSY)
        return [Interval(max(one.start, span.start), min(one.end, span.end)) for one in busy if overlaps(one, span)]


def working_time_of(
    *,
    practitioners: Iterable[Practitioner | UUID],
    location: Location | None = None,
    from_date: date,
    to_date: date,
) -> list[WorkingTime]:
    """One entry for each of these therapists and clinic where they have hours; `to_date` is inclusive."""
    ids = [one.pk if isinstance(one, Practitioner) else one for one in practitioners]
    if not ids:
        return []
    found = []
    for place in _places(ids, location, from_date=from_date, to_date=to_date):
        own = [(date.fromisoformat(day), is_open, name) for day, is_open, name in json.loads(place.overrides or "[]")]
        closed = closed_days(place.province, own, from_date=from_date, to_date=to_date)
        week, dated = _week(place.week_lines or "[]"), _dated(place.day_lines or "[]")
        away = _away(place.away_lines or "[]")
        everybody = away.get(None, ())
        found += [
            WorkingTime(one, place, week.get(one, ()), dated.get(one, ()), closed, [*away.get(one, ()), *everybody])
            for one in ids
            if one in week or one in dated
        ]
    return found


def _places(ids: list[UUID], location: Location | None, *, from_date: date, to_date: date) -> Iterable[Any]:
    """Clinics with what is written of these therapists' hours there, of their absences (wherever those were written),
    and of closed days, as JSON beside each row."""
    asked = {"ids": ids, "first": from_date, "last": to_date, "location": location.pk if location else None}
    asked |= {"since": _midnight(from_date) - _DAY, "until": _midnight(to_date) + 2 * _DAY}
    return Location.objects.raw(_PLACES, asked)


@lru_cache(maxsize=256)  # by the text itself, so what changes in the database is read anew
def _week(text: str) -> dict[UUID | None, tuple[Hours, ...]]:
    return _by_practitioner(json.loads(text), _hours)


@lru_cache(maxsize=256)
def _dated(text: str) -> dict[UUID | None, tuple[DayHours, ...]]:
    return _by_practitioner(json.loads(text), _day_hours)


@lru_cache(maxsize=256)
def _away(text: str) -> dict[UUID | None, tuple[Away, ...]]:
    """Absences by whose they are; None: the whole clinic's."""
    return _by_practitioner(json.loads(text), _absence)


def _by_practitioner(lines: Iterable[list[Any]], made: Callable[..., Line]) -> dict[UUID | None, tuple[Line, ...]]:
    by_practitioner: dict[UUID | None, list[Line]] = defaultdict(list)
    for practitioner, *line in lines:
        by_practitioner[UUID(practitioner) if practitioner else None].append(made(*line))
    return {one: tuple(made_of_it) for one, made_of_it in by_practitioner.items()}


def _hours(
    weekday: int, start: str, end: str, first: str | None, last: str | None, every_weeks: int, is_break: bool
) -> Hours:
    return Hours(
        weekday=weekday,
        start=time.fromisoformat(start),
        end=time.fromisoformat(end),
        first_date=date.fromisoformat(first) if first else None,
        last_date=date.fromisoformat(last) if last else None,
        every_weeks=every_weeks,
        is_break=is_break,
    )


def _day_hours(day: str, start: str | None, end: str | None, replaces: bool) -> DayHours:
    return DayHours(
        date=date.fromisoformat(day),
        start=time.fromisoformat(start) if start else None,
        end=time.fromisoformat(end) if end else None,
        replaces=replaces,
    )


def _absence(kind: str, start: str, end: str) -> Away:
    return Away(AwayKind(kind), Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)))


@lru_cache(maxsize=1024)
def _windows(
    hours: tuple[Hours, ...],
    exceptions: tuple[DayHours, ...],
    closed: frozenset[date],
    from_date: date,
    to_date: date,
    zone: str,
) -> tuple[Interval, ...]:
    """Asked anew with every list of times, of the same few therapists."""
    return tuple(
        working_windows(hours, exceptions=exceptions, closed=closed, from_date=from_date, to_date=to_date, zone=zone)
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
