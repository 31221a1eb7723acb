"""Filling in the form, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction

from intake.clock import clinic_date
from intake.errors import IncompleteAnswers, InvalidAnswers, NotAllowed
from intake.models import Outcome, Questionnaire, QuestionnaireResponse, Screening, User
from intake.notices import notice_version
from intake.rules.answers import AnswerError, Answers, Context, read_line
from intake.rules.messages import messages_for
from intake.rules.screening import ScreeningResult, evaluate
from intake.rules.validity import screening_valid_until
from intake.selectors.questionnaires import current_questionnaire, definition_of
from intake.selectors.screenings import CONTENT, red_flags_complete, stored_result, stricter_before
from intake.services.audit import record_event
from intake.services.drafts import CONTEXT_KEYS, merged
from intake.tokens import hash_token, new_token

UNBOOKED_FORM_LIVES: Final = timedelta(hours=24)


class Issued(NamedTuple):
    """A screening, and the token that its owner books with; the token is stored nowhere."""

    screening: Screening
    token: str


def start_response(
    *, notice_version: str, notice_hash: str, language: str, session_hash: str, now: datetime
) -> QuestionnaireResponse:
    """Begin a form, once the privacy notice of that version and hash has been shown. It is deleted after 24 hours
    unless a visit rests on it.

    :raises QuestionnaireMissing: no questionnaire was published yet
    """
    response = QuestionnaireResponse.objects.create(
        questionnaire=current_questionnaire(),
        content={"context": {}, "answers": {}, "follow_ups": {}},
        language=language,
        notice_version=notice_version,
        notice_hash=notice_hash,
        notice_shown_at=now,
        session_hash=session_hash,
        started_at=now,
        delete_after=now + UNBOOKED_FORM_LIVES,
    )
    record_event(action="started", entity=response, role="anonymous", now=now)
    return response


@transaction.atomic
def save_answers(
    *,
    response: QuestionnaireResponse,
    context: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    follow_ups: Mapping[str, Mapping[str, Any] | None] | None = None,
    by: User | None = None,
    now: datetime,
) -> QuestionnaireResponse:
    """Merge one page's values into the draft; None removes a value (or, for an item's follow-ups, all of them).

    Chosen regions bring their likely ones along, unless those are given too.

    :raises InvalidAnswers: a value is not well formed; nothing is saved
    :raises NotAllowed: a visit rests on these answers already; a new form is needed
    """
    locked = _locked(response)
    if locked.patient_id:
        raise NotAllowed
    page = {"context": context or {}, "answers": answers or {}, "follow_ups": follow_ups or {}}
    try:
        content = merged(definition_of(locked.questionnaire), locked.content, page, today=clinic_date(now))
    except AnswerError as error:
        raise InvalidAnswers(detail=str(error)) from error
    if content != locked.content:
        locked.content = content
        locked.status, locked.completed_at = QuestionnaireResponse.Status.IN_PROGRESS, None
        locked.save(update_fields=["content", "status", "completed_at"])
        record_event(action="answered", entity=locked, by=by, role=by.role if by else "anonymous", now=now)
    return locked


@transaction.atomic
def screen_response(*, response: QuestionnaireResponse, now: datetime) -> Issued:
    """Evaluate the draft and issue a screening; for a visit without needles the red flags are enough.

    :raises IncompleteAnswers: something is missing (details: `unanswered`) and nothing so far is a STOP or urgent
    :raises InvalidAnswers: the draft does not fit its questionnaire
    """
    locked = _locked(response)
    if locked.patient_id:
        raise NotAllowed
    missing = [f"context.{key}" for key in CONTEXT_KEYS if key not in locked.content["context"]]
    if missing:
        raise IncompleteAnswers(unanswered=missing)
    context, answers = _read(locked.questionnaire, locked.content, now)
    result = evaluate(definition_of(locked.questionnaire), context, answers)
    enough = context.modality == "none" and red_flags_complete(definition_of(locked.questionnaire), result)
    if not (result.complete or enough or result.outcome_of_answers == Outcome.STOP or result.urgent):
        raise IncompleteAnswers(unanswered=list(result.unanswered))
    if result.complete:
        again = locked.screenings.filter(complete=True).exists()
        status = QuestionnaireResponse.Status
        locked.status, locked.completed_at = status.AMENDED if again else status.COMPLETED, now
        locked.save(update_fields=["status", "completed_at"])
    return issue(locked, context, answers, result, now)


@transaction.atomic
def screen_line(*, line: object, session_hash: str, language: str, now: datetime) -> Issued:
    """Store and evaluate a whole form at once, given as a decoded line of the `screen` command.

    :raises InvalidAnswers: the line is malformed (details: `detail`)
    :raises IncompleteAnswers: something is missing (details: `unanswered`; `outcome`, `urgent`, `messages` so far)
    """
    questionnaire = current_questionnaire()
    context, answers = _read(questionnaire, line, now)
    result = evaluate(definition_of(questionnaire), context, answers)
    if not result.complete:
        raise IncompleteAnswers(
            unanswered=list(result.unanswered),
            outcome=result.outcome,
            urgent=result.urgent,
            messages=[asdict(message) for message in messages_for(definition_of(questionnaire), result)],
        )
    assert isinstance(line, dict)
    response = QuestionnaireResponse.objects.create(
        questionnaire=questionnaire,
        status=QuestionnaireResponse.Status.COMPLETED,
        content={"answers": {}, "follow_ups": {}} | line,
        language=language,
        notice_version=f"api:{notice_version()}",  # the program that asks shows the notice, not we
        notice_hash="",
        notice_shown_at=now,
        session_hash=session_hash,
        started_at=now,
        completed_at=now,
        delete_after=now + UNBOOKED_FORM_LIVES,
    )
    return issue(response, context, answers, result, now)


def _locked(response: QuestionnaireResponse) -> QuestionnaireResponse:
    """The form as it is now, for us alone until the transaction ends; the questions' text stays in the database."""
    rows = QuestionnaireResponse.objects.select_for_update(of=("self",)).select_related("questionnaire")
    return rows.defer(*CONTENT).get(pk=response.pk)


def _read(questionnaire: Questionnaire, line: object, now: datetime) -> tuple[Context, Answers]:
    """The line as values; a day that has passed counts as today, so that no old test result looks fresh."""
    today = clinic_date(now)
    try:
        context, answers = read_line(definition_of(questionnaire), line, today=today)
    except AnswerError as error:
        raise InvalidAnswers(detail=str(error)) from error
    return replace(context, on=max(context.on, today)), answers


def issue(
    response: QuestionnaireResponse, context: Context, answers: Answers, result: ScreeningResult, now: datetime
) -> Issued:
    """Keep the result of a form, with the token that its owner books with; joins the caller's transaction."""
    token = new_token()
    definition = definition_of(response.questionnaire)
    outcome = result.outcome_of_answers  # what was not asked makes it incomplete, and is no STOP to hold against them
    screening = Screening.objects.create(
        response=response,
        questionnaire=response.questionnaire,
        token_hash=hash_token(token),
        outcome=outcome,
        urgent=result.urgent or "",
        complete=result.complete,
        red_flags_complete=red_flags_complete(definition, result),
        modality=context.modality,
        stage=context.stage,
        result=stored_result(definition, context, answers, result),
        earlier_stricter=stricter_before(outcome, session_hash=response.session_hash, now=now),
        evaluated_at=now,
        valid_until=screening_valid_until(evaluated_at=now, config=definition.config),
    )
    record_event(action="screened", entity=screening, role="anonymous", now=now)
    return Issued(screening, token)
