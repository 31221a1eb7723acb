"""Answers given in the room: what only the regions that are really treated ask, added to what stands already."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from intake.access import cares_for
from intake.errors import IncompleteAnswers, InvalidAnswers, NotAllowed
from intake.models import QuestionnaireResponse, Screening, User
from intake.rules.answers import AnswerError, Answers, read_line, to_line
from intake.rules.screening import evaluate
from intake.rules.validity import is_milder
from intake.selectors.questionnaires import definition_of
from intake.selectors.regions import look_at_regions
from intake.selectors.screenings import red_flags_complete, stored_result
from intake.services.audit import record_event
from intake.signals import screening_decided
from intake.tokens import hash_token, new_token


@transaction.atomic
def screen_in_the_room(
    *,
    screening: Screening,
    regions: Collection[str],
    technique: str,
    answers: Mapping[str, Any],
    follow_ups: Mapping[str, Mapping[str, Any]],
    returning: bool,
    by: User,
    now: datetime,
) -> Screening:
    """The patient's answers with what was asked in the room, as an amended form and a screening of its own.

    Answers that stand already can't be changed here, only added to. The screening given back rests on `screening`
    where that was stricter, so that going over the questions once more lowers nothing.

    :raises NotAllowed: not a therapist who cares for the patient
    :raises InvalidAnswers: a value is not well formed, or answers a question that these regions don't open
    :raises IncompleteAnswers: something is still open (details: `unanswered`)
    """
    patient = screening.patient
    if patient is None or not cares_for(by, patient, now):
        raise NotAllowed
    look = look_at_regions(
        screening, regions=regions, technique=technique, birth_date=patient.birth_date, returning=returning, now=now
    )
    if not {*answers, *follow_ups} <= {one.item.id for one in look.open}:
        raise InvalidAnswers
    given = _with(screening, look.answers, answers, follow_ups)
    result = evaluate(look.definition, look.context, given)
    if not result.complete:
        raise IncompleteAnswers(unanswered=list(result.unanswered))
    stricter = is_milder(result.outcome, than=screening.outcome)  # type: ignore[arg-type]
    made = Screening.objects.create(
        response=_response(screening, to_line(look.context, given), by, now),
        patient=patient,
        questionnaire=screening.questionnaire,
        token_hash=hash_token(new_token()),
        outcome=result.outcome,
        urgent=result.urgent or "",
        complete=True,
        red_flags_complete=red_flags_complete(look.definition, result),
        modality=technique,
        stage=look.context.stage,
        result=stored_result(look.definition, look.context, given, result),
        earlier_stricter=_stricter(screening, stricter),
        evaluated_at=now,
        valid_until=screening.valid_until,
    )
    record_event(action="answered-in-room", entity=made, patient=patient, by=by, now=now)
    if answers or follow_ups:
        screening_decided.send(sender=Screening, screening=made, decision=None, now=now)
    return made


def _stricter(screening: Screening, is_stricter: bool) -> Screening | None:
    needs_a_look = screening.effective_outcome in ("STOP", "REVIEW")
    return screening if is_stricter and needs_a_look else screening.earlier_stricter


def _with(
    screening: Screening, given: Answers, answers: Mapping[str, Any], follow_ups: Mapping[str, Mapping[str, Any]]
) -> Answers:
    """The stored answers and the new ones, read by the same rules as everybody's."""
    definition = definition_of(screening.questionnaire)
    line = dict(screening.result["line"])
    line["answers"] = {**line["answers"], **answers}
    before = line["follow_ups"]
    line["follow_ups"] = {**before, **{key: {**before.get(key, {}), **said} for key, said in follow_ups.items()}}
    try:
        _context, read = read_line(definition, line, today=screening.evaluated_at.date())
    except AnswerError as error:
        raise InvalidAnswers(detail=str(error)) from error
    return replace(given, gates=read.gates, follow_ups=read.follow_ups)


def _response(screening: Screening, line: Mapping[str, object], by: User, now: datetime) -> QuestionnaireResponse:
    before = screening.response
    return QuestionnaireResponse.objects.create(
        questionnaire=screening.questionnaire,
        patient=screening.patient,
        status=QuestionnaireResponse.Status.AMENDED,
        content=dict(line),
        language=before.language,
        notice_version=before.notice_version,
        notice_hash=before.notice_hash,
        notice_shown_at=before.notice_shown_at,
        started_at=now,
        completed_at=now,
    )
