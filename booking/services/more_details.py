"""A few more details for the therapist, given by the patient once the visit is booked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.selectors.more_details import may_add_details
from booking.services.locks import lock_appointment
from booking.services.states import record_change
from intake.services.details import add_details


def tell_more(*, appointment: Appointment, follow_ups: Mapping[str, Mapping[str, Any]], now: datetime) -> Appointment:
    """Add what decides nothing to the form of a coming visit; the caller has proven who asks.

    :raises NotPossibleNow: the visit has begun or is over, or has no form
    :raises InvalidAnswers, NotAllowed: nothing is stored
    """
    with transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.screening is None or not may_add_details(visit):
            raise NotPossibleNow
        add_details(screening=visit.screening, follow_ups=follow_ups, now=now)
        record_change(appointment=visit, action="details-added", now=now)
        return visit
