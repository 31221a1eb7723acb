"""Asking again before a visit: a new form that follows an earlier one, and a result of its own."""

from datetime import datetime
from typing import Any

from django.db import transaction

from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import Outcome, Patient, QuestionnaireResponse, Screening, User
from intake.rules.answers import likely_regions_of, to_line
from intake.rules.rechecks import Extent
from intake.rules.screening import evaluate
from intake.selectors.questionnaires import current_questionnaire, definition_of
from intake.selectors.rechecks import last_screening_of, recheck_of
from intake.selectors.screenings import CONTENT, evaluated_line, stricter_before
from intake.services.audit import record_event
from intake.services.responses import UNBOOKED_FORM_LIVES, issue
from intake.services.screenings import attach_screening

Status = QuestionnaireResponse.Status


@transaction.atomic
def begin_recheck(
    *,
    last: Screening,
    age: int,
    visit: str,
    modality: str,
    stage: str,
    language: str,
    session_hash: str = "",
    by: User | None = None,
    now: datetime,
) -> QuestionnaireResponse:
    """Begin a form that asks again what `last` was made from; nothing is answered in it yet.

    :raises NotAllowed: those answers are nobody's record
    """
    if last.patient is None:
        raise NotAllowed
    context, _answers = evaluated_line(last)
    questionnaire = current_questionnaire()
    definition = definition_of(questionnaire)
    regions = [region for region in context.regions if region in definition.regions]
    asked: dict[str, Any] = {
        "regions": regions,
        "likely_regions": list(likely_regions_of(definition, regions)),
        "age": age,
        "modality": modality,
        "stage": stage,
        "visit": visit,
    }
    response = QuestionnaireResponse.objects.create(
        questionnaire=questionnaire,
        based_on=last.response,
        content={"context": asked, "answers": {}, "follow_ups": {}},
        language=language,
        notice_version=last.response.notice_version,
        notice_hash=last.response.notice_hash,
        notice_shown_at=last.response.notice_shown_at,
        session_hash=session_hash,
        started_at=now,
        delete_after=now + UNBOOKED_FORM_LIVES,
    )
    role = by.role if by else "patient"
    record_event(action="asked-again", entity=response, patient=last.patient, by=by, role=role, now=now)
    return response


@transaction.atomic
def finish_recheck(
    *,
    response: QuestionnaireResponse,
    patient: Patient,
    due: Extent,
    stage: str,
    by: User | None = None,
    now: datetime,
) -> Screening:
    """Lay the new answers over the earlier ones and evaluate them as a whole, as part of the patient's record.

    :raises IncompleteAnswers: something that is asked has no answer yet (details: `unanswered`), and nothing so far is
        a STOP or urgent
    :raises NotAllowed: it is finished already, or follows nobody's or another patient's form
    """
    locked = _locked(response)
    last = last_screening_of(locked)
    if locked.patient_id or last is None or last.patient_id != patient.pk:
        raise NotAllowed
    recheck = recheck_of(locked, due=due, stage=stage, now=now)
    answers = recheck.merged
    result = evaluate(recheck.definition, recheck.context, answers)
    if not (result.complete or result.outcome_of_answers == Outcome.STOP or result.urgent):
        raise IncompleteAnswers(unanswered=list(result.unanswered))
    locked.content = to_line(recheck.context, answers)
    locked.status = Status.COMPLETED if result.complete else Status.STOPPED
    locked.completed_at = now
    locked.save(update_fields=["content", "status", "completed_at"])
    issued = issue(locked, recheck.context, answers, result, now)
    role = by.role if by else "patient"
    record_event(action="answered-again", entity=issued.screening, patient=patient, by=by, role=role, now=now)
    _compare_with_the_record(issued.screening, patient, now)
    return attach_screening(screening=issued.screening, patient=patient, now=now)


def _compare_with_the_record(screening: Screening, patient: Patient, now: datetime) -> None:
    """A milder result than an earlier one of this record counts as REVIEW: here it is known whose answers they are."""
    if screening.earlier_stricter_id is None:
        screening.earlier_stricter = stricter_before(screening.outcome, patient=patient, now=now)
        screening.save(update_fields=["earlier_stricter"])


def _locked(response: QuestionnaireResponse) -> QuestionnaireResponse:
    rows = QuestionnaireResponse.objects.select_for_update(of=("self",)).select_related("questionnaire", "based_on")
    return rows.defer(*CONTENT).get(pk=response.pk)
