"""Finding a therapist's time and a room for a visit: unlocked to know what to lock, then again under the locks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from booking.errors import SlotNotOffered, SlotTaken
from booking.models import Appointment, HealthcareService, Location, Practitioner
from booking.rules.availability import Desk, is_worked, pick_room
from booking.rules.intervals import Interval, Taken
from booking.rules.walltime import wall_text
from booking.selectors.openings import Notice, desks_of, shape_of, taken_between
from booking.selectors.practitioners import practitioners_for
from booking.services.states import SYSTEM, end_as_cancelled, record_change

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A time, a therapist, and a room that is free for all of it."""

    visit: Interval
    occupied: Interval
    practitioner_id: UUID
    location: Location
    room_id: UUID | None

    def as_fields(self) -> dict[str, Any]:
        """The fields of an appointment that stands in this place."""
        return {
            "start": self.visit.start,
            "end": self.visit.end,
            "occupied": as_range(self.occupied),
            "practitioner_id": self.practitioner_id,
            "location": self.location,
            "room_id": self.room_id,
            "wall_start": wall_text(self.visit.start, self.location.time_zone),
            "time_zone": self.location.time_zone,
        }


def as_range(interval: Interval) -> DateTimeTZRange:
    """The interval as PostgreSQL stores it."""
    return DateTimeTZRange(interval.start, interval.end, "[)")


def require_real_time(start: datetime, now: datetime) -> None:
    """Refuse moments so far off that arithmetic with them would leave the calendar.

    :raises SlotNotOffered: it is over, or years ahead
    """
    if not now <= start <= now + 800 * _DAY:
        raise SlotNotOffered


def desk_at(
    *, service: HealthcareService, practitioner: Practitioner, start: datetime, notice: Notice, now: datetime
) -> Desk:
    """Where this therapist could take the service at that time, as far as hours, time off and notice go.

    :raises SlotNotOffered: nowhere
    """
    require_real_time(start, now)
    who = practitioners_for(service).filter(pk=practitioner.pk)
    for desk in desks_of(
        service=service,
        practitioners=list(who),
        from_date=(start - _DAY).date(),
        to_date=(start + _DAY).date(),
        notice=notice,
        now=now,
    ):
        if desk.earliest <= start and is_worked(
            desk.windows, away=desk.away, shape=shape_of(service), step=desk.step, start=start
        ):
            return desk
    raise SlotNotOffered


def rooms_of(desk: Desk) -> list[UUID]:
    """The rooms that must be locked before one is picked."""
    return [room.id for room in desk.rooms or ()]


def find_place(
    *,
    service: HealthcareService,
    practitioner: Practitioner,
    start: datetime,
    notice: Notice,
    moving: Appointment | None = None,
    now: datetime,
) -> Place:
    """Look again at everything, under the locks of the therapist and the rooms; ends holds on that time that ran out.

    :raises SlotNotOffered: nobody works then, or the notice is too short
    :raises SlotTaken: the therapist or every room is taken
    """
    desk = desk_at(service=service, practitioner=practitioner, start=start, notice=notice, now=now)
    shape = shape_of(service)
    occupied = shape.occupied(start)
    _end_stale_holds(occupied, practitioner=practitioner.pk, rooms=rooms_of(desk), now=now)
    taken, rooms_taken = taken_between(occupied.start, occupied.end, besides=moving, now=now)
    if not taken.get(practitioner.pk, Taken()).leaves_free(occupied):
        raise SlotTaken
    room = None
    if desk.rooms is not None:
        room = pick_room(desk.rooms, taken=rooms_taken, occupied=occupied)
        if room is None:
            raise SlotTaken
    return Place(
        visit=shape.visit(start),
        occupied=occupied,
        practitioner_id=practitioner.pk,
        location=Location.objects.get(pk=desk.location),
        room_id=room.id if room else None,
    )


def _end_stale_holds(occupied: Interval, *, practitioner: UUID, rooms: list[UUID], now: datetime) -> None:
    stale = Appointment.objects.filter(
        Q(practitioner=practitioner) | Q(room__in=rooms),
        status=Appointment.Status.PROPOSED,
        hold_expires_at__lte=now,
        occupied__overlap=as_range(occupied),
    )
    for hold in stale.order_by("pk").select_for_update(no_key=True):
        end_as_cancelled(hold, reason=Appointment.CancelReason.HOLD_EXPIRED, now=now)
        hold.save()
        record_change(appointment=hold, action="hold-expired", role=SYSTEM, now=now)
