"""After a visit with needles: what is planned, what a patient says, and who must look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.models import AfterCareAnswer, Appointment, Task
from booking.reminders.of_care import CarePlan, plan_aftercare, stop_aftercare
from booking.rules.after_care import FEELINGS, Guidance, guidance_for
from booking.rules.errands import call_back_by
from booking.selectors.after_care import (
    Said,
    after_path,
    asks_of_soreness,
    ends_course,
    opened_answers,
    was_not_needled,
)
from booking.selectors.practitioners import needles
from booking.services.broken_glass import tell_the_therapists_of_visit
from booking.services.constraints import named_constraints
from booking.services.errands import open_task
from booking.services.on_call import raise_alarm
from booking.services.states import record_change
from intake.access import can_break_glass, can_see_answers
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Patient, User
from intake.selectors.audit import record_read
from intake.services.limits import count_attempt

MAX_WORDS: Final = 1000
ANSWERS_AN_HOUR: Final = 20
HOUR: Final = timedelta(hours=1)
A_SECOND_TAP: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class HowItIs:
    """What a patient says: how they feel ("better", "same", "worse", "worried", or nothing), signs, their own words."""

    feeling: str
    signs: Sequence[str] = ()
    words: str = ""


def plan_after_visit(*, appointment: Appointment, now: datetime) -> None:
    """Plan what a finished visit asks for, in the caller's transaction; again after each change of the record.

    Nobody is written to about needling that the record says did not happen.
    """
    if appointment.status != Appointment.Status.FULFILLED or not needles(appointment.service):
        return
    if was_not_needled(appointment):
        stop_aftercare(appointment=appointment, now=now)
        return
    is_last = ends_course(appointment, now=now)
    plan = CarePlan(
        path=after_path(appointment),
        asks_of_soreness=asks_of_soreness(appointment),
        asks_of_outcome=appointment.course_id is None or appointment.session_number == 1 or is_last,
        ends_course=is_last,
    )
    plan_aftercare(appointment=appointment, plan=plan, now=now)


def guide(said: HowItIs) -> Guidance:
    """What to do now, said at once and whatever becomes of the answer.

    :raises InvalidAnswers: something that was not asked, nothing at all, or too many words
    """
    if said.feeling not in (*FEELINGS, "") or len(said.words) > MAX_WORDS:
        raise InvalidAnswers(_("Please say how you are with one of the four answers, and in at most 1,000 characters."))
    if not said.feeling and not said.signs:
        raise InvalidAnswers(_("Please choose how you are."))
    try:
        return guidance_for(feeling=said.feeling, signs=said.signs)
    except ValueError:
        raise InvalidAnswers from None


def answer_after_visit(*, appointment: Appointment, said: HowItIs, now: datetime) -> Guidance:
    """Keep what a patient says after a visit. A red flag calls who is on duty; worse or worried, without one, is for
    the therapist in the clinic's hours. Said twice at once (a second tap, another tab) it counts once. Returns what to
    do now.

    :raises InvalidAnswers: as `guide`
    :raises TooManyAttempts: more than 20 answers an hour; those before them are kept
    """
    guidance = guide(said)
    count_attempt(key=f"after:{appointment.pk}", limit=ANSWERS_AN_HOUR, window=HOUR, now=now)
    with named_constraints(), transaction.atomic(durable=True):
        _not_erased(appointment)
        content = {"feeling": said.feeling, "signs": [sign.code for sign in guidance.signs], "words": said.words}
        if _was_just_said(appointment, content, now):
            return guidance
        answer = AfterCareAnswer.objects.create(
            appointment=appointment, answered_at=now, urgency=guidance.urgency, content=content
        )
        record_change(appointment=appointment, action="after-visit-answered", now=now)
        if guidance.is_red_flag:
            _call_duty(appointment, answer, now)
        elif guidance.wants_clinic:
            place = appointment.location
            due_at = call_back_by(now, weekly=place.weekly_hours, zone=place.time_zone)
            open_task(kind=Task.Kind.AFTER_VISIT, due_at=due_at, appointment=appointment, now=now)
    return guidance


def read_answers_after(*, appointment: Appointment, by: User, reason: str = "", now: datetime) -> list[Said]:
    """What the patient of this visit said after it and others, the latest first: for a therapist who cares for them, or
    for a manager who says why, of which the therapists hear. The read is written down.

    :raises NotAllowed: neither
    """
    patient = appointment.patient
    if patient is None:
        raise NotAllowed
    with transaction.atomic(durable=True):
        action = "read"
        if not can_see_answers(by, patient, now):
            if not can_break_glass(by, reason):
                raise NotAllowed
            tell_the_therapists_of_visit(visit=appointment, patient=patient, by=by, now=now)
            action = "break-glass"
        record_read(action=action, entity=appointment, patient_id=patient.pk, by=by, reason=reason, now=now)
        return opened_answers(patient)


def _call_duty(appointment: Appointment, answer: AfterCareAnswer, now: datetime) -> None:
    kind = Task.Kind.AFTER_VISIT_URGENT
    task = open_task(kind=kind, due_at=now, appointment=appointment, now=now)
    locked = Task.objects.select_for_update(no_key=True, of=("self",)).select_related("owner").get(pk=task.pk)
    locked.appointment = appointment
    raise_alarm(task=locked, about=f"/after/{answer.pk}", now=now)


def _was_just_said(appointment: Appointment, content: Mapping[str, object], now: datetime) -> bool:
    """Whether the last answer, a moment ago, said the very same; whoever is on duty is not called twice for it."""
    lately = AfterCareAnswer.objects.filter(appointment=appointment, answered_at__gt=now - A_SECOND_TAP)
    last = lately.order_by("answered_at").last()
    return last is not None and last.content == content


def _not_erased(appointment: Appointment) -> None:
    """The record may be erased while the page stands open.

    :raises NotAllowed: it was
    """
    assert appointment.patient is not None
    alive = Patient.objects.select_for_update(no_key=True).filter(pk=appointment.patient.pk, erased_at=None)
    if not alive.exists():
        raise NotAllowed
