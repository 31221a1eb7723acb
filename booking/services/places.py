"""Finding a therapist's time and a room for a visit: unlocked to know what to lock, then again under the locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from booking.errors import SlotNotOffered, SlotTaken
from booking.models import Appointment, HealthcareService, Location, Practitioner, Schedule
from booking.rules.availability import Desk, is_offered, is_worked, pick_room
from booking.rules.intervals import Interval, Taken, overlaps
from booking.rules.walltime import wall_text
from booking.selectors.openings import Notice, desks_of, occupying, rooms_for, shape_of, taken_between
from booking.selectors.practitioners import may_needle, needles, practitioners_for
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
    """The rooms to lock before a visit is put to this therapist: all that suit it where they work."""
    if not service.room_kind:
        return []
    works_at = Schedule.objects.filter(practitioner=practitioner).values_list("location_id", flat=True)
    return list(rooms_for(service, works_at).values_list("pk", flat=True))


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
    """Look again at everything, under the locks of the therapist and the rooms; ends holds on that time that ran out.

    A visit (`moving`) that takes its own time again keeps its room if it can.

    :raises SlotNotOffered: nobody works then, the notice is too short, the day has its visits, or it leaves a hole
    :raises SlotTaken: the therapist or every room is taken
    """
    desk = desk_at(
        service=service, practitioner=practitioner, start=start, notice=notice, beyond_hours=beyond_hours, now=now
    )
    shape = shape_of(service)
    occupied = shape.occupied(start)
    _end_stale_holds(occupied, practitioner=practitioner.pk, rooms=[room.id for room in desk.rooms or ()], now=now)
    taken, rooms_taken = taken_between(occupied.start, occupied.end, besides=moving, now=now)
    if not taken.get(practitioner.pk, Taken()).leaves_free(occupied):
        raise SlotTaken
    room = None
    if desk.rooms is not None:
        before = moving.room_id if moving is not None and moving.start == start else None
        own = [one for one in desk.rooms if one.id == before]
        room = pick_room(own, taken=rooms_taken, occupied=occupied) or pick_room(
            desk.rooms, taken=rooms_taken, occupied=occupied
        )
        if room is None:
            raise SlotTaken
    if not beyond_hours and not is_offered(desk, shape=shape, start=start, taken=taken, rooms_taken=rooms_taken):
        raise SlotNotOffered  # the therapist's day is full, or it would leave a hole of no use
    return Place(
        visit=shape.visit(start),
        occupied=occupied,
        practitioner_id=practitioner.pk,
        location=Location.objects.get(pk=desk.location),
        room_id=room.id if room else None,
        windows=desk.windows,
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
