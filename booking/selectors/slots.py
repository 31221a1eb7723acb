"""Free times. Nothing is stored: they are worked out from hours, time off and visits of the asked days only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max

from booking.models import Appointment, HealthcareService, Location, Practitioner
from booking.rules.availability import Slot, open_slots
from booking.selectors.approvals import visits_resting_on
from booking.selectors.openings import Notice, openings_of, shape_of
from booking.selectors.practitioners import practitioners_for
from intake.models import Screening
from intake.selectors.clearance import get_clearance

_DAY = timedelta(days=1)  # more than any zone is away from UTC
_NEAR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """Free times in order, and the time zone of each clinic that was looked at."""

    slots: list[Slot]
    zones: Mapping[UUID, str]


def free_times(
    *,
    service: HealthcareService,
    from_date: date,
    to_date: date,
    practitioner: Practitioner | UUID | None = None,
    location: Location | None = None,
    screening: Screening | None = None,
    holder: Appointment | None = None,
    by_staff: bool = False,
    now: datetime,
) -> FreeTimes:
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
            return FreeTimes([], {})
        is_request, answers_until = clearance.decision == "request", clearance.valid_until
    found = _times(
        service=service,
        from_date=from_date,
        to_date=to_date,
        practitioner=practitioner,
        location=location,
        holder=holder,
        notice=Notice(is_request=is_request, by_staff=by_staff),
        now=now,
    )
    slots = [slot for slot in found.slots if answers_until is None or slot.start <= answers_until]
    return FreeTimes(slots, found.zones)


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
    before, slots = _NEAR, list[Slot]()
    for first, last in _strides(centre.date(), now):
        found = _times(
            service=service,
            from_date=first - before,
            to_date=last,
            practitioner=practitioner,
            notice=notice,
            now=now,
        )
        slots += found.slots
        if len(slots) >= limit:
            break
        before = timedelta()
    return sorted(sorted(slots, key=lambda slot: abs(slot.start - centre))[:limit])


def first_free(
    *,
    service: HealthcareService,
    practitioner: Practitioner | UUID | None = None,
    location: Location | None = None,
    screening: Screening | None = None,
    holder: Appointment | None = None,
    from_date: date | None = None,
    by_staff: bool = False,
    now: datetime,
) -> Slot | None:
    """The first free time from that day on (today without it), as far ahead as the clinic can be booked; None if there
    is none. The parameters are those of `free_times`.

    Looks at a week, then at four, then at sixteen: a few queries, whether it is tomorrow or in ten months.
    """
    for first, last in _strides(from_date or (now - _DAY).date(), now):
        slots = free_times(
            service=service,
            from_date=first,
            to_date=last,
            practitioner=practitioner,
            location=location,
            screening=screening,
            holder=holder,
            by_staff=by_staff,
            now=now,
        ).slots
        if slots:
            return slots[0]
    return None


def _strides(first: date, now: datetime) -> Iterator[tuple[date, date]]:
    """Stretches of days, each four times as long as the one before, until no clinic takes bookings any more."""
    yield first, first + _NEAR
    reach = Location.objects.aggregate(most=Max("days_ahead"))["most"] or 0
    last_day, length = (now + timedelta(days=reach) + _DAY).date(), _NEAR
    first += length + _DAY
    while first <= last_day:
        length *= 4
        yield first, min(first + length, last_day)
        first += length + _DAY


def _times(
    *,
    service: HealthcareService,
    from_date: date,
    to_date: date,
    practitioner: Practitioner | UUID | None = None,
    location: Location | None = None,
    holder: Appointment | None = None,
    notice: Notice,
    now: datetime,
) -> FreeTimes:
    who = practitioners_for(service)
    if practitioner is not None:
        who = who.filter(pk=practitioner.pk if isinstance(practitioner, Practitioner) else practitioner)
    openings = openings_of(
        service=service,
        who=who,
        from_date=from_date,
        to_date=to_date,
        location=location,
        besides=holder,
        notice=notice,
        now=now,
    )
    slots = open_slots(openings.desks, shape=shape_of(service), taken=openings.taken, rooms_taken=openings.rooms_taken)
    return FreeTimes(slots, {desk.location: desk.zone for desk in openings.desks})
