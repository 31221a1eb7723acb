"""Adding to a form that a visit rests on, without changing what decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from intake.clock import clinic_date
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import QuestionnaireResponse, Screening
from intake.rules.answers import AnswerError, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.screening import evaluate
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import CONTENT, stored_result
from intake.services.audit import record_event
from intake.services.drafts import merged


@transaction.atomic
def add_details(
    *, screening: Screening, follow_ups: Mapping[str, Mapping[str, Any]], now: datetime
) -> QuestionnaireResponse:
    """Amend the form of a patient's screening by follow-ups that decide nothing; None removes one. The caller has made
    sure that it is the patient who asks. The screening stays as it is: these answers come to the same result.

    :raises InvalidAnswers: a value is not well formed; nothing is stored
    :raises NotAllowed: nobody's form yet, or one of the follow-ups decides something
    """
    rows = QuestionnaireResponse.objects.select_for_update(of=("self",)).select_related("questionnaire", "patient")
    locked = rows.defer(*CONTENT).get(pk=screening.response_id)
    definition = definition_of(locked.questionnaire)
    if locked.patient is None or not _decide_nothing(definition, follow_ups):
        raise NotAllowed
    before = locked.content
    page = {"context": {}, "answers": {}, "follow_ups": follow_ups}
    try:
        locked.content = merged(definition, before, page, today=clinic_date(now))
        if _result(definition, locked.content, now) != _result(definition, before, now):
            raise NotAllowed  # a rule that looks at more than its data says: nothing is changed behind its back
    except AnswerError as error:
        raise InvalidAnswers(detail=str(error)) from error
    if locked.content == before:
        return locked
    if locked.completed_at is not None:
        locked.status = QuestionnaireResponse.Status.AMENDED
    locked.save(update_fields=["content", "status"])
    record_event(action="details-added", entity=locked, patient=locked.patient, role="patient", now=now)
    return locked


def _decide_nothing(definition: Questionnaire, follow_ups: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(
        item in definition.by_id and not definition.by_id[item].deciding & set(values)
        for item, values in follow_ups.items()
    )


def _result(definition: Questionnaire, content: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Everything that would be kept of a screening of this content, but the answers."""
    context, answers = read_line(definition, content, today=clinic_date(now))
    return stored_result(definition, context, answers, evaluate(definition, context, answers)) | {"line": None}
