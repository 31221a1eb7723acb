"""Free times. Nothing is stored: they are worked out from hours, time off and visits of the asked days only."""

from datetime import date, datetime, timedelta

from booking.models import Appointment, HealthcareService, Location, Practitioner
from booking.rules.availability import Slot, open_slots
from booking.selectors.approvals import visits_resting_on
from booking.selectors.openings import Notice, desks_of, shape_of, taken_between
from booking.selectors.practitioners import practitioners_for
from intake.models import Screening
from intake.selectors.clearance import get_clearance

_NEAR = timedelta(days=7)


def free_slots(
    *,
    service: HealthcareService,
    from_date: date,
    to_date: date,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    screening: Screening | None = None,
    holder: Appointment | None = None,
    by_staff: bool = False,
    now: datetime,
) -> list[Slot]:
    """Free times on these days (`to_date` inclusive, clinic's calendar), in order, one for each therapist and start.

    With `screening`: only what these answers may take (a request needs more notice; none at all if they forbid it).
    The time of `holder` (a hold, or a visit that is being moved) counts as free. `by_staff`: no notice. Costs a few
    queries, however long the history is.
    """
    is_request, answers_until = False, None
    if screening is not None and service.needs_screening:
        clearance = get_clearance(
            screening=screening,
            service=service,
            start=now,
            birth_date=None,
            by_staff=by_staff,
            visits_used=visits_resting_on(),
            now=now,
        )
        if clearance.decision == "no":
            return []
        is_request, answers_until = clearance.decision == "request", clearance.valid_until
    slots = _slots(
        service=service,
        from_date=from_date,
        to_date=to_date,
        practitioner=practitioner,
        location=location,
        holder=holder,
        notice=Notice(is_request=is_request, by_staff=by_staff),
        now=now,
    )
    return [slot for slot in slots if answers_until is None or slot.start <= answers_until]


def nearest_slots(
    *,
    service: HealthcareService,
    practitioner: Practitioner | None = None,
    around: datetime | None = None,
    limit: int = 3,
    notice: Notice | None = None,
    now: datetime,
) -> list[Slot]:
    """The free times nearest to a moment (the next ones without it), at most `limit`, in order of time."""
    notice = notice or Notice()
    centre = max(around, now) if around else now
    for reach in (_NEAR, timedelta(days=800)):  # the clinic's days_ahead ends it
        slots = _slots(
            service=service,
            from_date=(centre - min(reach, _NEAR)).date(),
            to_date=(centre + reach).date(),
            practitioner=practitioner,
            notice=notice,
            now=now,
        )
        if len(slots) >= limit:
            break
    return sorted(sorted(slots, key=lambda slot: abs(slot.start - centre))[:limit])


def _slots(
    *,
    service: HealthcareService,
    from_date: date,
    to_date: date,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    holder: Appointment | None = None,
    notice: Notice,
    now: datetime,
) -> list[Slot]:
    who = practitioners_for(service)
    if practitioner is not None:
        who = who.filter(pk=practitioner.pk)
    desks = desks_of(
        service=service,
        practitioners=list(who),
        from_date=from_date,
        to_date=to_date,
        location=location,
        notice=notice,
        now=now,
    )
    windows = [window for desk in desks for window in desk.windows]
    if not windows:
        return []
    taken, rooms_taken = taken_between(
        min(window.start for window in windows), max(window.end for window in windows), besides=holder, now=now
    )
    return open_slots(desks, shape=shape_of(service), taken=taken, rooms_taken=rooms_taken)
