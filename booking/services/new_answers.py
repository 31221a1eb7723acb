"""A patient's new answers and the visits that are booked already."""

from datetime import datetime

from booking.models import Appointment
from booking.reminders.services import plan_booking_messages
from booking.services.admission import admit, clearance_for
from booking.services.states import SYSTEM, record_change
from intake.models import Outcome, Patient, Screening
from intake.rules.rechecks import OPENS_BEFORE
from intake.selectors.clearance import Clearance

_REQUEST = Clearance(decision="request", complete=True)
_SERIOUS = (Outcome.STOP, Outcome.REVIEW)


def look_again_at_coming_visits(*, screening: Screening, patient: Patient, now: datetime) -> int:
    """After a STOP or REVIEW a therapist decides about every coming needling visit of the patient; how many.

    Joins the caller's transaction. Each such visit now stands on the new answers.
    """
    if screening.effective_outcome not in _SERIOUS and not screening.urgent:
        return 0
    coming = Appointment.objects.filter(patient=patient, status=Appointment.Status.BOOKED, start__gt=now)
    visits = coming.exclude(service__modality="none").exclude(screening=screening)
    locked = list(
        visits.select_related("service", "practitioner__user", "location", "patient")
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    for visit in locked:
        visit.screening = screening
        clearance = clearance_for(visit, now=now)
        if clearance.decision == "yes":  # a therapist has said yes to the very same answers
            visit.approval = clearance.approval
            visit.save()
            continue
        let_a_therapist_decide(visit, now=now)
        visit.save()
        plan_booking_messages(appointment=visit, now=now)
        record_change(appointment=visit, action="therapist-decides", role=SYSTEM, now=now)
    return len(locked)


def let_a_therapist_decide(visit: Appointment, *, now: datetime) -> None:
    """A booked visit waits for its therapist; the caller saves. What says so the day before keeps nobody from coming:
    then the time is kept until its end, and it can be decided in the room.
    """
    admit(visit, _REQUEST, now=now)
    if visit.start - now <= OPENS_BEFORE:
        visit.decide_by = visit.end
