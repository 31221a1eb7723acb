"""What the pure rules need to know of hours, time off, rooms and taken time, in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import RangeBoundary
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Min, QuerySet, UUIDField, Value

from booking.models import Appointment, HealthcareService, Location, Practitioner, Room, RoomClosure
from booking.models.appointment import OCCUPYING, TsTzRange
from booking.rules import walltime
from booking.rules.availability import Desk, RoomChoice, Shape
from booking.rules.intervals import Interval, Taken
from booking.rules.policy import notice_minutes
from booking.selectors.practitioners import needles
from booking.selectors.working_time import WorkingTime, working_time_of

_DAY = timedelta(days=1)  # more than any visit lasts, and than any zone is away from UTC
_FAR = timedelta(days=800)  # further than anyone books; keeps dates inside the calendar
# Each therapist's and each room's taken time through its own index (those of the exclusion constraints), as whole
# seconds: a month of them is read ten times faster than as rows of ranges, and other therapists' are not read at all.
_LIVE = """a.occupied && tstzrange(%(first)s, %(last)s) AND NOT (a.status IN ('cancelled', 'entered-in-error'))
  AND NOT (a.status = 'proposed' AND a.hold_expires_at <= %(now)s) AND a.id IS DISTINCT FROM %(besides)s::uuid"""
_TAKEN = f"""
SELECT one.id, NULL::uuid, NULL, NULL::varchar[], taken.* FROM unnest(%(people)s::uuid[]) one(id), LATERAL (
  SELECT array_agg(floor(date_part('epoch', lower(a.occupied)))::bigint),
         array_agg(ceil(date_part('epoch', upper(a.occupied)))::bigint),
         CASE WHEN one.id = ANY(%(counted)s::uuid[]) THEN array_agg(floor(date_part('epoch', a.start))::bigint) END
  FROM booking_appointment a WHERE a.practitioner_id = one.id AND {_LIVE}) taken
UNION ALL
SELECT r.id, r.location_id, r.name, r.kinds, taken.*, NULL FROM booking_room r, LATERAL (
  SELECT array_agg(floor(date_part('epoch', b.start))::bigint),
         array_agg(ceil(date_part('epoch', b."end"))::bigint) FROM (
    SELECT lower(a.occupied) AS start, upper(a.occupied) AS "end" FROM booking_appointment a
    WHERE a.room_id = r.id AND {_LIVE}
    UNION ALL
    SELECT c.start, c."end" FROM booking_roomclosure c
    WHERE c.room_id = r.id AND c.start < %(last)s AND c."end" > %(first)s) b) taken
WHERE r.active AND r.location_id = ANY(%(places)s::uuid[]) AND %(room_kind)s = ANY(r.kinds)
"""  # noqa: S608 - made of our own words


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
    rooms = list(rooms_for(service, [one.location.pk for one in found])) if service.room_kind else []
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

    Four queries, which read of each therapist and room only what is taken on these days, through the index of its own
    time: a long history and other therapists cost nothing.
    """
    days = _sensible(from_date, to_date, now)
    if days is None:
        return Openings([], {}, {})
    people = list(who)
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
    taken, rooms = _taken_time(asked)
    desks = _desks(service, people, found, [room for room, _ in rooms], days, notice, now)
    return Openings(desks, taken, {room.pk: shut for room, shut in rooms})


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
    rooms = list(rooms_for(service, [found.location.pk])) if service.room_kind else []
    days = (day - _DAY, day + _DAY)
    [desk] = _desks(service, [practitioner], [found], rooms, days, notice, now)
    return replace(desk, windows=found.windows(from_date=days[0], to_date=days[1]))


def occupying(*, now: datetime) -> QuerySet[Appointment]:
    """Appointments that take up time: not cancelled, and no hold that has run out."""
    return Appointment.objects.filter(OCCUPYING).exclude(status=Appointment.Status.PROPOSED, hold_expires_at__lte=now)


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
    rooms: Iterable[Room],
    days: tuple[date, date],
    notice: Notice,
    now: datetime,
) -> list[Desk]:
    people = {one.pk: one for one in practitioners}
    found = list(found)
    gaps = {} if notice.by_staff else _useful_gaps(found)
    choices: dict[UUID, list[RoomChoice]] = defaultdict(list)
    for room in rooms:
        choices[room.location_id].append(RoomChoice(room.pk, room.name, tuple(room.kinds)))
    return [
        Desk(
            practitioner=one.practitioner,
            location=one.location.pk,
            windows=_windows(one, days, _needles_until(service, people[one.practitioner]), now),
            away=[away.interval for away in one.away],
            rooms=choices[one.location.pk] if service.room_kind else None,
            step=one.location.slot_step_minutes,
            earliest=now + timedelta(minutes=notice.minutes_at(one.location)),
            zone=one.location.time_zone,
            useful_gap=gaps.get((one.practitioner, one.location.pk)),
            visits_a_day=people[one.practitioner].visits_per_day,
        )
        for one in found
    ]


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


def _taken_time(asked: Mapping[str, Any]) -> tuple[dict[UUID, Taken], list[tuple[Room, Taken]]]:
    """Taken time of therapists (with the beginnings of their visits where they are counted), and rooms with theirs."""
    by_practitioner: dict[UUID, Taken] = {}
    rooms: list[tuple[Room, Taken]] = []
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, asked)
        for pk, location, name, kinds, starts, ends, visits in cursor.fetchall():
            taken = Taken.of_seconds(starts or (), ends or (), visits=visits or ())
            if location is None:
                by_practitioner[pk] = taken
            else:
                rooms.append((Room(id=pk, location_id=location, name=name, kinds=kinds), taken))
    return by_practitioner, rooms


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
