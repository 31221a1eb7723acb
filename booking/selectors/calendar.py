"""The week of each therapist: hours, time off, and what is in them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from booking.models import Appointment, Location, Practitioner, Schedule, TimeOff
from booking.rules.availability import Hours, working_windows
from booking.rules.intervals import Interval
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.openings import occupying
from booking.selectors.time_off import displacing
from intake.models import User


@dataclass(frozen=True, slots=True)
class Day:
    """One therapist's day: hours and time off in UTC, visits in order. `visits` have `displaced` as an attribute."""

    date: date
    hours: tuple[Interval, ...]
    away: tuple[TimeOff, ...]
    visits: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One therapist's days."""

    practitioner: Practitioner
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Days of one clinic, therapists as columns."""

    location: Location
    dates: tuple[date, ...]
    columns: tuple[Column, ...]


def week(
    *,
    location: Location,
    first_date: date,
    days: int = 7,
    practitioner: Practitioner | None = None,
    by: User,
    now: datetime,
) -> Week:
    """So many days from `first_date` on, of one therapist or of all who work there; holds that are live are in it.

    Visits that `by` may not see are left out.
    """
    zone = location.time_zone
    dates = tuple(first_date + timedelta(days=number) for number in range(days))
    span = Interval(start_of_day(dates[0], zone), start_of_day(dates[-1] + timedelta(days=1), zone))
    who = _practitioners(location, practitioner)
    hours = _hours(location, who)
    away = _time_off(location, who, span)
    visits = _visits(location, who, span, by, now)

    def day_of(one: Practitioner, day: date) -> Day:
        return Day(
            day,
            tuple(working_windows(hours[one.pk], from_date=day, to_date=day, zone=zone)),
            tuple(gone for gone in away if _touches(gone, one, day, zone)),
            tuple(visits[one.pk, day]),
        )

    return Week(location, dates, tuple(Column(one, tuple(day_of(one, day) for day in dates)) for one in who))


def _practitioners(location: Location, practitioner: Practitioner | None) -> list[Practitioner]:
    if practitioner is not None:
        return [practitioner]
    works_here = Schedule.objects.filter(location=location).values("practitioner")
    return list(Practitioner.objects.filter(active=True, pk__in=works_here))


def _time_off(location: Location, who: list[Practitioner], span: Interval) -> list[TimeOff]:
    whose = Q(practitioner__in=who) | Q(practitioner__isnull=True, location=location)
    return list(TimeOff.objects.filter(whose, start__lt=span.end, end__gt=span.start).order_by("start"))


def _hours(location: Location, who: Iterable[Practitioner]) -> dict[UUID, list[Hours]]:
    hours: dict[UUID, list[Hours]] = defaultdict(list)
    for line in Schedule.objects.filter(location=location, practitioner__in=who):
        hours[line.practitioner_id].append(
            Hours(line.weekday, line.start_time, line.end_time, line.first_date, line.last_date)
        )
    return hours


def _visits(
    location: Location, who: Iterable[Practitioner], span: Interval, by: User, now: datetime
) -> dict[tuple[UUID, date], list[Appointment]]:
    visits: dict[tuple[UUID, date], list[Appointment]] = defaultdict(list)
    found = appointments_visible_to(by, now=now).filter(
        pk__in=occupying(now=now)
        .filter(location=location, practitioner__in=who, start__gte=span.start, start__lt=span.end)
        .values("pk")
    )
    for visit in found.annotate(displaced=displacing()).order_by("start", "pk").distinct():
        visits[visit.practitioner_id, wall_date(visit.start, location.time_zone)].append(visit)
    return visits


def _touches(time_off: TimeOff, practitioner: Practitioner, day: date, zone: str) -> bool:
    mine = time_off.practitioner_id in (None, practitioner.pk)
    begins, ends = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    return mine and time_off.start < ends and time_off.end > begins
