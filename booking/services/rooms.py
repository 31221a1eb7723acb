"""Rooms: closed for a time, and visits that get another one. Whoever closes a room takes its lock, as every booking
does.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from booking.errors import NotPossibleNow, SlotTaken
from booking.models import Appointment, Room, RoomClosure
from booking.rules.intervals import Interval
from booking.selectors.rooms import MOVABLE, against_swap, other_rooms
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment, lock_appointments, lock_resources
from booking.services.places import end_stale_holds
from booking.services.schedules import by_the_clock
from booking.services.states import record_change, require_clinic
from intake.models import User
from intake.services.audit import record_event


def close_room(*, room: Room, start: datetime, end: datetime, reason: str = "", by: User, now: datetime) -> RoomClosure:
    """Nobody can be booked into the room in this time. Visits that are in it stay: staff must mend them.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=(), rooms=[room.pk])
        closure = RoomClosure.objects.create(
            room=room, reason=reason, **by_the_clock(start, end, room.location.time_zone)
        )
        record_event(action="room-closed", entity=closure, by=by, details=_words(closure), now=now)
        return closure


def open_room(*, closure: RoomClosure, by: User, now: datetime) -> None:
    """The room can be used after all.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=(), rooms=[closure.room_id])
        record_event(action="room-opened", entity=closure, by=by, details=_words(closure), now=now)
        RoomClosure.objects.filter(pk=closure.pk).delete()


def give_room(*, appointment: Appointment, room: Room, by: User, now: datetime) -> Appointment:
    """Another room for a visit; its time and therapist stay, so nobody is written to.

    :raises SlotTaken: the room does not suit it, is closed, or somebody else has it by now
    :raises NotPossibleNow: the visit is over
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment, rooms=[room.pk])
        if visit.status not in MOVABLE:
            raise NotPossibleNow
        if room not in other_rooms(visit, now=now).free:
            raise SlotTaken(_("%(room)s is not free for this visit any more.") % {"room": room.name})
        return _put(visit, room, by, now)


def swap_rooms(*, first: Appointment, second: Appointment, by: User, now: datetime) -> tuple[Appointment, Appointment]:
    """Two visits change rooms, in one transaction. The first stands without a room in between, because the database
    looks at every single row for two visits in one room.

    :raises SlotTaken: a room does not suit the other visit, is closed, or a third visit is in it then
    :raises NotPossibleNow: one of the visits is over
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        one, other = lock_appointments([first, second])
        if one.status not in MOVABLE or other.status not in MOVABLE:
            raise NotPossibleNow
        reason = against_swap(one, other, now=now)
        if reason:
            raise SlotTaken(reason)
        room_of_one, room_of_other = one.room, other.room
        Appointment.objects.filter(pk=one.pk).update(room=None)
        return _put(other, room_of_one, by, now), _put(one, room_of_other, by, now)


def _put(visit: Appointment, room: Room | None, by: User, now: datetime) -> Appointment:
    before = visit.room.name if visit.room else ""
    if room is not None:
        end_stale_holds(Interval(visit.occupied.lower, visit.occupied.upper), room=room.pk, now=now)
    visit.room = room
    visit.save(update_fields=["room"])
    record_change(
        appointment=visit, action="room-changed", by=by, before=before, room=room.name if room else "", now=now
    )
    return visit


def _words(closure: RoomClosure) -> dict[str, str]:
    return {"start": closure.start.isoformat(), "end": closure.end.isoformat()}
