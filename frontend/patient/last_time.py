"""What a signed-in patient said last time, to be confirmed page by page when they book again."""

from datetime import datetime

from django.http import HttpRequest

from frontend.patient.draft import Draft
from frontend.patient.pages import signed_in_patient
from frontend.patient.way import Way
from intake.models import Patient
from intake.rules.answers import Answers
from intake.rules.rechecks import is_about_this_visit
from intake.selectors.rechecks import NOTHING, known_answers, last_answers_of
from intake.services.audit import record_event


def last_time(request: HttpRequest, draft: Draft, *, now: datetime) -> Answers:
    """The last answers of the one record of this account that has the birth date given; nothing for anybody else.

    What is about today or about the time since the last visit is left out. That they are shown is written down.
    """
    patient = _patient_of(request)
    last = last_answers_of(patient) if patient is not None else None
    if patient is None or last is None:
        return NOTHING
    record_event(action="read", entity=last, patient=patient, by=patient.user, role="patient", now=now)
    known = known_answers(last, draft.definition)
    of_the_day = {item.id for item in draft.definition.items if is_about_this_visit(item, draft.context)}
    return Answers(
        gates={name: gate for name, gate in known.gates.items() if name not in of_the_day},
        follow_ups={name: given for name, given in known.follow_ups.items() if name not in of_the_day},
    )


def _patient_of(request: HttpRequest) -> Patient | None:
    account, born = signed_in_patient(request), Way(request).birth_date
    if account is None or born is None:
        return None
    found = list(Patient.objects.filter(user=account, birth_date=born, erased_at=None)[:2])
    return found[0] if len(found) == 1 else None  # of twins nobody knows who is meant
