"""Keeping how pain and daily life are, in the patient's own numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Observation, Patient, User
from intake.rules.outcome_scores import CHANGE_WORDS, MOST_ACTIVITIES, is_score
from intake.services.audit import record_event

MAX_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Scores:
    """Pain 0 to 10 now, and at best and worst in 24 hours; what is hard, each 0 to 10; how it is in all since."""

    pain_now: int
    pain_best: int | None = None
    pain_worst: int | None = None
    activities: Mapping[str, int] = field(default_factory=dict)
    since_first: str = ""


def record_outcome(
    *, patient: Patient, scores: Scores, focus_id: UUID | None, by: User | None = None, now: datetime
) -> Observation:
    """Add an answer to the record; without `by` the patient gave it by link.

    :raises InvalidAnswers: a number that is none of 0 to 10, more than three activities, or a name without words
    :raises NotAllowed: the record was erased
    """
    _check(scores)
    with transaction.atomic(durable=True):
        if not Patient.objects.select_for_update(no_key=True).filter(pk=patient.pk, erased_at=None).exists():
            raise NotAllowed
        made = Observation.objects.create(
            patient=patient, focus_id=focus_id, effective_at=now, recorded_by=by, content=_content(scores)
        )
        role = None if by else "patient"
        record_event(action="outcome-recorded", entity=made, patient=patient, by=by, role=role, now=now)
        return made


def _content(scores: Scores) -> dict[str, object]:
    return {
        "pain": {"now": scores.pain_now, "best": scores.pain_best, "worst": scores.pain_worst},
        "activities": [{"name": name.strip(), "score": score} for name, score in scores.activities.items()],
        "since_first": scores.since_first,
    }


def _check(scores: Scores) -> None:
    optional = [one for one in (scores.pain_best, scores.pain_worst) if one is not None]
    if not all(map(is_score, [scores.pain_now, *optional, *scores.activities.values()])):
        raise InvalidAnswers(_("Please choose a number from 0 to 10."))
    if scores.pain_best is not None and scores.pain_worst is not None and scores.pain_best > scores.pain_worst:
        raise InvalidAnswers(_("The pain at its worst can't be less than at its best."))
    names = {name.strip().casefold() for name in scores.activities}
    fit = all(0 < len(name) <= MAX_NAME for name in names)
    if len(scores.activities) > MOST_ACTIVITIES or len(names) < len(scores.activities) or not fit:
        raise InvalidAnswers(_("Please name up to three different activities, each in at most 80 characters."))
    if scores.since_first not in ("", *CHANGE_WORDS):
        raise InvalidAnswers
