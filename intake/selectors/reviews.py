"""What a therapist sees of a form, and how much of it everybody else sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from django.db import transaction
from django.db.models import QuerySet

from intake.access import can_break_glass, can_see_answers
from intake.errors import NotAllowed
from intake.models import Outcome, Patient, Screening, ScreeningDecision, User
from intake.rules.answers import Context
from intake.rules.messages import Message, messages_for
from intake.rules.screening import evaluate
from intake.selectors.audit import record_read
from intake.selectors.decisions import Question, questions_about
from intake.selectors.details import answers_with_details
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line
from intake.selectors.wording import ItemInWords, items_in_words
from intake.signals import answers_opened

# The questions of the shipped content that ask about what somebody takes.
MEDICINES: Final = frozenset({"anticoagulant", "antiplatelet", "bleeding_supplements", "medication"})
FormState = Literal["complete", "incomplete", "needs-therapist"]


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """A combination of answers that matters. `sources` are the ids of items' sources."""

    id: str
    raise_to: str | None
    urgent: str | None
    flag: str | None
    alert: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionInWords:
    """What a therapist decided, and until when it holds."""

    decision: str
    decided_by: str
    decided_at: datetime
    reason: str
    regions: tuple[str, ...]
    excluded: tuple[str, ...]
    conditions: str
    visits: int | None
    offered: tuple[str, ...]
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class AnsweredForm:
    """One form with everything it came to; `outcome` is the one that counts."""

    screening: Screening
    context: Context
    outcome: str
    urgent: str | None
    complete: bool
    unanswered: tuple[str, ...]
    items: tuple[ItemInWords, ...]
    rules: tuple[RuleInWords, ...]
    flags: tuple[str, ...]
    excluded_regions: tuple[str, ...]
    messages: tuple[Message, ...]
    decisions: tuple[DecisionInWords, ...]
    questions: tuple[Question, ...] = ()
    hasty_pages: int = 0  # answered faster than they can be read

    @property
    def medicines(self) -> tuple[ItemInWords, ...]:
        """What the patient said about medicines, in one place, whether or not it needs a look."""
        return tuple(item for item in self.items if item.id in MEDICINES and (item.fired or item.answer != "No"))

    @property
    def fired(self) -> tuple[ItemInWords, ...]:
        """The questions that need a look."""
        return tuple(item for item in self.items if item.fired)

    @property
    def alerts(self) -> tuple[str, ...]:
        """What to be careful about, each once."""
        texts = (*(item.therapist_alert for item in self.fired), *(rule.alert for rule in self.rules))
        return tuple(dict.fromkeys(text for text in texts if text))


@dataclass(frozen=True, slots=True)
class ReviewDossier:
    """The form under review, beside it the same patient's last one, and a stricter one filled in before."""

    patient: Patient
    form: AnsweredForm
    last: AnsweredForm | None
    earlier_stricter: AnsweredForm | None

    @property
    def changed(self) -> frozenset[str]:
        """The ids of the questions that were answered otherwise last time, or were not asked then."""
        return _differences(self.form, self.last)

    @property
    def changed_from_stricter(self) -> frozenset[str]:
        """The ids of the questions that were answered otherwise on the stricter form."""
        return _differences(self.form, self.earlier_stricter)


@transaction.atomic
def review_of(*, screening: Screening, by: User, now: datetime, reason: str = "") -> ReviewDossier:
    """Everything that a therapist needs to decide; the read is written down.

    A manager must give a reason; it is written down and the patient's therapist is told.

    :raises NotAllowed: no live care relation, not the patient's own account, no reason, or nobody's form yet
    """
    patient = screening.patient
    if patient is None:
        raise NotAllowed
    action = "read" if can_see_answers(by, patient, now) else _break_glass(screening, patient, by, reason, now)
    record_read(action=action, entity=screening, patient_id=patient.pk, by=by, reason=reason, now=now)
    last = last_screening_before(screening)
    return ReviewDossier(
        patient=patient,
        form=answered_form(screening),
        last=answered_form(last) if last else None,
        earlier_stricter=answered_form(screening.earlier_stricter) if screening.earlier_stricter else None,
    )


def form_state(screening: Screening | None) -> FormState:
    """All that reception sees; opens nothing that is encrypted."""
    if screening is None or not screening.complete:
        return "incomplete"
    needs = screening.effective_outcome in (Outcome.STOP, Outcome.REVIEW) or bool(screening.urgent)
    return "needs-therapist" if needs else "complete"


def last_screening_before(screening: Screening) -> Screening | None:
    """The same patient's form before this one."""
    earlier = Screening.objects.filter(patient=screening.patient_id, evaluated_at__lt=screening.evaluated_at)
    return earlier.exclude(pk=screening.pk).order_by("-evaluated_at").first() if screening.patient_id else None


def answered_form(screening: Screening) -> AnsweredForm:
    """The form in words. Callers have asked whether it may be shown, and have written the read down."""
    definition = definition_of(screening.questionnaire)
    context, answers = evaluated_line(screening)
    result = evaluate(definition, context, answers)
    return AnsweredForm(
        screening=screening,
        context=context,
        outcome=screening.effective_outcome,
        urgent=result.urgent,
        complete=result.complete,
        unanswered=result.unanswered,
        items=items_in_words(definition, context, answers_with_details(screening), result),
        rules=tuple(
            RuleInWords(rule.id, rule.raise_to, rule.urgent, rule.flag, rule.alert, rule.sources)
            for rule in result.fired
        ),
        flags=result.flags,
        excluded_regions=result.excluded_regions,
        messages=tuple(messages_for(definition, result)),
        decisions=tuple(map(_decision, _decided(screening))),
        questions=questions_about(screening),
        hasty_pages=len(screening.response.haste or {}),
    )


def _decided(screening: Screening) -> QuerySet[ScreeningDecision]:
    decided = screening.decisions.exclude(decision=ScreeningDecision.Decision.ASKED)
    return decided.select_related("decided_by").order_by("-decided_at")


def _differences(form: AnsweredForm, other: AnsweredForm | None) -> frozenset[str]:
    if other is None:
        return frozenset()
    then = {item.id: (item.answer, item.follow_ups) for item in other.items}
    return frozenset(item.id for item in form.items if then.get(item.id) != (item.answer, item.follow_ups))


def _break_glass(screening: Screening, patient: Patient, by: User, reason: str, now: datetime) -> str:
    if not can_break_glass(by, reason):
        raise NotAllowed
    answers_opened.send(sender=Screening, screening=screening, patient=patient, by=by, now=now)
    return "break-glass"


def _decision(row: ScreeningDecision) -> DecisionInWords:
    return DecisionInWords(
        decision=row.decision,
        decided_by=str(row.decided_by),
        decided_at=row.decided_at,
        reason=row.content["reason"],
        regions=tuple(row.content["regions"]),
        excluded=tuple(row.content.get("excluded", ())),
        conditions=row.content["conditions"],
        visits=row.content.get("visits"),
        offered=tuple(row.content.get("offered", ())),
        valid_until=row.valid_until,
    )
