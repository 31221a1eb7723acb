"""Noting that a therapist's time became free, so that those who wait can be asked."""

from datetime import datetime

from booking.models import Appointment, FreedTime, Offer, WaitlistEntry
from booking.rules.intervals import Interval


def note_freed_time(
    *, appointment: Appointment, stretch: Interval | None = None, due_at: datetime, now: datetime
) -> FreedTime | None:
    """Note the visit's time, or the part of it that became free, in the caller's transaction; it is offered from
    `due_at` on. None: it is over.

    Before a move this is called while the appointment still has its old time.
    """
    freed = stretch or Interval(appointment.start, appointment.end)
    if freed.end <= now:
        return None
    return FreedTime.objects.create(
        appointment=appointment,
        practitioner_id=appointment.practitioner_id,
        location_id=appointment.location_id,
        start=freed.start,
        end=freed.end,
        created_at=now,
        due_at=due_at,
    )


def note_ended_hold(*, hold: Appointment, now: datetime) -> FreedTime | None:
    """Note the time of a hold that became no booking, if somebody joined the line while it was held; in the caller's
    transaction.

    Whoever waited before could have had that time, and was asked if it had become free. So a hold that ends, which most
    days see by the dozen, costs one small query and asks nobody but them (`booking.selectors.waitlist.line_for`). An
    offer of a freed time goes on to the next in line by itself.
    """
    joined = WaitlistEntry.objects.filter(
        status=WaitlistEntry.Status.WAITING,
        location=hold.location_id,
        service__practitioners=hold.practitioner_id,
        created_at__gte=hold.created_at,
    )
    if not joined.exists() or Offer.objects.filter(hold=hold).exclude(freed_time=None).exists():
        return None
    return note_freed_time(appointment=hold, due_at=now, now=now)


def forget_freed_time(*, appointment: Appointment) -> int:
    """The visit keeps its time after all: nobody is asked. In the caller's transaction; how many rows went.

    A row that is being offered at this moment is left alone: whoever has the therapist's lock first has the time.
    """
    rows = FreedTime.objects.filter(
        appointment=appointment, start__lt=appointment.end, end__gt=appointment.start, handled_at=None
    )
    ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
    return FreedTime.objects.filter(pk__in=ids).delete()[0]
