"""Which rooms a visit could have instead of its own, as it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from booking.models import Appointment, Room, RoomClosure
from booking.rules.intervals import Interval, Taken
from booking.selectors.appointments import with_relations
from booking.selectors.openings import occupying, rooms_for, taken_between

_A_DAYS_WORK: Final = timedelta(hours=8)
Status = Appointment.Status
MOVABLE = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN)


@dataclass(frozen=True, slots=True)
class OtherRooms:
    """Rooms that are free for the whole of a visit, and visits at that time that could change rooms with it."""

    free: tuple[Room, ...]
    swaps: tuple[Appointment, ...]


def other_rooms(visit: Appointment, *, now: datetime) -> OtherRooms:
    """The rooms of the clinic that suit this visit, by name, but for its own."""
    if visit.room_id is None or visit.status not in MOVABLE:
        return OtherRooms((), ())
    occupied = Interval(visit.occupied.lower, visit.occupied.upper)
    _people, taken = taken_between(occupied.start, occupied.end, besides=visit, now=now)
    suitable = rooms_for(visit.service, [visit.location_id]).exclude(pk=visit.room_id)
    free = tuple(room for room in suitable if taken.get(room.pk, Taken()).leaves_free(occupied))
    beside = with_relations().filter(
        pk__in=occupying(now=now).values("pk"),
        location=visit.location_id,
        status__in=MOVABLE,
        occupied__overlap=visit.occupied,
    )
    others = beside.exclude(room=visit.room_id).order_by("start", "room__name")
    return OtherRooms(free, tuple(other for other in others if not against_swap(visit, other, now=now)))


def in_use_before() -> Q:
    """Whether somebody who began earlier that day is still in the visit's room, inside a query over appointments."""
    still_in = Appointment.objects.filter(
        room=OuterRef("room"),
        status=Status.CHECKED_IN,
        start__lt=OuterRef("start"),
        start__gt=OuterRef("start") - _A_DAYS_WORK,
    )
    return Q(Exists(still_in))


def against_swap(first: Appointment, second: Appointment, *, now: datetime) -> str:
    """Why these two can't change rooms, in words; empty if they can: each suits the other's room, which is open then,
    and nobody else is in it.
    """
    if first.room is None or second.room is None or first.room_id == second.room_id:
        return _("These two visits are not in two rooms.")
    return _against(first, second.room, second, now) or _against(second, first.room, first, now)


def _against(visit: Appointment, room: Room, leaves: Appointment, now: datetime) -> str:
    named = {"room": room.name, "patient": visit.patient or ""}
    if not room.active or room.location_id != visit.location_id or visit.service.room_kind not in room.kinds:
        return _("%(room)s does not suit the visit of %(patient)s.") % named
    if RoomClosure.objects.filter(room=room, start__lt=visit.end, end__gt=visit.start).exists():
        return _("%(room)s is closed during the visit of %(patient)s.") % named
    there = occupying(now=now).filter(room=room, occupied__overlap=visit.occupied)
    if there.exclude(pk__in=[visit.pk, leaves.pk]).exists():
        return _("Somebody else is in %(room)s during the visit of %(patient)s.") % named
    return ""
