"""Coming visits that hours, other calendars or an authorisation no longer cover: they stay, and staff look at them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from booking.models import Appointment, BusyTime, HealthcareService, Location, Practitioner
from booking.rules.intervals import Interval, subtract
from booking.rules.lifecycle import COMING
from booking.rules.walltime import start_of_day
from booking.selectors.working_time import working_time_of

_DAY = timedelta(days=1)  # more than any zone is away from UTC


def visits_outside_hours(practitioner: Practitioner, *, now: datetime) -> list[Appointment]:
    """A therapist's coming visits that don't lie in their hours any more, or in which they are away, in order."""
    visits = list(_coming(practitioner, now))
    if not visits:
        return []
    first, last = (visits[0].start - _DAY).date(), (visits[-1].end + _DAY).date()
    there = {
        one.location.pk: subtract(one.windows(from_date=first, to_date=last), [away.interval for away in one.away])
        for one in working_time_of(practitioners=[practitioner], from_date=first, to_date=last)
    }
    return [one for one in visits if not _lies_in(Interval(one.start, one.end), there.get(one.location_id, []))]


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


def _coming(practitioner: Practitioner, now: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.filter(practitioner=practitioner, status__in=COMING, start__gte=now).order_by(
        "start", "pk"
    )


def _lies_in(visit: Interval, windows: Sequence[Interval]) -> bool:
    return any(window.covers(visit) for window in windows)
