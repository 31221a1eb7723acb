"""What a cancellation or a move would cost at this moment, to be said before anybody decides."""

from datetime import datetime

from booking.models import Appointment
from booking.rules import policy


def fee_if_cancelled(appointment: Appointment, *, reason: str, now: datetime) -> int:
    """Minor units that the patient would owe."""
    return policy.fee_for_cancelling(
        reason=reason,
        free_until=appointment.free_cancel_until,
        late_fee=appointment.late_fee_amount,
        confirmed=appointment.status == Appointment.Status.BOOKED,
        now=now,
    )
