"""Getting one of several rooms when others are at it too: nobody waits for a room that he need not have."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from booking.errors import SlotTaken
from booking.models import Appointment, RoomClosure
from booking.rules.intervals import Interval
from booking.selectors.openings import as_range, occupying
from booking.services.locks import lock_a_room, lock_resources


class RoomTakenMeanwhile(SlotTaken):
    """The rooms that were free are being taken by others just now: looking again tells."""


def lock_free_room(
    rooms: Sequence[UUID], *, occupied: Interval, besides: Appointment | None = None, now: datetime
) -> UUID:
    """Lock the first of these rooms, free a moment ago, that still is. One that somebody is just taking is passed over;
    if all are, wait for the first, but never with another room in hand, or two could wait for each other.

    :raises RoomTakenMeanwhile: not for a caller who has locked them all before
    """
    left = list(rooms)
    room = lock_a_room(left)
    if room is None:
        room = left[0]
        lock_resources(practitioners=(), rooms=[room])
    while _is_taken(room, occupied, besides, now):
        left.remove(room)
        room = lock_a_room(left)
        if room is None:
            raise RoomTakenMeanwhile
    return room


def _is_taken(room: UUID, occupied: Interval, besides: Appointment | None, now: datetime) -> bool:
    visits = occupying(now=now).filter(room=room, occupied__overlap=as_range(occupied))
    if besides is not None:
        visits = visits.exclude(pk=besides.pk)
    closures = RoomClosure.objects.filter(room=room, start__lt=occupied.end, end__gt=occupied.start)
    return visits.exists() or closures.exists()
