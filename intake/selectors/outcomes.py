"""How pain and daily life went, answer by answer."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from intake.models import Observation, Patient
from intake.rules.outcome_scores import Change, life_change, life_score, pain_change, pain_score


@dataclass(frozen=True, slots=True)
class Measured:
    """One answer, opened, with what has changed since the first one."""

    at: datetime
    pain: float
    activities: dict[str, int]
    life: float | None
    since_first: str
    pain_since: Change | None
    life_since: Change | None


def observations_of(patient: Patient) -> QuerySet[Observation]:
    """The answers, unopened, the first first."""
    return Observation.objects.filter(patient=patient).order_by("effective_at", "id")


def course_of_outcomes(patient: Patient) -> list[Measured]:
    """Every answer, opened. Callers have asked whether it may be shown, and have written the read down."""
    rows: list[Measured] = []
    for one in observations_of(patient):
        pain, content = one.content["pain"], one.content
        activities = {entry["name"]: entry["score"] for entry in content["activities"]}
        score, first = pain_score(pain["now"], pain["best"], pain["worst"]), rows[0] if rows else None
        named = next((row.activities for row in rows if row.activities), {})
        rows.append(
            Measured(
                at=one.effective_at,
                pain=score,
                activities=activities,
                life=life_score(activities),
                since_first=content["since_first"],
                pain_since=pain_change(first.pain, score) if first else None,
                life_since=life_change(named, activities) if named and activities else None,
            )
        )
    return rows


def activities_named(patient: Patient) -> tuple[str, ...]:
    """What the patient named the first time: the same are asked again, in their own words."""
    for one in observations_of(patient):
        if one.content["activities"]:
            return tuple(entry["name"] for entry in one.content["activities"])
    return ()
