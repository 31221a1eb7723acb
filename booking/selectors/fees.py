"""What a cancellation or a move would cost at this moment, to be said before anybody decides."""

from datetime import datetime

from booking.models import Appointment
from booking.rules import policy
from booking.selectors.outside_hours import cant_take_place
from booking.selectors.practitioners import needles
from intake.selectors.consents import consent_state


def took_consent_back(appointment: Appointment) -> bool:
    """Whether the patient has taken back their agreement to needling: then nothing is charged for this visit's end."""
    return needles(appointment.service) and consent_state(appointment.patient) == "withdrawn"


def late_fee_of(appointment: Appointment) -> int:
    """What a late cancellation or move costs by the terms that were agreed to; minor units. Nothing while the visit
    can't take place as booked.
    """
    amount = appointment.late_fee_amount
    return amount and (0 if took_consent_back(appointment) or cant_take_place(appointment) else amount)


def fee_if_cancelled(appointment: Appointment, *, reason: str, now: datetime) -> int:
    """Minor units that the patient would owe."""
    return policy.fee_for_cancelling(
        reason=reason,
        free_until=appointment.free_cancel_until,
        late_fee=late_fee_of(appointment),
        confirmed=appointment.status == Appointment.Status.BOOKED,
        now=now,
    )
