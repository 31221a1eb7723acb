"""What keeps a therapist, a room or the whole clinic from being there, and the visits that lie in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from booking.models import Appointment, HolidayOverride, Location, Practitioner, Room, RoomClosure, TimeOff
from booking.rules.lifecycle import COMING
from booking.rules.walltime import start_of_day, wall_date

_IN_A_ROOM = (*COMING, Appointment.Status.ARRIVED)  # who is here already needs a room too


@dataclass(frozen=True, slots=True)
class Closure:
    """From when until when who or what is not there: a therapist, a room, or with neither the whole clinic."""

    id: UUID
    location: Location
    start: datetime
    end: datetime
    practitioner: Practitioner | None = None
    room: Room | None = None
    reason: str = ""
    whole_day: bool = False


def closure_with_id(closure_id: UUID) -> Closure | None:
    """The time off, the closed room or the closed day that has this id; None if it was taken out again."""
    away = TimeOff.objects.select_related("practitioner", "location").filter(pk=closure_id).first()
    if away is not None:
        return closure_of(away)
    shut = RoomClosure.objects.select_related("room__location").filter(pk=closure_id).first()
    if shut is not None:
        return closure_of(shut)
    holiday = HolidayOverride.objects.select_related("location").filter(pk=closure_id, open=False).first()
    return closure_of(holiday) if holiday is not None else None


def closure_of(row: TimeOff | RoomClosure | HolidayOverride) -> Closure:
    """A row of any kind as what it closes."""
    if isinstance(row, TimeOff):
        return Closure(row.pk, row.location, row.start, row.end, practitioner=row.practitioner, reason=row.reason)
    if isinstance(row, RoomClosure):
        return Closure(row.pk, row.room.location, row.start, row.end, room=row.room, reason=row.reason)
    zone = row.location.time_zone
    first, last = start_of_day(row.date, zone), start_of_day(row.date + timedelta(days=1), zone)
    return Closure(row.pk, row.location, first, last, reason=row.name, whole_day=True)


def displaced_by(closure: Closure, *, now: datetime) -> QuerySet[Appointment]:
    """Visits in this time that still stand as booked, in order; also today's whose hour is over, for who closes after
    the fact.
    """
    zone = closure.location.time_zone
    hit = Appointment.objects.filter(
        status__in=COMING if closure.room is None else _IN_A_ROOM,
        start__lt=closure.end,
        end__gt=max(closure.start, start_of_day(wall_date(now, zone), zone)),
    )
    if closure.room is not None:
        hit = hit.filter(room=closure.room)
    elif closure.practitioner is not None:
        hit = hit.filter(practitioner=closure.practitioner)
    else:
        hit = hit.filter(location=closure.location)
    return hit.order_by("start", "pk")
