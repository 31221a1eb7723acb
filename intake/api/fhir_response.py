"""A line of answers as a FHIR R4 QuestionnaireResponse, and back; it answers the Questionnaire of `intake.api.fhir`.

Only what counts is written: empty texts, and answers to questions that are hidden or not asked here, stay behind.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NoReturn

from intake.api.fhir import ANSWERS, CONTEXT, NONE, UNKNOWN_SUFFIX, Json, words_of
from intake.models import QuestionnaireResponse, Screening
from intake.rules.answers import AnswerError, Answers, Context
from intake.rules.conditions import Answer
from intake.rules.definitions import Questionnaire as Definition
from intake.rules.items import UNKNOWN, FollowUp, Item
from intake.rules.questions import kept_items, visible_follow_ups
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line

_VALUES: Final = ("valueCoding", "valueInteger", "valueDecimal", "valueBoolean", "valueDate", "valueString")
_DEEPEST: Final = 10


def screening_as_fhir(screening: Screening, *, questionnaire_url: str) -> Json:
    """The answers that the screening was made from, with whose they are and when they were given."""
    definition = definition_of(screening.questionnaire)
    response = screening.response
    return as_response(definition, *evaluated_line(screening)) | {
        "id": str(response.pk),
        "language": response.language,
        "questionnaire": f"{questionnaire_url}|{screening.questionnaire.version}",
        "status": str(response.status) if screening.complete else QuestionnaireResponse.Status.IN_PROGRESS.value,
        "subject": {"reference": f"Patient/{screening.patient_id}"},
        "authored": screening.evaluated_at.isoformat(),
    }


def as_response(definition: Definition, context: Context, answers: Answers) -> Json:
    """The answers alone, as the items of a response; whose they are is for the caller to add."""
    groups: dict[str, list[Json]] = {}
    for item in kept_items(definition, context):
        if answered := _item(item, answers):
            groups.setdefault(item.group, []).append(answered)
    return {
        "resourceType": "QuestionnaireResponse",
        "item": [
            {"linkId": CONTEXT, "item": list(_context(context))},
            *({"linkId": f"group.{group}", "item": items} for group, items in groups.items()),
        ],
    }


def _context(context: Context) -> Iterator[Json]:
    words = {word: word for word in (*context.regions, *context.likely_regions)}
    yield _answered("context.regions", _codings(context.regions, words))
    if context.likely_regions:
        yield _answered("context.likely_regions", _codings(context.likely_regions, words))
    yield _answered("context.age", [{"valueInteger": context.age}])
    for name, word in (("modality", context.modality), ("stage", context.stage), ("visit", context.visit)):
        yield _answered(f"context.{name}", _codings([word], {word: word}))
    yield _answered("context.on", [{"valueDate": context.on.isoformat()}])


def _item(item: Item, answers: Answers) -> Json | None:
    gate, given = answers.gates.get(item.id), answers.follow_ups.get(item.id, {})
    visible = [one for one in visible_follow_ups(item, gate, given) if given.get(one.id, "") != ""]
    follow_ups = [_follow_up(item, one, given[one.id]) for one in visible]
    if not item.gate_answers:
        return {"linkId": item.id, "item": follow_ups} if follow_ups else None
    if gate is None:
        return None
    [answer] = _codings([gate], words_of(item.gate_answers))
    return _answered(item.id, [answer | ({"item": follow_ups} if follow_ups else {})])


def _follow_up(item: Item, follow_up: FollowUp, answer: Answer) -> Json:
    link_id = f"{item.id}.{follow_up.id}"
    if follow_up.words:
        codes = answer if isinstance(answer, tuple) else (str(answer),)
        return _answered(link_id, _codings(codes or (NONE,), words_of((*follow_up.words, NONE), follow_up)))
    if answer == UNKNOWN and follow_up.unknown_allowed:
        return _answered(f"{link_id}{UNKNOWN_SUFFIX}", [{"valueBoolean": True}])
    if isinstance(answer, date):
        return _answered(link_id, [{"valueDate": answer.isoformat()}])
    return _answered(link_id, [{"valueString" if isinstance(answer, str) else "valueDecimal": answer}])


def _answered(link_id: str, answers: list[Json]) -> Json:
    return {"linkId": link_id, "answer": answers}


def _codings(codes: Sequence[str], words: Mapping[str, str]) -> list[Json]:
    return [{"valueCoding": {"system": ANSWERS, "code": code, "display": words[code]}} for code in codes]


def line_of(definition: Definition, resource: object) -> dict[str, Any]:
    """The line of `screen` that a QuestionnaireResponse holds; `read_line` then says whether its answers are good ones.

    :raises AnswerError: it is no such resource, or it answers questions that don't exist or in a form they don't take
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "QuestionnaireResponse":
        _refuse("a QuestionnaireResponse is expected")
    line: dict[str, Any] = {"context": {}, "answers": {}, "follow_ups": {}}
    seen: set[str] = set()
    for link_id, values in _answers_in(resource, 0):
        if link_id in seen:
            _refuse("a question is answered in two places")
        seen.add(link_id)
        if values:
            _lay_in(definition, line, link_id, values)
    return line


def _answers_in(entry: Mapping[str, Any], depth: int) -> Iterator[tuple[str, list[object]]]:
    """Every question with its values, however deep it lies."""
    if depth > _DEEPEST:
        _refuse("the response is nested too deeply")
    for item in _objects(entry.get("item", [])):
        answers = _objects(item.get("answer", []))
        link_id = item.get("linkId")
        if not isinstance(link_id, str):
            _refuse("every item needs a linkId")
        yield link_id, [_value(answer) for answer in answers]
        for inside in (item, *answers):
            yield from _answers_in(inside, depth + 1)


def _objects(raw: object) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        _refuse("items and answers are lists of objects")
    return raw


def _value(answer: Mapping[str, Any]) -> object:
    found = [answer[key] for key in _VALUES if key in answer]
    if len(found) != 1:
        _refuse("every answer holds exactly one value of a known type")
    if "valueCoding" not in answer:
        return found[0]
    coding = found[0]
    if not isinstance(coding, dict) or coding.get("system", ANSWERS) != ANSWERS:
        _refuse("a coding is of another system")
    return coding.get("code")


def _lay_in(definition: Definition, line: dict[str, Any], link_id: str, values: list[object]) -> None:
    name, _, inner = link_id.partition(".")
    if name == CONTEXT and inner:
        line["context"][inner] = values if inner in ("regions", "likely_regions") else _only(values)
        return
    item = definition.by_id.get(name)
    if item is None:
        _refuse("a linkId names no question")
    if not inner:
        line["answers"][name] = _only(values)
        return
    follow_up = item.follow_up_of.get(inner.removesuffix(UNKNOWN_SUFFIX))
    if follow_up is None:
        _refuse("a linkId names no question")
    given = line["follow_ups"].setdefault(name, {})
    if inner != follow_up.id:
        _lay_unknown(given, follow_up, values)
    elif follow_up.id in given:
        _refuse("a question is answered both with a value and as unknown")
    else:
        given[follow_up.id] = _choices(values) if follow_up.type == "multi" else _only(values)


def _lay_unknown(given: dict[str, Any], follow_up: FollowUp, values: list[object]) -> None:
    is_unknown = _only(values)
    if not isinstance(is_unknown, bool) or follow_up.words or not follow_up.unknown_allowed:
        _refuse("what is unknown is said with true, where that may be said")
    if is_unknown and follow_up.id in given:
        _refuse("a question is answered both with a value and as unknown")
    if is_unknown:
        given[follow_up.id] = UNKNOWN


def _choices(values: list[object]) -> list[object]:
    return [] if values == [NONE] else values


def _only(values: list[object]) -> object:
    if len(values) != 1:
        _refuse("this question takes one answer")
    return values[0]


def _refuse(problem: str) -> NoReturn:
    raise AnswerError(problem)
