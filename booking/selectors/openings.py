"""What the pure rules need to know of hours, time off, rooms and taken time, in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from booking.models import Appointment, HealthcareService, Location, Practitioner, Room, Schedule, TimeOff
from booking.models.appointment import OCCUPYING
from booking.rules import walltime
from booking.rules.availability import Desk, Hours, RoomChoice, Shape, working_windows
from booking.rules.intervals import Interval, Taken
from booking.rules.policy import notice_minutes
from booking.selectors.practitioners import needles

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
    from_date = max(from_date, (now - _DAY).date())
    to_date = min(to_date, (now + _FAR).date())
    if from_date > to_date:
        return []
    schedules = Schedule.objects.filter(practitioner__in=practitioners).select_related("location")
    if location is not None:
        schedules = schedules.filter(location=location)
    lines: dict[tuple[UUID, Location], list[Hours]] = defaultdict(list)
    for line in schedules:
        lines[line.practitioner_id, line.location].append(
            Hours(line.weekday, line.start_time, line.end_time, line.first_date, line.last_date)
        )
    places = {place for _, place in lines}
    away = _time_off(practitioners, from_date=from_date, to_date=to_date)
    rooms = _rooms(service, places)
    authorised_until = {one.pk: one.needling_authorised_until for one in practitioners if needles(service)}
    return [
        Desk(
            practitioner=practitioner,
            location=place.pk,
            windows=_windows(hours, place, from_date, to_date, authorised_until.get(practitioner), now),
            away=[gone for who, where, gone in away if who == practitioner or (who is None and where == place.pk)],
            rooms=rooms[place.pk] if service.room_kind else None,
            step=place.slot_step_minutes,
            earliest=now + timedelta(minutes=notice.minutes_at(place)),
        )
        for (practitioner, place), hours in lines.items()
    ]


def occupying(*, now: datetime) -> QuerySet[Appointment]:
    """Appointments that take up time: not cancelled, and no hold that has run out."""
    return Appointment.objects.filter(OCCUPYING).exclude(status=Appointment.Status.PROPOSED, hold_expires_at__lte=now)


def taken_between(
    first: datetime, last: datetime, *, besides: Appointment | None = None, now: datetime
) -> tuple[dict[UUID, Taken], dict[UUID, Taken]]:
    """Taken time by therapist and by room, of visits that start a day around these moments. `besides` doesn't count."""
    rows = occupying(now=now).filter(start__gte=first - _DAY, start__lt=last + _DAY)
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    by_practitioner: dict[UUID, list[Interval]] = defaultdict(list)
    by_room: dict[UUID, list[Interval]] = defaultdict(list)
    for practitioner, room, occupied in rows.values_list("practitioner_id", "room_id", "occupied"):
        interval = Interval(occupied.lower, occupied.upper)
        by_practitioner[practitioner].append(interval)
        if room is not None:
            by_room[room].append(interval)
    return (
        {one: Taken(intervals) for one, intervals in by_practitioner.items()},
        {one: Taken(intervals) for one, intervals in by_room.items()},
    )


def rooms_for(service: HealthcareService, location_ids: Iterable[UUID]) -> QuerySet[Room]:
    """Rooms in use that suit the service."""
    return Room.objects.filter(active=True, location__in=location_ids, kinds__contains=[service.room_kind])


def _windows(
    hours: Iterable[Hours],
    place: Location,
    from_date: date,
    to_date: date,
    authorised_until: date | None,
    now: datetime,
) -> list[Interval]:
    today = walltime.wall_date(now, place.time_zone)
    first = max(from_date, today)
    last = min(to_date, today + timedelta(days=place.days_ahead), authorised_until or date.max)
    return working_windows(hours, from_date=first, to_date=last, zone=place.time_zone)


def _time_off(
    practitioners: Sequence[Practitioner], *, from_date: date, to_date: date
) -> list[tuple[UUID | None, UUID, Interval]]:
    rows = TimeOff.objects.filter(
        Q(practitioner__in=practitioners) | Q(practitioner__isnull=True),
        start__lt=_midnight(to_date) + 2 * _DAY,
        end__gt=_midnight(from_date) - _DAY,
    )
    return [(row.practitioner_id, row.location_id, Interval(row.start, row.end)) for row in rows]


def _rooms(service: HealthcareService, places: Iterable[Location]) -> dict[UUID, list[RoomChoice]]:
    rooms: dict[UUID, list[RoomChoice]] = defaultdict(list)
    if service.room_kind:
        for room in rooms_for(service, [place.pk for place in places]):
            rooms[room.location_id].append(RoomChoice(room.pk, room.name, tuple(room.kinds)))
    return rooms


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
