"""Whether a visit may take place on its answers, asked anew at every step, and what follows: booked, or a therapist
decides.
"""

from datetime import datetime

from booking.models import Appointment, HealthcareService
from booking.payments.models import Payment
from booking.payments.services import want_capture
from booking.reminders.services import tell_staff
from booking.rules.policy import decide_by, half_gone
from booking.selectors.appointments import has_been_needled
from booking.selectors.approvals import visits_resting_on
from booking.selectors.rechecks import asked_for
from booking.selectors.stand_ins import managers, practitioners_on_duty, who_answers_for
from booking.services.states import move_on
from intake.models import Patient, Screening
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
        start=asked_for(appointment.screening, start=start or appointment.start, session=appointment.session_number),
        birth_date=person.birth_date if person else None,
        returning=isinstance(person, Patient) and has_been_needled(person),
        by_staff=by_staff,
        visits_used=visits_resting_on(besides=appointment),
        now=now,
    )


def clearance_to_wait(
    *, service: HealthcareService, patient: Patient, screening: Screening | None, start: datetime, now: datetime
) -> Clearance:
    """The same for somebody who waits for a time and has no visit yet."""
    return get_clearance(
        screening=screening,
        service=service,
        start=start,
        birth_date=patient.birth_date,
        returning=has_been_needled(patient),
        visits_used=visits_resting_on(),
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
        _ask_therapist(appointment, now)
    elif appointment.status != Status.BOOKED:
        move_on(appointment, Status.BOOKED)
    if appointment.awaiting != Appointment.Awaiting.REVIEW:
        appointment.decide_by = None
        appointment.approval = clearance.approval


def _ask_therapist(appointment: Appointment, now: datetime) -> None:
    """It waits for a therapist. One that waits already is not given more time by moving it."""
    waits_already = appointment.awaiting == Appointment.Awaiting.REVIEW and appointment.review_since is not None
    move_on(appointment, Status.PENDING, awaiting=Appointment.Awaiting.REVIEW)
    if not waits_already:
        appointment.review_since = now
    assert appointment.review_since is not None
    appointment.approval = None
    place = appointment.location
    appointment.decide_by = decide_by(
        start=appointment.start,
        response_hours=place.review_response_hours,
        weekly=place.weekly_hours,
        zone=place.time_zone,
        since=appointment.review_since,
        now=now,
    )
    _tell_who_answers(appointment, now)


def _tell_who_answers(appointment: Appointment, now: datetime) -> None:
    """A mail at once to the therapist and who stands in, and one to all who can help when half of the time is gone."""
    assert appointment.review_since is not None
    assert appointment.decide_by is not None
    first = who_answers_for(appointment.practitioner, now=now)
    tell_staff(kind="request-waiting", recipients=first, appointment=appointment, now=now)
    half = max(now, half_gone(since=appointment.review_since, until=appointment.decide_by))
    on_duty = [one.user for one in practitioners_on_duty(half).select_related("user")]
    helpers = sorted({*first, *on_duty, *managers()}, key=lambda user: str(user.pk))
    tell_staff(kind="request-still-waiting", recipients=helpers, appointment=appointment, due_at=half, now=now)


def take_what_is_authorised(appointment: Appointment, *, now: datetime) -> None:
    """The visit is certain now: what was authorised for it is taken."""
    authorised = Payment.objects.filter(appointment=appointment, state=Payment.State.AUTHORISED)
    for payment in authorised.order_by("pk"):
        want_capture(payment=payment, now=now)
