"""Answers as people give them: mostly nothing, sometimes something to keep in mind. Never a reason to stop."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from config.seed.clinic import new_id
from intake.clock import clinic_date
from intake.models import Patient, QuestionnaireResponse, Screening
from intake.models import Questionnaire as StoredQuestionnaire
from intake.notices import notice_version
from intake.rules.answers import likely_regions_of, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.questions import kept_items
from intake.rules.screening import evaluate
from intake.rules.validity import screening_valid_until
from intake.selectors.clearance import age_on
from intake.selectors.questionnaires import current_questionnaire, definition_of
from intake.selectors.screenings import red_flags_complete, stored_result
from intake.tokens import hash_token

# Region of the pain and how often; none of them asks a therapist before booking by itself.
_REGIONS = (("low_back", 30), ("knee", 20), ("thigh", 12), ("elbow_forearm", 12), ("calf_shin", 14), ("ankle_foot", 12))
# Things that are kept in mind: item, its answer and follow-ups.
_IN_MIND: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fainting", {"other_faints": "no"}),
    ("metal_allergy", {"reaction": "rash"}),
    ("bleeding_supplements", {"list": "Ibuprofen, on bad days"}),
    ("heart_stable", {"which": ["bp_low"]}),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A form and what came of it, not saved yet."""

    response: QuestionnaireResponse
    screening: Screening


def answer_like(
    *,
    rng: Random,
    patient: Patient,
    returning: bool,
    at: datetime,
    extra: tuple[str, dict[str, Any]] | None = None,
    questionnaire: StoredQuestionnaire | None = None,
) -> Answered:
    """A complete form of this patient, evaluated by the real rules; `extra` answers one more item with yes."""
    questionnaire = questionnaire or current_questionnaire()
    definition = definition_of(questionnaire)
    line = _line(rng, definition, patient, returning, at, extra)
    context, answers = read_line(definition, line, today=clinic_date(at))
    result = evaluate(definition, context, answers)
    response = QuestionnaireResponse(
        id=new_id(rng), questionnaire=questionnaire, patient=patient, status=QuestionnaireResponse.Status.COMPLETED,
        content=line, language=patient.language, notice_version=notice_version(), notice_hash="", notice_shown_at=at,
        started_at=at, completed_at=at,
    )  # fmt: skip
    screening = Screening(
        id=new_id(rng), response=response, patient=patient, questionnaire=questionnaire,
        token_hash=hash_token(str(response.pk)), outcome=result.outcome, urgent=result.urgent or "",
        complete=result.complete, red_flags_complete=red_flags_complete(definition, result), modality=context.modality,
        stage=context.stage, result=stored_result(definition, context, answers, result), evaluated_at=at,
        valid_until=screening_valid_until(evaluated_at=at, config=definition.config),
    )  # fmt: skip
    return Answered(response, screening)


def _line(
    rng: Random, definition: Questionnaire, patient: Patient, returning: bool, at: datetime, extra: Any
) -> dict[str, Any]:
    assert patient.birth_date
    regions = rng.choices([name for name, _ in _REGIONS], [weight for _, weight in _REGIONS], k=1)
    context = {
        "regions": regions,
        "likely_regions": list(likely_regions_of(definition, tuple(regions))),
        "age": age_on(at.date(), patient.birth_date),
        "modality": "manual",
        "stage": "booking",
        "visit": "return" if returning else "first",
        "on": clinic_date(at).isoformat(),
    }
    asked, _ = read_line(definition, {"context": context, "answers": {}, "follow_ups": {}}, today=clinic_date(at))
    kept = kept_items(definition, asked)
    gates = {item.id: "yes" if item.triage_on == "no" else "no" for item in kept if item.gate_answers}
    follow_ups: dict[str, Any] = {
        item.id: {one.id: one.options[0].value for one in item.follow_ups if one.id in item.deciding and one.options}
        for item in kept
        if not item.gate_answers
    }
    follow_ups["needle_choice"] = {"level": rng.choices(["fine", "nervous"], [80, 20])[0]}
    in_mind = [entry for entry in _IN_MIND if rng.random() < 0.1][:2]
    for item, answers in [*in_mind, *([extra] if extra else [])]:
        gates[item] = "yes"
        follow_ups[item] = answers
    return {"context": context, "answers": gates, "follow_ups": follow_ups}
