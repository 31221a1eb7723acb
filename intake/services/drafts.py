"""A form that is being filled in: one page's values laid into what was answered before."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from intake.rules.answers import AnswerError, likely_regions_of, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.sharing import NOTHING, Implied, implied, share
from intake.selectors.sharing import sharing_of

CONTEXT_KEYS: Final = ("regions", "age", "modality", "stage", "visit")


def merged(
    definition: Questionnaire, content: Mapping[str, Any], page: Mapping[str, Any], *, today: date
) -> dict[str, Any]:
    """The draft with the page's values, and with the answers that follow from them; None removes one.

    :raises AnswerError: a value is unknown, of the wrong type or out of range
    """
    for part, values in page.items():
        if not isinstance(values, Mapping):
            raise AnswerError(f"{part} must be an object")
    draft: dict[str, Any] = {part: _overlaid(content.get(part, {}), page[part]) for part in ("context", "answers")}
    draft["follow_ups"] = dict(content.get("follow_ups", {}))
    for item, values in page["follow_ups"].items():
        if values is not None and not isinstance(values, Mapping):
            raise AnswerError(f"follow_ups.{item} must be an object")
        given = {} if values is None else _overlaid(draft["follow_ups"].get(item, {}), values)
        draft["follow_ups"] = _overlaid(draft["follow_ups"], {item: given or None})
    _check(definition, draft, today)
    if "regions" in page["context"] and "likely_regions" not in page["context"]:
        draft["context"]["likely_regions"] = list(likely_regions_of(definition, draft["context"].get("regions", ())))
    before, now = _implied(definition, content, today), _implied(definition, draft, today)
    share(draft, definition, before=before, now=now)
    return draft


def _implied(definition: Questionnaire, content: Mapping[str, Any], today: date) -> Implied:
    """What the draft's answers say about other questions; nothing before it is known for whom and for what it is."""
    if not all(key in content.get("context", {}) for key in CONTEXT_KEYS):
        return NOTHING
    context, answers = read_line(definition, content, today=today)
    return implied(sharing_of(definition), definition, context, answers)


def _overlaid(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**before, **values}.items() if value is not None}


def _check(definition: Questionnaire, draft: Mapping[str, Any], today: date) -> None:
    """Read the draft as a whole; what the context does not say yet is filled in for the reading only."""
    not_said_yet = {
        "regions": [definition.regions[0]],
        "age": 40,
        "modality": definition.modalities[0],
        "stage": definition.stages[0],
        "visit": definition.visits[0],
    }
    read_line(definition, {**draft, "context": {**not_said_yet, **draft["context"]}}, today=today)
