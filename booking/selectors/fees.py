"""What a cancellation, a move or a miss would cost at this moment, to be said before anybody decides."""

from datetime import datetime

from booking.models import Appointment
from booking.rules import policy
from booking.selectors.misses import has_strayed
from booking.selectors.outside_hours import cant_take_place
from booking.selectors.practitioners import needles
from booking.selectors.terms import may_prepay
from intake.selectors.consents import consent_state


def took_consent_back(appointment: Appointment) -> bool:
    """Whether the patient has taken back their agreement to needling: then nothing is charged for this visit's end."""
    return needles(appointment.service) and consent_state(appointment.patient) == "withdrawn"


def costs_nothing(appointment: Appointment) -> bool:
    """Whether missing or changing this visit is never charged: it can't take place as booked, or the patient has taken
    back their agreement to needling.
    """
    return took_consent_back(appointment) or cant_take_place(appointment)


def agreed_late_fee_of(appointment: Appointment) -> int:
    """What a late cancellation or move costs by the terms that were agreed to, a first miss or not; minor units."""
    amount = appointment.late_fee_amount
    return amount if amount and _may_be_charged(appointment) else 0


def late_fee_of(appointment: Appointment) -> int:
    """The same as it is charged now: nothing for a first miss where that is forgiven."""
    amount = agreed_late_fee_of(appointment)
    return 0 if amount and is_forgiven(appointment) else amount


def no_show_fee_of(appointment: Appointment) -> int:
    """What not coming costs now; minor units."""
    amount = appointment.no_show_fee_amount
    return amount if amount and _may_be_charged(appointment) and not is_forgiven(appointment) else 0


def fee_if_cancelled(appointment: Appointment, *, reason: str, now: datetime) -> int:
    """Minor units that the patient would owe."""
    return policy.fee_for_cancelling(
        reason=reason,
        free_until=appointment.free_cancel_until,
        late_fee=late_fee_of(appointment),
        confirmed=appointment.status == Appointment.Status.BOOKED,
        now=now,
    )


def forgiven_now(appointment: Appointment, *, now: datetime) -> int:
    """What cancelling or moving it would cost its patient at this moment, were it not the first time; nothing where it
    is free anyway, or charged.
    """
    if fee_if_cancelled(appointment, reason=Appointment.CancelReason.PATIENT, now=now):
        return 0
    return policy.fee_for_cancelling(
        reason=Appointment.CancelReason.PATIENT,
        free_until=appointment.free_cancel_until,
        late_fee=agreed_late_fee_of(appointment),
        confirmed=appointment.status == Appointment.Status.BOOKED,
        now=now,
    )


def is_forgiven(appointment: Appointment) -> bool:
    """Whether missing this visit would be the patient's first miss, and that one costs nothing."""
    patient = appointment.patient
    if not appointment.forgives_first_miss or patient is None or appointment.late_moves:
        return False
    return not has_strayed(patient, besides=appointment)


def _may_be_charged(appointment: Appointment) -> bool:
    """Quebec's rule, where nothing may be asked for before a visit: a fee needs a yes that was said and kept.

    Code of ethics of physiotherapists, C-26 r. 197, section 72.
    """
    was_agreed = may_prepay(appointment.location) or appointment.policies_accepted_at is not None
    return was_agreed and not costs_nothing(appointment)
