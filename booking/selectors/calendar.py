"""The week of each therapist: hours, time off, and what is in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from django.db.models import Q

from booking.models import Appointment, Location, Practitioner, RoomClosure, TimeOff
from booking.rules.intervals import Interval
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.holidays import closed_days_of
from booking.selectors.openings import occupying
from booking.selectors.outside_hours import Uncovered, uncovered
from booking.selectors.time_off import displacing, room_closing
from booking.selectors.working_time import working_time_of
from intake.models import User


@dataclass(frozen=True, slots=True)
class Day:
    """One therapist's day: hours, time off and what their own calendar says in UTC, visits in order; the name of the
    day on which the clinic is closed. `visits` have `displaced` and `room_closed` as attributes.
    """

    date: date
    hours: tuple[Interval, ...]
    away: tuple[TimeOff, ...]
    busy: tuple[Interval, ...]
    visits: tuple[Appointment, ...]
    closed: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """One therapist's days."""

    practitioner: Practitioner
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Days of one clinic, therapists as columns, which of its rooms can't be used in them, and which visits their
    therapist's hours or authorisation don't cover.
    """

    location: Location
    dates: tuple[date, ...]
    columns: tuple[Column, ...]
    closed_rooms: tuple[RoomClosure, ...]
    beyond: Mapping[UUID, Uncovered]


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
    closed = closed_days_of(location, from_date=dates[0], to_date=dates[-1])
    working = {
        one.practitioner: one
        for one in working_time_of(practitioners=who, location=location, from_date=dates[0], to_date=dates[-1])
    }
    away = _time_off(location, who, span)
    visits = _visits(location, who, span, by, now)

    def day_of(one: Practitioner, day: date) -> Day:
        works = working.get(one.pk)
        whole = Interval(start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone))
        return Day(
            date=day,
            hours=tuple(works.windows(from_date=day, to_date=day)) if works else (),
            away=tuple(gone for gone in away if _touches(gone, one, day, zone)),
            busy=tuple(works.busy_in(whole)) if works else (),
            visits=tuple(visits[one.pk, day]),
            closed=closed.get(day),
        )

    columns = tuple(Column(one, tuple(day_of(one, day) for day in dates)) for one in who)
    beyond = uncovered(chain.from_iterable(visits.values()))
    return Week(location, dates, columns, _closed_rooms(location, span), beyond)


def week_to_show(location: Location, *, now: datetime) -> date:
    """Today; or the coming Monday, when nobody works any more in this week and no visit is still to come in it."""
    zone = location.time_zone
    today = wall_date(now, zone)
    sunday = today + timedelta(days=6 - today.weekday())
    monday = sunday + timedelta(days=1)
    working = working_time_of(
        practitioners=_practitioners(location, None), location=location, from_date=today, to_date=sunday
    )
    ahead = occupying(now=now).filter(location=location, end__gt=now, start__lt=start_of_day(monday, zone))
    goes_on = any(one.end > now for works in working for one in works.windows(from_date=today, to_date=sunday))
    return today if goes_on or ahead.exists() else monday


def span_of_day(location: Location, day: date, *, now: datetime) -> Interval | None:
    """From when until when anybody works or is expected on a day; None if nobody does or is."""
    zone = location.time_zone
    begins, ends = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    working = working_time_of(
        practitioners=_practitioners(location, None), location=location, from_date=day, to_date=day
    )
    stretches = [one for works in working for one in works.windows(from_date=day, to_date=day)]
    visits = occupying(now=now).filter(location=location, start__gte=begins, start__lt=ends)
    stretches += [Interval(*one) for one in visits.values_list("start", "end")]
    if not stretches:
        return None
    return Interval(min(one.start for one in stretches), max(one.end for one in stretches))


def _practitioners(location: Location, practitioner: Practitioner | None) -> list[Practitioner]:
    if practitioner is not None:
        return [practitioner]
    works_here = Q(schedules__location=location) | Q(day_schedules__location=location)
    return list(Practitioner.objects.filter(works_here, active=True).distinct())


def _time_off(location: Location, who: list[Practitioner], span: Interval) -> list[TimeOff]:
    whose = Q(practitioner__in=who) | Q(practitioner__isnull=True, location=location)
    return list(TimeOff.objects.filter(whose, start__lt=span.end, end__gt=span.start).order_by("start"))


def _closed_rooms(location: Location, span: Interval) -> tuple[RoomClosure, ...]:
    touching = RoomClosure.objects.filter(room__location=location, start__lt=span.end, end__gt=span.start)
    return tuple(touching.select_related("room").order_by("start", "room__name"))


def _visits(
    location: Location, who: Iterable[Practitioner], span: Interval, by: User, now: datetime
) -> dict[tuple[UUID, date], list[Appointment]]:
    visits: dict[tuple[UUID, date], list[Appointment]] = defaultdict(list)
    found = appointments_visible_to(by, now=now).filter(
        pk__in=occupying(now=now)
        .filter(location=location, practitioner__in=who, start__gte=span.start, start__lt=span.end)
        .values("pk")
    )
    found = found.select_related("offer__entry__patient", "offer__instead_of__patient")
    found = found.annotate(displaced=displacing(), room_closed=room_closing())
    for visit in found.order_by("start", "pk"):
        visits[visit.practitioner_id, wall_date(visit.start, location.time_zone)].append(visit)
    return visits


def _touches(time_off: TimeOff, practitioner: Practitioner, day: date, zone: str) -> bool:
    mine = time_off.practitioner_id in (None, practitioner.pk)
    begins, ends = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    return mine and time_off.start < ends and time_off.end > begins
