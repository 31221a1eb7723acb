"""Stored screenings evaluated once more: the same versions and the same answers must come to the same result."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from intake.models import Screening
from intake.rules.screening import evaluate
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import CONTENT, evaluated_line, red_flags_complete, stored_result


def differences(screening: Screening) -> list[str]:
    """The parts of the stored screening that come out otherwise now; none, unless something is broken.

    It is evaluated by the questions, rules and settings that it was made with. Names of parts only, never an answer.

    :raises AnswerError: the stored answers no longer fit their questions
    """
    definition = definition_of(screening.questionnaire)
    context, answers = evaluated_line(screening)
    result = evaluate(definition, context, answers)
    again: dict[str, Any] = json.loads(json.dumps(stored_result(definition, context, answers, result)))
    columns = {
        "outcome": result.outcome_of_answers,
        "urgent": result.urgent or "",
        "complete": result.complete,
        "red_flags_complete": red_flags_complete(definition, result),
        "modality": context.modality,
        "stage": context.stage,
    }
    return [
        *(f"result.{part}" for part, stored in screening.result.items() if again.get(part) != stored),
        *(name for name, value in columns.items() if getattr(screening, name) != value),
    ]


def screenings_to_replay(*, days: int | None, now: datetime) -> Iterator[Screening]:
    """The screenings of the last days, or all, the newest first."""
    rows = Screening.objects.select_related("questionnaire").defer(*CONTENT).order_by("-evaluated_at", "id")
    if days is not None:
        rows = rows.filter(evaluated_at__gt=now - timedelta(days=days))
    return rows.iterator(chunk_size=500)
