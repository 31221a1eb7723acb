"""Whether a visit may take place on its answers, asked anew at every step, and what follows: booked, or a therapist
decides.
"""

from datetime import datetime

from booking.models import Appointment, HealthcareService
from booking.payments.models import Payment
from booking.payments.services import want_capture
from booking.reminders.services import tell_staff
from booking.rules.policy import decide_by
from booking.selectors.appointments import has_been_needled
from booking.services.states import move_on
from intake.models import Patient
from intake.selectors.clearance import Clearance, get_clearance
from intake.services.patients import PatientDetails

Status = Appointment.Status


def clearance_for(
    appointment: Appointment,
    *,
    who: Patient | PatientDetails | None = None,
    service: HealthcareService | None = None,
    start: datetime | None = None,
    by_staff: bool = False,
    now: datetime,
) -> Clearance:
    """What the answers allow, with the birth date and the history on record; `service` and `start` as they would be."""
    person = who or appointment.patient
    return get_clearance(
        screening=appointment.screening,
        service=service or appointment.service,
        start=start or appointment.start,
        birth_date=person.birth_date if person else None,
        returning=isinstance(person, Patient) and has_been_needled(person),
        by_staff=by_staff,
        now=now,
    )


def is_unfinished(clearance: Clearance) -> bool:
    """Whether answers are missing or out of date, and nothing that was answered forbids the visit."""
    return (
        clearance.decision == "no" and not clearance.complete and not clearance.urgent and clearance.outcome != "STOP"
    )


def admit(appointment: Appointment, clearance: Clearance, *, now: datetime) -> None:
    """Book a cleared visit, or ask its therapist and tell them; the caller saves.

    :raises NotPossibleNow: the present state does not lead there
    """
    if clearance.decision == "request":
        move_on(appointment, Status.PENDING, awaiting=Appointment.Awaiting.REVIEW)
        appointment.decide_by = decide_by(
            start=appointment.start, response_hours=appointment.location.review_response_hours, now=now
        )
        tell_staff(kind="request-waiting", recipients=[appointment.practitioner.user], appointment=appointment, now=now)
    elif appointment.status != Status.BOOKED:
        move_on(appointment, Status.BOOKED)
    if appointment.awaiting != Appointment.Awaiting.REVIEW:
        appointment.decide_by = None


def take_what_is_authorised(appointment: Appointment, *, now: datetime) -> None:
    """The visit is certain now: what was authorised for it is taken."""
    authorised = Payment.objects.filter(appointment=appointment, state=Payment.State.AUTHORISED)
    for payment in authorised.order_by("pk"):
        want_capture(payment=payment, now=now)
