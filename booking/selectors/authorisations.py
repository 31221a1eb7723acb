"""Authorisations to needle that end soon or have ended, for whoever sees to it that they are renewed."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from booking.models import Location, Practitioner
from booking.rules.walltime import wall_date
from booking.selectors.outside_hours import visits_beyond_authorisation
from booking.selectors.practitioners import authorisations_ending
from intake.models import Role, User

_EVERYBODYS = (Role.MANAGER, Role.OWNER)


@dataclass(frozen=True, slots=True)
class Renewal:
    """A therapist whose authorisation needs renewing, and how many visits with needles stand after its last day."""

    practitioner: Practitioner
    until: date
    has_ended: bool
    standing: int


def to_be_renewed(*, by: User, today: date) -> QuerySet[Practitioner]:
    """Whose authorisations end soon or have ended, the first first: a therapist sees their own, reception none."""
    ending = authorisations_ending(today)
    if by.role in _EVERYBODYS:
        return ending
    return ending.filter(user=by) if by.role == Role.THERAPIST else ending.none()


def renewals_for(by: User, *, location: Location, now: datetime) -> list[Renewal]:
    """The same with the visits that hang on each."""
    today = wall_date(now, location.time_zone)
    return [
        Renewal(one, until, until < today, visits_beyond_authorisation(one, location=location, now=now).count())
        for one in to_be_renewed(by=by, today=today)
        if (until := one.needling_authorised_until) is not None
    ]
