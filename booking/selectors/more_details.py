"""Which questions of a visit's form are left for after booking."""

from typing import Final

from booking.models import Appointment
from intake.rules.items import FollowUp, Item
from intake.selectors.details import details_asked

_BEFORE_THE_VISIT: Final = (Appointment.Status.PENDING, Appointment.Status.BOOKED, Appointment.Status.ARRIVED)


def may_add_details(visit: Appointment) -> bool:
    """Whether the visit is still to come, or its patient has just arrived, and rests on a form."""
    return visit.screening_id is not None and visit.status in _BEFORE_THE_VISIT


def details_asked_of(visit: Appointment) -> tuple[tuple[Item, tuple[FollowUp, ...]], ...]:
    """The questions that inform the therapist, answered or not; none once the visit has begun."""
    if visit.screening is None or not may_add_details(visit):
        return ()
    return details_asked(visit.screening, majority_age=visit.location.majority_age)
