"""The questions before a visit: asked of the patient from 24 hours before, or in the room by the therapist."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.services import ANSWERED, plan_booking_messages, stop_messages
from booking.selectors.appointments import has_been_needled
from booking.selectors.rechecks import may_be_asked_again, opens_at, recheck_due, stage_now
from booking.services.admission import clearance_for
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.new_answers import let_a_therapist_decide
from booking.services.states import record_change
from intake.clock import clinic_date
from intake.errors import NotAllowed
from intake.models import Patient, QuestionnaireResponse, Screening, User
from intake.rules.rechecks import Extent
from intake.selectors.clearance import age_on
from intake.selectors.rechecks import last_answers_of
from intake.services.rechecks import begin_recheck, finish_recheck

Status = Appointment.Status


def begin_questions(
    *, appointment: Appointment, language: str, session_hash: str = "", by: User | None = None, now: datetime
) -> QuestionnaireResponse:
    """Begin to answer the questions before a visit; it may be begun anew, and as often as one likes.

    :raises NotPossibleNow: nothing is to be asked of this visit now
    """
    last = appointment.patient and last_answers_of(appointment.patient)
    if not last or appointment.patient is None or extent_for(appointment, by=by, now=now) == "nothing":
        raise NotPossibleNow
    return begin_recheck(
        last=last,
        age=_age(appointment.patient, appointment.start, last),
        visit="return" if has_been_needled(appointment.patient) else _visit_of(last),
        modality=appointment.service.modality,
        stage=stage_now(appointment, now=now),
        language=language,
        session_hash=session_hash,
        by=by,
        now=now,
    )


def extent_for(appointment: Appointment, *, by: User | None = None, now: datetime) -> Extent:
    """What is asked of this visit now; in the room a therapist may ask the whole short set although it is answered."""
    if not may_be_asked_again(appointment):
        return "nothing"
    due = recheck_due(appointment, now=now)
    may_ask_anyway = by is not None and now >= opens_at(appointment)
    return "short" if due == "nothing" and may_ask_anyway else due


def finish_questions(
    *, appointment: Appointment, response: QuestionnaireResponse, by: User | None = None, now: datetime
) -> Appointment:
    """Give the visit its new answers. What now speaks against needling keeps nobody from arriving: a therapist decides.

    :raises IncompleteAnswers: something is not answered yet
    :raises NotPossibleNow: the visit has begun, is over, or nothing is to be asked
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        due = extent_for(visit, by=by, now=now)
        if due == "nothing" or visit.patient is None:
            raise NotPossibleNow
        before = visit.screening
        screening = finish_recheck(
            response=response, patient=visit.patient, due=due, stage=stage_now(visit, now=now), by=by, now=now
        )
        visit.refresh_from_db()  # as one of the patient's coming visits it may wait for a therapist by now
        return _stand_on(visit, screening, before, by, now)


def _stand_on(
    visit: Appointment, screening: Screening, before: Screening | None, by: User | None, now: datetime
) -> Appointment:
    visit.screening = screening
    if before is not None and before.outcome != screening.outcome:
        visit.alert_acknowledged_at = visit.alert_acknowledged_by = None  # what was seen was something else
    stop_messages(appointment=visit, reason=ANSWERED, kinds=["recheck"], now=now)
    clearance = clearance_for(visit, now=now)
    if clearance.decision == "yes":
        visit.approval = clearance.approval
    elif visit.status == Status.BOOKED:
        let_a_therapist_decide(visit, now=now)
        plan_booking_messages(appointment=visit, now=now)
    visit.save()
    record_change(appointment=visit, action="answered-again", by=by, now=now)
    return visit


def _age(patient: Patient, start: datetime, last: Screening) -> int:
    """On the day of the visit; as it was said last where the record has no birth date.

    :raises NotAllowed: neither is known
    """
    if patient.birth_date is not None:
        return age_on(clinic_date(start), patient.birth_date)
    age = last.result["line"]["context"].get("age")
    if not isinstance(age, int):
        raise NotAllowed
    return age


def _visit_of(last: Screening) -> str:
    return str(last.result["line"]["context"]["visit"])
