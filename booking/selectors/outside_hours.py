"""Coming visits that hours, other calendars or an authorisation no longer cover: they stay, and staff look at them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from booking.models import Appointment, BusyTime, HealthcareService, Location, Practitioner
from booking.rules.intervals import Interval
from booking.rules.lifecycle import COMING
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.practitioners import may_needle, needles
from booking.selectors.time_off import is_displaced
from booking.selectors.working_time import working_time_of

Uncovered = Literal["outside-hours", "not-authorised"]
_DAY = timedelta(days=1)  # more than any zone is away from UTC


def cant_take_place(visit: Appointment) -> bool:
    """Whether nobody may or can give it as it is booked: away, closed, outside the hours, or not authorised."""
    return is_displaced(visit) or bool(uncovered([visit]))


def uncovered(visits: Iterable[Appointment]) -> Mapping[UUID, Uncovered]:
    """Those of the coming visits that their therapist may not give, or that lie outside the hours now in force, and
    which of the two. What staff put beyond the hours on purpose stays; absences are `displacing`. Two queries.
    """
    coming = [one for one in visits if one.status in COMING]
    found: dict[UUID, Uncovered] = {one.pk: "outside-hours" for one in _beyond_hours(coming)}
    return found | {one.pk: "not-authorised" for one in coming if _may_not_be_given(one)}


def uncovered_visits(practitioner: Practitioner, *, why: Uncovered | None = None, now: datetime) -> list[Appointment]:
    """The same of everything that stands with a therapist, in order; with `why` those for this reason alone."""
    visits = list(_coming(practitioner, now).select_related("service", "practitioner", "location"))
    known = uncovered(visits)
    return [one for one in visits if one.pk in known and why in (None, known[one.pk])]


def visits_in_busy_times(practitioner: Practitioner, *, now: datetime) -> QuerySet[Appointment]:
    """A therapist's coming visits at times at which their own calendar says busy, in order."""
    busy = BusyTime.objects.filter(
        practitioner=OuterRef("practitioner"), start__lt=OuterRef("end"), end__gt=OuterRef("start")
    )
    return _coming(practitioner, now).filter(Exists(busy))


def visits_beyond_authorisation(
    practitioner: Practitioner, *, location: Location, now: datetime
) -> QuerySet[Appointment]:
    """A therapist's coming visits with needles on days on which needling is not authorised any more, in order."""
    visits = _coming(practitioner, now).filter(location=location)
    with_needles = visits.exclude(service__modality=HealthcareService.Modality.NONE)
    if not practitioner.needling_authorisation:
        return with_needles
    until = practitioner.needling_authorised_until
    if until is None or until >= date.max - _DAY:
        return with_needles.none()
    return with_needles.filter(start__gte=start_of_day(until + _DAY, location.time_zone))


def _beyond_hours(visits: Iterable[Appointment]) -> list[Appointment]:
    within_rules = [one for one in visits if not one.set_aside]
    if not within_rules:
        return []
    first = min(one.start for one in within_rules) - _DAY
    last = max(one.end for one in within_rules) + _DAY
    there = {
        (one.practitioner, one.location.pk): one.windows(from_date=first.date(), to_date=last.date())
        for one in working_time_of(
            practitioners={one.practitioner_id for one in within_rules}, from_date=first.date(), to_date=last.date()
        )
    }
    return [
        one
        for one in within_rules
        if not _lies_in(Interval(one.start, one.end), there.get((one.practitioner_id, one.location_id), []))
    ]


def _may_not_be_given(visit: Appointment) -> bool:
    return needles(visit.service) and not may_needle(visit.practitioner, wall_date(visit.start, visit.time_zone))


def _coming(practitioner: Practitioner, now: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.filter(practitioner=practitioner, status__in=COMING, start__gte=now).order_by(
        "start", "pk"
    )


def _lies_in(visit: Interval, windows: Sequence[Interval]) -> bool:
    return any(window.covers(visit) for window in windows)
