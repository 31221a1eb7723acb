"""Whether a therapist must have seen the answers before needling is done."""

from booking.models import Appointment
from booking.selectors.practitioners import needles
from intake.models import Outcome


def must_be_acknowledged(appointment: Appointment, outcome: str | None = None) -> bool:
    """Whether there is something to be careful about that the therapist has not acknowledged.

    `outcome` as the answers come out today; without it the stored one, which opens nothing encrypted.
    """
    screening = appointment.screening
    return (
        screening is not None
        and needles(appointment.service)
        and (outcome or screening.effective_outcome) != Outcome.CLEAR
        and appointment.alert_acknowledged_at is None
    )
