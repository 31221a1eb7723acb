"""A visit that takes less time than it was given: somebody is late, or nobody came. The rest is free at once."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.services import announce_change, replan_after_move
from booking.reminders.untold import keep_untold
from booking.rules.intervals import Interval, subtract
from booking.rules.walltime import wall_text
from booking.selectors.openings import as_range
from booking.services.constraints import named_constraints
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment
from booking.services.states import record_change, require_clinic
from intake.models import User

Status = Appointment.Status
SHORTEST: Final = timedelta(minutes=5)
MAY_BE_SHORTER: Final = (Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN)


def shorten_visit(
    *,
    appointment: Appointment,
    start: datetime | None = None,
    end: datetime | None = None,
    tell: bool = True,
    by: User,
    now: datetime,
) -> Appointment:
    """Let a visit begin later or end earlier, with its buffers beside it; the money stays as it is. Who is not here yet
    is told, unless staff choose not to `tell`.

    :raises NotPossibleNow: it is over, or the new time is not a part of the old one
    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        old = Interval(visit.start, visit.end)
        new = Interval(start or visit.start, end or visit.end)
        if visit.status not in MAY_BE_SHORTER:
            raise NotPossibleNow
        if new == old or not old.covers(new) or new.end - new.start < SHORTEST:
            raise NotPossibleNow(_("Please choose a time within the visit, five minutes or longer."))
        begins_later = new.start != old.start
        cut = _cut(visit, new, "shortened", by, now)
        if can_be_told_of(cut, now=now):
            _tell(cut, begins_later=begins_later, tell=tell, by=by, now=now)
        return cut


def free_rest_of_noshow(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """Give the time that is left of a visit to which nobody came to others.

    :raises NotPossibleNow: somebody came after all, or nothing is left
    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if not has_rest_to_free(visit, now=now):
            raise NotPossibleNow
        end = max(now.replace(second=0, microsecond=0), visit.start + timedelta(minutes=1))
        return _cut(visit, Interval(visit.start, end), "rest-freed", by, now)


def has_rest_to_free(visit: Appointment, *, now: datetime) -> bool:
    """Whether nobody came and there is time left of it that somebody could use."""
    return visit.status == Status.NOSHOW and now + SHORTEST <= visit.end


def can_be_told_of(visit: Appointment, *, now: datetime) -> bool:
    """Whether a change of its hours is news to the patient: they are not here yet, and it has not begun."""
    return visit.status == Status.BOOKED and now < visit.start


def _tell(visit: Appointment, *, begins_later: bool, tell: bool, by: User, now: datetime) -> None:
    """A later beginning is a new time, with a calendar file; an earlier end leaves the time as it was."""
    if begins_later:
        visit.schedule_version += 1
        visit.save(update_fields=["schedule_version"])
    if not tell:
        keep_untold(appointment=visit, kind="moved" if begins_later else "changed", by=by, now=now)
    if begins_later:
        replan_after_move(appointment=visit, now=now)
    else:
        announce_change(appointment=visit, now=now)


def _cut(visit: Appointment, new: Interval, action: str, by: User, now: datetime) -> Appointment:
    old = Interval(visit.start, visit.end)
    before, after = visit.start - visit.occupied.lower, visit.occupied.upper - visit.end
    if visit.status == Status.NOSHOW:
        after = timedelta()  # there is nothing to tidy up
    visit.start, visit.end = new.start, new.end
    visit.occupied = as_range(Interval(new.start - before, new.end + after))
    visit.wall_start = wall_text(new.start, visit.time_zone)
    visit.save()
    for stretch in subtract([old], [new]):
        note_freed_time(appointment=visit, stretch=stretch, due_at=now, now=now)
    until = wall_text(new.end, visit.time_zone)
    record_change(appointment=visit, action=action, by=by, start=visit.wall_start, end=until, now=now)
    return visit
