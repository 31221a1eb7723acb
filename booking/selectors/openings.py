"""What the pure rules need to know of hours, time off, rooms and taken time, in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.fields import RangeBoundary
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Min, QuerySet, UUIDField, Value

from booking.models import Appointment, HealthcareService, Location, Practitioner, Room, RoomClosure
from booking.models.appointment import OCCUPYING, TsTzRange
from booking.rules import walltime
from booking.rules.availability import Desk, RoomChoice, Shape
from booking.rules.intervals import Interval, Taken
from booking.rules.policy import notice_minutes
from booking.selectors.practitioners import needles
from booking.selectors.taken_time import taken_time_of
from booking.selectors.working_time import WorkingTime, working_time_of

_DAY = timedelta(days=1)  # more than any visit lasts, and than any zone is away from UTC
_FAR = timedelta(days=800)  # further than anyone books; keeps dates inside the calendar


@dataclass(frozen=True, slots=True)
class Notice:
    """Who asks for a time, as far as the notice goes."""

    is_request: bool = False
    by_staff: bool = False

    def minutes_at(self, location: Location) -> int:
        return notice_minutes(
            minimum=location.minimum_notice_minutes,
            for_request=location.request_notice_minutes,
            is_request=self.is_request,
            by_staff=self.by_staff,
        )


def shape_of(service: HealthcareService) -> Shape:
    """The time a service takes, with its buffers."""
    return Shape(minutes=service.minutes, before=service.buffer_before, after=service.buffer_after)


def desks_of(
    *,
    service: HealthcareService,
    practitioners: Sequence[Practitioner],
    from_date: date,
    to_date: date,
    location: Location | None = None,
    notice: Notice,
    now: datetime,
) -> list[Desk]:
    """Where and when these therapists work on these days (`to_date` inclusive), one entry for each therapist and
    clinic.

    Days before today and beyond the clinic's `days_ahead` are left out.
    """
    days = _sensible(from_date, to_date, now)
    if days is None:
        return []
    found = working_time_of(practitioners=practitioners, location=location, from_date=days[0], to_date=days[1])
    rooms = _choices(service, [one.location.pk for one in found])
    return _desks(service, practitioners, found, rooms, days, notice, now)


@dataclass(frozen=True, slots=True)
class Openings:
    """Desks, and what is taken of their therapists and rooms: all that `open_slots` asks for."""

    desks: Sequence[Desk]
    taken: Mapping[UUID, Taken]
    rooms_taken: Mapping[UUID, Taken]


def openings_of(
    *,
    service: HealthcareService,
    who: QuerySet[Practitioner],
    from_date: date,
    to_date: date,
    location: Location | None = None,
    besides: Appointment | None = None,
    notice: Notice,
    now: datetime,
) -> Openings:
    """The desks of these therapists with what is taken there; `besides` doesn't count, nor does its course.

    Three queries (one more where rooms are short), which read of each therapist and room only what is taken on these
    days, through the index of its own time: a long history and other therapists cost nothing.
    """
    days = _sensible(from_date, to_date, now)
    if days is None:
        return Openings([], {}, {})
    people = list(who.order_by().only("visits_per_day", "needling_authorised_until"))
    found = working_time_of(practitioners=people, location=location, from_date=days[0], to_date=days[1])
    asked = {
        "people": [one.pk for one in people],
        "places": list({one.location.pk for one in found}) if service.room_kind else [],
        "room_kind": service.room_kind,
        "first": _midnight(days[0]) - 2 * _DAY,
        "last": _midnight(days[1]) + 3 * _DAY,
        "counted": [one.pk for one in people if one.visits_per_day is not None],
        "besides": besides.pk if besides else None,
        "now": now,
    }
    taken = taken_time_of(asked)
    return Openings(_desks(service, people, found, taken.rooms, days, notice, now), taken.people, taken.rooms_taken)


def desk_unbounded(
    service: HealthcareService,
    practitioner: Practitioner,
    found: WorkingTime,
    *,
    day: date,
    notice: Notice,
    now: datetime,
) -> Desk:
    """The desk around one day with all its hours, be they past, too far ahead or without authorisation."""
    days = (day - _DAY, day + _DAY)
    [desk] = _desks(service, [practitioner], [found], _choices(service, [found.location.pk]), days, notice, now)
    return replace(desk, windows=found.windows(from_date=days[0], to_date=days[1]))


def occupying(*, now: datetime) -> QuerySet[Appointment]:
    """Appointments that take up time: not cancelled, and no hold that has run out."""
    return Appointment.objects.filter(OCCUPYING).exclude(status=Appointment.Status.PROPOSED, hold_expires_at__lte=now)


def as_range(interval: Interval) -> DateTimeTZRange:
    """The interval as PostgreSQL stores it."""
    return DateTimeTZRange(interval.start, interval.end, "[)")


def taken_between(
    first: datetime, last: datetime, *, besides: Appointment | None = None, now: datetime
) -> tuple[dict[UUID, Taken], dict[UUID, Taken]]:
    """Taken time by therapist and by room, of visits that start a day around these moments, and of rooms that are
    closed. `besides` doesn't count.
    """
    rows = occupying(now=now).filter(start__gte=first - _DAY, start__lt=last + _DAY)
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    by_practitioner: dict[UUID, list[Interval]] = defaultdict(list)
    visits: dict[UUID, list[datetime]] = defaultdict(list)
    by_room: dict[UUID, list[Interval]] = defaultdict(list)
    taken = rows.order_by().values_list("practitioner_id", "room_id", "occupied", "start")
    for practitioner, room, occupied, start in taken.union(_closed_rooms(first - _DAY, last + _DAY), all=True):
        interval = Interval(occupied.lower, occupied.upper)
        if practitioner is not None:
            by_practitioner[practitioner].append(interval)
            visits[practitioner].append(start)
        if room is not None:
            by_room[room].append(interval)
    return (
        {one: Taken(intervals, visits=visits[one]) for one, intervals in by_practitioner.items()},
        {one: Taken(intervals) for one, intervals in by_room.items()},
    )


def _closed_rooms(
    first: datetime, last: datetime
) -> QuerySet[RoomClosure, tuple[None, UUID, DateTimeTZRange, datetime]]:
    """Rows as of a visit without a therapist."""
    closed = RoomClosure.objects.filter(start__lt=last, end__gt=first).annotate(
        nobody=Value(None, output_field=UUIDField()), occupied=TsTzRange(F("start"), F("end"), RangeBoundary())
    )
    return closed.values_list("nobody", "room_id", "occupied", "start")


def rooms_for(service: HealthcareService, location_ids: Iterable[UUID]) -> QuerySet[Room]:
    """Rooms in use that suit the service."""
    return Room.objects.filter(active=True, location__in=location_ids, kinds__contains=[service.room_kind])


def _sensible(from_date: date, to_date: date, now: datetime) -> tuple[date, date] | None:
    """The days without those that nobody can book any more, or not yet; None if no day is left."""
    first, last = max(from_date, (now - _DAY).date()), min(to_date, (now + _FAR).date())
    return (first, last) if first <= last else None


def _desks(
    service: HealthcareService,
    practitioners: Sequence[Practitioner],
    found: Iterable[WorkingTime],
    rooms: Mapping[UUID, Iterable[RoomChoice]],
    days: tuple[date, date],
    notice: Notice,
    now: datetime,
) -> list[Desk]:
    people = {one.pk: one for one in practitioners}
    found = list(found)
    gaps = {} if notice.by_staff else _useful_gaps(found)
    return [
        Desk(
            practitioner=one.practitioner,
            location=one.location.pk,
            windows=_windows(one, days, _needles_until(service, people[one.practitioner]), now),
            away=[away.interval for away in one.away],
            rooms=rooms.get(one.location.pk, ()) if service.room_kind else None,
            step=one.location.slot_step_minutes,
            earliest=now + timedelta(minutes=notice.minutes_at(one.location)),
            zone=one.location.time_zone,
            useful_gap=gaps.get((one.practitioner, one.location.pk)),
            visits_a_day=people[one.practitioner].visits_per_day,
        )
        for one in found
    ]


def _choices(service: HealthcareService, location_ids: Iterable[UUID]) -> dict[UUID, list[RoomChoice]]:
    """The rooms that suit the service, by clinic."""
    choices: dict[UUID, list[RoomChoice]] = defaultdict(list)
    for room in rooms_for(service, location_ids) if service.room_kind else ():
        choices[room.location_id].append(RoomChoice(room.pk, room.name, tuple(room.kinds)))
    return choices


def _windows(found: WorkingTime, days: tuple[date, date], last_date: date, now: datetime) -> list[Interval]:
    today = walltime.wall_date(now, found.location.time_zone)
    horizon = today + timedelta(days=found.location.days_ahead)
    return found.windows(from_date=max(days[0], today), to_date=min(days[1], horizon, last_date))


def _needles_until(service: HealthcareService, practitioner: Practitioner) -> date:
    return (needles(service) and practitioner.needling_authorised_until) or date.max


def _useful_gaps(found: Iterable[WorkingTime]) -> dict[tuple[UUID, UUID], int]:
    """Minutes of the shortest visit that can be booked online with each therapist, where the clinic minds holes.

    Not for staff: they see the holes.
    """
    minding = [(one.practitioner, one.location.pk) for one in found if one.location.keeps_gaps_useful]
    if not minding:
        return {}
    online = HealthcareService.objects.filter(online=True, practitioners__in={who for who, _ in minding})
    minutes = F("minutes") + F("buffer_before") + F("buffer_after")
    least = dict(online.order_by().values_list("practitioners").annotate(least=Min(minutes)))
    return {desk: least[desk[0]] for desk in minding if desk[0] in least}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
