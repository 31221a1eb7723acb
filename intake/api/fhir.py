"""The questionnaire as a FHIR R4 Questionnaire: linkIds are `item` and `item.follow_up`, as in a line of `screen`.

A first group asks for the context, so that a FHIR form filler can decide by `enableWhen` which items are asked. What R4
can't express (a condition made of several alternatives for several facts) is asked always: more is asked, never less. A
choice of several has "none of these" as a choice of its own, and a number or date that may be unknown a question beside
it, so that both can be said in any form filler.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from intake.models import Questionnaire
from intake.rules.definitions import Questionnaire as Definition
from intake.rules.items import UNKNOWN, FollowUp, Item

Json = dict[str, Any]

ANSWERS: Final = "urn:drypoint:answer"
CONTEXT: Final = "context"
NONE: Final = "none-of-these"
UNKNOWN_SUFFIX: Final = ".unknown"
_TYPE: Final[Mapping[str, str]] = {"text": "text", "number": "decimal", "date": "date"}
_GATE_WORDS: Final[Mapping[str, str]] = {
    "yes": "Yes", "no": "No", "unsure": "Not sure", "na": "Does not apply", UNKNOWN: "I don't know",
    NONE: "None of these",
}  # fmt: skip
_CONTEXT_FACT: Final[Mapping[str, str]] = {
    "region_any": "regions", "modality_any": "modality", "stage_any": "stage", "visit_any": "visit"
}  # fmt: skip


def as_fhir(questionnaire: Questionnaire, definition: Definition, *, url: str) -> Json:
    """The resource, ready for JSON. `url` is its canonical address; free of any answer, so public."""
    applies = {raw["id"]: raw["applies_when"] for raw in questionnaire.items}
    groups = dict.fromkeys(item.group for item in definition.items)
    return {
        "resourceType": "Questionnaire",
        "id": questionnaire.slug,
        "url": url,
        "version": questionnaire.version,
        "name": "DryNeedlingScreening",
        "title": str(questionnaire.rules.get("title", "Dry needling screening")),
        "status": "draft" if "draft" in questionnaire.rules_version else "active",
        "subjectType": ["Patient"],
        "date": questionnaire.published_at.isoformat(),
        "item": [
            _context(definition),
            *(_group(group, [one for one in definition.items if one.group == group], definition, applies)
              for group in groups),
        ],
    }  # fmt: skip


def _context(definition: Definition) -> Json:
    regions = _options(zip(definition.regions, definition.regions, strict=True))
    return {
        "linkId": CONTEXT,
        "text": "About the visit",
        "type": "group",
        "item": [
            {"linkId": "context.regions", "text": "Where does it hurt?", "type": "choice", "required": True,
             "repeats": True, "answerOption": regions},
            {"linkId": "context.likely_regions", "text": "Where else will needles probably go?", "type": "choice",
             "repeats": True, "answerOption": regions},
            {"linkId": "context.age", "text": "Age in years", "type": "integer", "required": True},
            _choice_of("modality", "Kind of needling", definition.modalities),
            _choice_of("stage", "When the questions are asked", definition.stages),
            _choice_of("visit", "First visit or return visit", definition.visits),
            {"linkId": "context.on", "text": "Day of the answers", "type": "date"},
        ],
    }  # fmt: skip


def _choice_of(name: str, text: str, words: Iterable[str]) -> Json:
    options = _options((word, word) for word in words)
    return {"linkId": f"context.{name}", "text": text, "type": "choice", "required": True, "answerOption": options}


def _group(group: str, items: list[Item], definition: Definition, applies: Mapping[str, Json]) -> Json:
    return {
        "linkId": f"group.{group}",
        "text": group.partition("_")[2].replace("_", " ").capitalize(),
        "type": "group",
        "item": [_item(item, definition, applies[item.id]) for item in items],
    }


def _item(item: Item, definition: Definition, applies: Json) -> Json:
    made: Json = {"linkId": item.id, "text": item.question, "type": "choice" if item.gate_answers else "group"}
    if item.gate_answers:
        made |= {"required": True, "answerOption": _options(words_of(item.gate_answers).items())}
    made |= _when(_conditions(applies, definition))
    if item.follow_ups:
        made["item"] = [one for follow_up in item.follow_ups for one in _follow_up(item, follow_up)]
    return made


def words_of(codes: Iterable[str], follow_up: FollowUp | None = None) -> dict[str, str]:
    """What a person reads for each code, in this order."""
    labels = {option.value: option.label for option in follow_up.options} if follow_up else {}
    return {code: labels.get(code) or _GATE_WORDS.get(code, code) for code in codes}


def _follow_up(item: Item, follow_up: FollowUp) -> Iterator[Json]:
    is_apart = follow_up.unknown_allowed and not follow_up.words
    made: Json = {
        "linkId": f"{item.id}.{follow_up.id}",
        "text": follow_up.question or follow_up.id,
        "type": _TYPE.get(follow_up.type, "choice"),
        "required": follow_up.bears and not is_apart,
    }
    none_of_these = (NONE,) if follow_up.type == "multi" else ()
    if follow_up.type == "multi":
        made["repeats"] = True
    if follow_up.words:
        made["answerOption"] = _options(words_of((*follow_up.words, *none_of_these), follow_up).items())
    when = _when(_shown(item, follow_up))
    yield made | when
    if is_apart:
        asked = {"linkId": f"{made['linkId']}{UNKNOWN_SUFFIX}", "text": _GATE_WORDS[UNKNOWN], "type": "boolean"}
        yield asked | when


def _shown(item: Item, follow_up: FollowUp) -> tuple[str, list[Json]]:
    """A visible parent means that the gate fired, so the parents' answers say it all; without parents the gate does."""
    if not follow_up.show_if:
        return "any", [_equals(item.id, item.triage_on)] if item.gate_answers else []
    parents = [[_equals(f"{item.id}.{parent}", value) for value in values] for parent, values in follow_up.show_if]
    return _joined(parents)


def _conditions(applies: Json, definition: Definition) -> tuple[str, list[Json]]:
    """`applies_when` as enableWhen; empty (asked always) where R4 can't say it."""
    key, value = next(iter(applies.items()))
    if key in _CONTEXT_FACT:
        facts = ["regions", "likely_regions"] if key == "region_any" else [_CONTEXT_FACT[key]]
        return "any", [_equals(f"context.{fact}", word) for fact in facts for word in value]
    if key in ("age_below", "age_below_config"):
        limit = definition.config[value] if key == "age_below_config" else value
        return "any", [{"question": "context.age", "operator": "<", "answerInteger": int(str(limit))}]
    if key not in ("all", "any"):
        return "any", []
    parts = [_conditions(part, definition) for part in value]
    if key == "any" and all(conditions and behaviour == "any" for behaviour, conditions in parts):
        return "any", [one for _, conditions in parts for one in conditions]
    return _joined([conditions for _, conditions in parts]) if key == "all" else ("any", [])


def _joined(parts: list[list[Json]]) -> tuple[str, list[Json]]:
    """Parts that must all hold, each of them a list of alternatives."""
    several = [part for part in parts if part]
    if len(several) == 1:
        return "any", several[0]
    return (
        ("all", [one for part in several for one in part]) if all(len(part) == 1 for part in several) else ("any", [])
    )


def _when(condition: tuple[str, list[Json]]) -> Json:
    behaviour, conditions = condition
    if not conditions:
        return {}
    return {"enableWhen": conditions} | ({"enableBehavior": behaviour} if len(conditions) > 1 else {})


def _equals(question: str, value: object) -> Json:
    return {"question": question, "operator": "=", "answerCoding": {"system": ANSWERS, "code": str(value)}}


def _options(words: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"valueCoding": {"system": ANSWERS, "code": code, "display": display}} for code, display in words]
