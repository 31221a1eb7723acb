"""Why a time is not offered: the same rules as `availability`, asked one by one. Pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from booking.rules.availability import Desk, Shape, is_full, is_offered, is_worked, pick_room
from booking.rules.intervals import Taken, overlaps


def refusals(
    desk: Desk, *, shape: Shape, start: datetime, taken: Mapping[UUID, Taken], rooms_taken: Mapping[UUID, Taken]
) -> list[str]:
    """A code for each thing that keeps a visit from beginning then at this desk; none if it is offered.

    "notice" "hours" "step" "away" "busy" "no-room" "day-limit", and "gap" where nothing else does.
    """
    visit, occupied = shape.visit(start), shape.occupied(start)
    covered = any(window.covers(visit) for window in desk.windows)
    found = {
        "notice": start < desk.earliest,
        "hours": not covered,
        "step": covered and not is_worked(desk.windows, away=(), shape=shape, step=desk.step, start=start),
        "away": any(overlaps(gone, visit) for gone in desk.away),
        "busy": desk.practitioner in taken and not taken[desk.practitioner].leaves_free(occupied),
        "no-room": desk.rooms is not None and pick_room(desk.rooms, taken=rooms_taken, occupied=occupied) is None,
        "day-limit": is_full(desk, taken=taken, start=start),
    }
    codes = [code for code, holds in found.items() if holds]
    if not codes and not is_offered(desk, shape=shape, start=start, taken=taken, rooms_taken=rooms_taken):
        return ["gap"]
    return codes
