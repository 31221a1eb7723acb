"""Finding a therapist's time and a room for a visit, under the therapist's lock; the room is locked when picked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from booking.errors import SlotNotOffered, SlotTaken
from booking.models import Appointment, DaySchedule, HealthcareService, Location, Practitioner, Schedule
from booking.rules.availability import Desk, free_rooms, is_offered, is_worked
from booking.rules.intervals import Interval, Taken, overlaps
from booking.rules.walltime import wall_text
from booking.selectors.openings import Notice, as_range, desks_of, occupying, rooms_for, shape_of, taken_between
from booking.selectors.practitioners import may_needle, needles, practitioners_for
from booking.services.room_picking import lock_free_room
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
    windows: Sequence[Interval]  # what the therapist works around that day

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


def require_real_time(start: datetime, now: datetime) -> None:
    """Refuse moments so far off that arithmetic with them would leave the calendar.

    :raises SlotNotOffered: it is over, or years ahead
    """
    if not now <= start <= now + 800 * _DAY:
        raise SlotNotOffered


def desk_at(
    *,
    service: HealthcareService,
    practitioner: Practitioner,
    start: datetime,
    notice: Notice,
    beyond_hours: bool = False,
    now: datetime,
) -> Desk:
    """Where this therapist could take the service at that time, as far as hours, time off and notice go.

    `beyond_hours`: staff go beyond hours and steps, never beyond time off or an authorisation to needle.

    :raises SlotNotOffered: nowhere
    """
    require_real_time(start, now)
    who = practitioners_for(service).filter(pk=practitioner.pk)
    shape = shape_of(service)
    desks = desks_of(
        service=service,
        practitioners=list(who),
        from_date=(start - _DAY).date(),
        to_date=(start + _DAY).date(),
        notice=notice,
        now=now,
    )
    for desk in desks:
        if desk.earliest <= start and is_worked(desk.windows, away=desk.away, shape=shape, step=desk.step, start=start):
            return desk
    if beyond_hours:
        return _desk_beyond_hours(desks, service=service, practitioner=practitioner, visit=shape.visit(start))
    raise SlotNotOffered


def _desk_beyond_hours(
    desks: Iterable[Desk], *, service: HealthcareService, practitioner: Practitioner, visit: Interval
) -> Desk:
    """Where they work on that day, else where they work at all."""
    for desk in sorted(desks, key=lambda desk: not desk.windows):
        is_away = any(overlaps(gone, visit) for gone in desk.away)
        if not is_away and (not needles(service) or may_needle(practitioner, visit.start.date())):
            return desk
    raise SlotNotOffered


def rooms_there(*, service: HealthcareService, practitioner: Practitioner) -> list[UUID]:
    """All rooms that may be picked for this therapist: whoever locks visits or several places before `find_place` locks
    these first, in one go, because rooms come before visits. A single hold needs only the one that is picked."""
    if not service.room_kind:
        return []
    weekly = Schedule.objects.filter(practitioner=practitioner).values_list("location_id", flat=True)
    dated = DaySchedule.objects.filter(practitioner=practitioner).values_list("location_id", flat=True)
    return list(rooms_for(service, {*weekly, *dated}).values_list("pk", flat=True))


def refuse_taken(*, service: HealthcareService, practitioner: Practitioner, start: datetime, now: datetime) -> None:
    """Look at the therapist's time alone, under their lock: when many want one time, those who come too late are told
    so at once instead of each looking at hours and rooms while all others wait.

    :raises SlotTaken: there is a visit
    """
    require_real_time(start, now)
    occupied = as_range(shape_of(service).occupied(start))
    if occupying(now=now).filter(practitioner=practitioner, occupied__overlap=occupied).exists():
        raise SlotTaken


def find_place(
    *,
    service: HealthcareService,
    practitioner: Practitioner,
    start: datetime,
    notice: Notice,
    moving: Appointment | None = None,
    beyond_hours: bool = False,
    now: datetime,
) -> Place:
    """Look again at everything, under the therapist's lock; lock the room that is picked, so that visits at other times
    wait as shortly as can be; end the holds on that time that ran out.

    A visit (`moving`) that takes its own time again keeps its room if it can.

    :raises SlotNotOffered: nobody works then, the notice is too short, the day has its visits, or it leaves a hole
    :raises SlotTaken: the therapist or every room is taken
    :raises RoomTakenMeanwhile: only for a caller who has not locked `rooms_there`
    """
    desk = desk_at(
        service=service, practitioner=practitioner, start=start, notice=notice, beyond_hours=beyond_hours, now=now
    )
    shape = shape_of(service)
    occupied = shape.occupied(start)
    taken, rooms_taken = taken_between(occupied.start, occupied.end, besides=moving, now=now)
    if not taken.get(practitioner.pk, Taken()).leaves_free(occupied):
        raise SlotTaken
    rooms = _free_rooms(desk, start, occupied, rooms_taken, moving)
    if not rooms and desk.rooms is not None:
        raise SlotTaken
    if not beyond_hours and not is_offered(desk, shape=shape, start=start, taken=taken, rooms_taken=rooms_taken):
        raise SlotNotOffered  # the therapist's day is full, or it would leave a hole of no use
    room = lock_free_room(rooms, occupied=occupied, besides=moving, now=now) if rooms else None
    end_stale_holds(occupied, practitioner=practitioner.pk, room=room, now=now)
    return Place(
        visit=shape.visit(start),
        occupied=occupied,
        practitioner_id=practitioner.pk,
        location=Location.objects.get(pk=desk.location),
        room_id=room,
        windows=desk.windows,
    )


def _free_rooms(
    desk: Desk, start: datetime, occupied: Interval, rooms_taken: Mapping[UUID, Taken], moving: Appointment | None
) -> list[UUID]:
    """Those to take, the best first; the visit's own room before all others if it only takes its time again."""
    own = moving.room_id if moving is not None and moving.start == start else None
    free = free_rooms(desk.rooms or (), taken=rooms_taken, occupied=occupied)
    return sorted((room.id for room in free), key=lambda room: room != own)


def end_stale_holds(occupied: Interval, *, practitioner: UUID | None = None, room: UUID | None, now: datetime) -> None:
    """Holds in this time that have run out make room for whoever takes it, before the sweep comes by.

    For the constraints of the database they stand until then.
    """
    whose = Q(practitioner=practitioner) if practitioner is not None else Q(room=room)
    if room is not None:
        whose |= Q(room=room)
    stale = Appointment.objects.filter(
        whose,
        status=Appointment.Status.PROPOSED,
        hold_expires_at__lte=now,
        occupied__overlap=as_range(occupied),
    )
    for hold in stale.order_by("pk").select_for_update(no_key=True):
        end_as_cancelled(hold, reason=Appointment.CancelReason.HOLD_EXPIRED, now=now)
        hold.save()
        record_change(appointment=hold, action="hold-expired", role=SYSTEM, now=now)
