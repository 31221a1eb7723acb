"""What therapists decided about answers, asked about them, and were told."""

from dataclasses import dataclass
from datetime import datetime

from intake.models import Outcome, PatientReply, Screening, ScreeningDecision
from intake.rules.decisions import ALLOWING, is_covered, standing
from intake.rules.rechecks import is_covered_by
from intake.rules.screening import ScreeningResult, evaluate
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line

_LOOKED_AT = 20  # decisions of one patient; who has more is asked about again


@dataclass(frozen=True, slots=True)
class Question:
    """What a therapist asked, and the patient's answer (None: not yet)."""

    id: str
    text: str
    asked_by: str
    asked_at: datetime
    reply: str | None
    replied_at: datetime | None


def standing_decision(screening: Screening) -> ScreeningDecision | None:
    """The decision that counts for these answers: one about them, else a yes to the same answers given before.

    A no to the same answers is not carried on: a therapist looks again.
    """
    own = standing(screening.decisions.all())
    if own is not None or screening.patient_id is None:
        return own
    found = standing(one for one in _about_the_same_answers(screening)) or _carried_over(screening)
    return found if found is not None and found.decision in ALLOWING else None


def questions_about(screening: Screening) -> tuple[Question, ...]:
    """Every question that the patient was asked about these answers, in order, with the replies."""
    asked = screening.decisions.filter(decision=ScreeningDecision.Decision.ASKED)
    return tuple(map(_question, asked.select_related("decided_by", "reply").order_by("decided_at", "pk")))


def open_question(screening: Screening | None) -> ScreeningDecision | None:
    """The question that the patient has not answered yet, the latest if there are several."""
    if screening is None:
        return None
    asked = screening.decisions.filter(decision=ScreeningDecision.Decision.ASKED, reply=None)
    return asked.order_by("-decided_at", "-pk").first()


def regions_asked_about(screening: Screening) -> tuple[str, ...]:
    """Where it hurts, as the patient named it."""
    return tuple(screening.result["line"]["context"]["regions"])


def regions_ruled_out(result: ScreeningResult) -> frozenset[str]:
    """Regions that a combination of answers excludes by name: no therapist's yes brings them back."""
    return frozenset[str]().union(*(rule.regions for rule in result.fired if rule.flag == "exclude_region"))


def _about_the_same_answers(screening: Screening) -> list[ScreeningDecision]:
    others = ScreeningDecision.objects.filter(
        screening__patient=screening.patient_id,
        screening__questionnaire=screening.questionnaire_id,
        screening__outcome=Outcome.REVIEW,
        screening__earlier_stricter=screening.earlier_stricter_id,
    ).exclude(screening=screening.pk)
    recent = others.select_related("screening").order_by("-decided_at", "-pk")[:_LOOKED_AT]
    return [one for one in recent if is_covered(screening.result, one.screening.result)]


def _carried_over(screening: Screening) -> ScreeningDecision | None:
    """Of answers that were asked again before a visit: the decision about those that they follow, where nothing came
    up since that it was not about.
    """
    followed = screening.response.based_on_id
    earlier = Screening.objects.filter(response=followed).order_by("-evaluated_at").first() if followed else None
    if earlier is None or screening.earlier_stricter_id not in (None, earlier.pk, earlier.earlier_stricter_id):
        return None
    context, answers = evaluated_line(screening)
    context_then, answers_then = evaluated_line(earlier)
    same_place = set(context.regions) <= set(context_then.regions) and context.modality == context_then.modality
    result = evaluate(definition_of(screening.questionnaire), context, answers)
    result_then = evaluate(definition_of(earlier.questionnaire), context_then, answers_then)
    if not same_place or not is_covered_by(result, result_then, answers, answers_then):
        return None
    return standing_decision(earlier)


def _question(row: ScreeningDecision) -> Question:
    reply: PatientReply | None = getattr(row, "reply", None)
    return Question(
        id=str(row.pk),
        text=row.content["question"],
        asked_by=str(row.decided_by),
        asked_at=row.decided_at,
        reply=reply.content["text"] if reply else None,
        replied_at=reply.replied_at if reply else None,
    )
