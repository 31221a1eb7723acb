"""Screenings as they are stored: what is kept of a result, read back, and compared with earlier ones."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, cast

from django.db.models import Q

from intake.models import Outcome, Patient, QuestionnaireResponse, Screening
from intake.rules.answers import Answers, Context, read_line, to_line
from intake.rules.definitions import Questionnaire
from intake.rules.messages import Message, messages_for
from intake.rules.screening import Bookable, ScreeningResult, sources_of
from intake.rules.validity import OUTCOMES, is_milder
from intake.rules.validity import Outcome as RuleOutcome
from intake.selectors.questionnaires import definition_of, in_clinic_words
from intake.tokens import hash_token

CONTENT = ("questionnaire__items", "questionnaire__rules")  # large, and parsed once per process


def screening_by_token(token: str) -> Screening | None:
    """The screening that this token books with, or None."""
    found = Screening.objects.filter(token_hash=hash_token(token))
    return found.select_related("questionnaire", "response").defer(*CONTENT).first() if token else None


def stored_result(
    definition: Questionnaire, context: Context, answers: Answers, result: ScreeningResult
) -> dict[str, Any]:
    """What is kept, encrypted: the line that was evaluated, everything it came to, and what the patient was told."""
    return {
        **result.as_line(),
        "line": to_line(context, answers),
        "flags": list(result.flags),
        "sources": sources_of(definition, result),
        "findings": {
            name: {"outcome": finding.outcome, "urgent": finding.urgent} for name, finding in result.findings.items()
        },
        "messages": [asdict(message) for message in messages_for(definition, result)],
    }


def bookable_of(screening: Screening) -> Bookable:
    """Whether needling may be booked on it: the result that counts, without regard to any visit."""
    if not screening.complete or screening.urgent or screening.effective_outcome == Outcome.STOP:
        return "no"
    return "request" if screening.effective_outcome == Outcome.REVIEW else "yes"


def messages_of(screening: Screening) -> list[Message]:
    """What the patient is told, with the words for REVIEW first where an earlier, stricter form makes it one."""
    stored = [Message(**message) for message in screening.result["messages"]]
    messages = [replace(one, text=in_clinic_words(screening.questionnaire, one.text)) for one in stored]
    if screening.effective_outcome != screening.outcome:
        text = definition_of(screening.questionnaire).outcome_messages.get(screening.effective_outcome, "")
        messages.insert(0, Message("outcome", text, None))
    return messages


def evaluated_line(screening: Screening) -> tuple[Context, Answers]:
    """The context and answers that the screening was made from."""
    line = screening.result["line"]
    return read_line(definition_of(screening.questionnaire), line, today=screening.evaluated_at.date())


def red_flags_complete(definition: Questionnaire, result: ScreeningResult) -> bool:
    """Whether every red-flag question was answered, follow-ups that bear on the result included."""
    return all(definition.by_id[name.partition(".")[0]].category != "red_flag" for name in result.unanswered)


def stricter_before(
    outcome: str, *, session_hash: str = "", patient: Patient | None = None, now: datetime
) -> Screening | None:
    """The strictest valid STOP or REVIEW of the same browser session or patient that is stricter than `outcome`."""
    mine = Q()
    if session_hash:
        sessions = sessions_joined_with(session_hash)
        mine |= Q(response__session_hash__in=sessions) | Q(response__earlier_session_hashes__overlap=sessions)
    if patient is not None:
        mine |= Q(patient=patient)
    if not mine:
        return None
    earlier = Screening.objects.filter(mine, outcome__in=[Outcome.STOP, Outcome.REVIEW], valid_until__gt=now)
    stricter = [one for one in earlier.order_by("-evaluated_at") if is_milder(_rule(outcome), than=_rule(one.outcome))]
    return min(stricter, key=lambda one: OUTCOMES.index(_rule(one.outcome)), default=None)


def sessions_joined_with(session_hash: str) -> list[str]:
    """This browser session and every other from which a form was taken along by its link: they are one person's."""
    known, found = set[str](), {session_hash}
    while found > known:
        known = set(found)
        forms = QuestionnaireResponse.objects.filter(
            Q(session_hash__in=known) | Q(earlier_session_hashes__overlap=list(known))
        ).exclude(earlier_session_hashes=[])
        for last, earlier in forms.values_list("session_hash", "earlier_session_hashes"):
            found |= {last, *earlier}
    return sorted(found - {""})


def _rule(outcome: str) -> RuleOutcome:
    return cast(RuleOutcome, str(outcome))
