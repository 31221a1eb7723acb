"""While a request waits: the therapist asks, the patient answers, or says what happens if nobody decides in time."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.services import ANSWERED, ask_to_answer, stop_messages, tell_staff
from booking.selectors.offers import needle_free_offer
from booking.selectors.stand_ins import who_answers_for
from booking.services.cancellations import check_own
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.reviews import open_answers, require_waiting
from booking.services.states import record_change
from intake.models import ScreeningDecision, User
from intake.selectors.decisions import Question, open_question, questions_about
from intake.services.audit import record_event
from intake.services.reviews import record_question, record_reply

Awaiting = Appointment.Awaiting


def ask_patient(*, appointment: Appointment, question: str, by: User, now: datetime) -> Appointment:
    """Ask the patient something before deciding. They get a neutral mail; the time to answer the request keeps running.

    :raises NotAllowed: not an authorised therapist of the patient, on duty or standing in
    :raises NotPossibleNow, DecidedAlready: it does not wait for a therapist
    :raises InvalidAnswers: no question, or the last one is still open
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        require_waiting(visit)
        if visit.awaiting != Awaiting.REVIEW:
            raise NotPossibleNow
        screening = open_answers(visit, by, now)
        record_question(screening=screening, question=question, by=by, now=now)
        number = screening.decisions.filter(decision=ScreeningDecision.Decision.ASKED).count()
        ask_to_answer(appointment=visit, number=number, now=now)
        record_change(appointment=visit, action="asked", by=by, now=now)
        return visit


def answer_question(*, appointment: Appointment, text: str, by: User | None = None, now: datetime) -> Appointment:
    """The patient answers the open question; whoever decides hears of it. Without `by` it is whoever holds the link.

    :raises NotAllowed: not theirs
    :raises NotPossibleNow: nothing is asked, or it is decided already
    :raises InvalidAnswers: no text
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        check_own(visit, by)
        question = open_question(visit.screening)
        if visit.awaiting != Awaiting.REVIEW or question is None:
            raise NotPossibleNow
        record_reply(question=question, text=text, by=by, now=now)
        stop_messages(appointment=visit, reason=ANSWERED, kinds=["question-waiting"], now=now)
        told = {question.decided_by, *who_answers_for(visit.practitioner, now=now)}
        about = f"/question/{question.pk.hex[:8]}"
        tell_staff(kind="request-answered", recipients=told, appointment=visit, about=about, now=now)
        record_change(appointment=visit, action="replied", by=by, now=now)
        return visit


def read_questions(*, appointment: Appointment, now: datetime) -> tuple[Question, ...]:
    """What the patient was asked about this visit's answers, with their replies; that they looked is written down."""
    if appointment.screening is None:
        return ()
    asked = questions_about(appointment.screening)
    if asked:
        patient = appointment.patient
        record_event(action="read", entity=appointment.screening, patient=patient, role="patient", now=now)
    return asked


def choose_assessment(*, appointment: Appointment, accepts: bool, by: User | None = None, now: datetime) -> Appointment:
    """Keep the time as a visit without needles if nobody decides in time, or rather not; as often as they like while it
    waits. Without `by` it is whoever holds the link.

    :raises NotAllowed: not theirs
    :raises NotPossibleNow: it does not wait for a therapist, or nothing without needles fits into its time
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        check_own(visit, by)
        if visit.awaiting != Awaiting.REVIEW:
            raise NotPossibleNow
        if accepts and needle_free_offer(visit, now=now) is None:
            raise NotPossibleNow
        if visit.accepts_assessment != accepts:
            visit.accepts_assessment = accepts
            visit.save(update_fields=["accepts_assessment"])
            action = "assessment-chosen" if accepts else "assessment-withdrawn"
            record_change(appointment=visit, action=action, by=by, now=now)
        return visit
