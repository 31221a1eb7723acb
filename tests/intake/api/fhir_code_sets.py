"""What R4 requires of codes and references and a library that knows the shapes does not look at; in our own words."""

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

PUBLICATION_STATUS = {"draft", "active", "retired", "unknown"}
RESPONSE_STATUS = {"in-progress", "completed", "amended", "entered-in-error", "stopped"}
ITEM_TYPE = {
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice",
    "open-choice", "attachment", "reference", "quantity",
}  # fmt: skip
OPERATOR = {"exists", "=", "!=", ">", "<", ">=", "<="}
VALUE_OF_TYPE = {
    "choice": "valueCoding", "boolean": "valueBoolean", "decimal": "valueDecimal", "integer": "valueInteger",
    "date": "valueDate", "text": "valueString", "string": "valueString",
}  # fmt: skip
MAY_REPEAT = {"choice", "group"}


def every_item(entry: Mapping[str, Any]) -> Iterator[Json]:
    for item in entry.get("item", []):
        yield item
        yield from every_item(item)


def problems_of_questionnaire(resource: Json) -> list[str]:
    """Everything wrong with the codes of a Questionnaire, in words."""
    problems = [] if resource["status"] in PUBLICATION_STATUS else [f"status {resource['status']}"]
    known: dict[str, Json] = {}
    for item in every_item(resource):
        if item["linkId"] in known:
            problems.append(f"{item['linkId']}: stands twice")
        known[item["linkId"]] = item
    for name, item in known.items():
        problems += [f"{name}: {one}" for one in _problems_of_item(item, known)]
    return problems


def _problems_of_item(item: Json, known: Mapping[str, Json]) -> Iterator[str]:
    kind, options = item["type"], item.get("answerOption", [])
    if kind not in ITEM_TYPE:
        yield f"type {kind}"
    if item.get("repeats") and kind not in MAY_REPEAT:
        yield f"repeats, which no {kind} may"
    if (kind == "choice") != bool(options):
        yield "a choice without options" if kind == "choice" else f"options, which no {kind} may have"
    codes = [(option["valueCoding"]["system"], option["valueCoding"]["code"]) for option in options]
    if len(codes) != len(set(codes)):
        yield "an option stands twice"
    if len(item.get("enableWhen", [])) > 1 and item.get("enableBehavior") not in ("all", "any"):
        yield "several conditions, and not how they are joined"
    for condition in item.get("enableWhen", []):
        asked = known.get(condition["question"])
        if asked is None or condition["operator"] not in OPERATOR:
            yield f"a condition on {condition['question']} by {condition['operator']}"
        elif "answerCoding" in condition and not _is_option(asked, condition["answerCoding"]):
            yield f"a condition on an answer that {condition['question']} does not have"


def problems_of_response(resource: Json, questionnaire: Json) -> list[str]:
    """Everything in which a QuestionnaireResponse does not answer the Questionnaire."""
    problems = [] if resource["status"] in RESPONSE_STATUS else [f"status {resource['status']}"]
    if resource["questionnaire"] != f"{questionnaire['url']}|{questionnaire['version']}":
        problems.append("it answers another questionnaire")
    given: dict[str, list[Json]] = {}
    problems += _problems_of_places(resource, questionnaire, given)
    problems += _problems_of_asking(questionnaire, given, is_complete=resource["status"] in ("completed", "amended"))
    return problems


def _problems_of_places(entry: Json, asked: Json, given: dict[str, list[Json]]) -> Iterator[str]:
    """Each item under the one it belongs to, in the questionnaire's order, its answers of the right kind."""
    order = [item["linkId"] for item in asked.get("item", [])]
    by_id = {item["linkId"]: item for item in asked.get("item", [])}
    found = [item["linkId"] for item in entry.get("item", [])]
    if [name for name in order if name in found] != found:
        yield f"{asked.get('linkId', 'the whole')}: unknown, repeated or unordered items among {found}"
        return
    for item in entry.get("item", []):
        question, answers = by_id[item["linkId"]], item.get("answer", [])
        given[item["linkId"]] = answers
        yield from (f"{item['linkId']}: {one}" for one in _problems_of_answers(answers, question))
        for inside in [item] if question["type"] == "group" else answers:
            yield from _problems_of_places(inside, question, given)


def _problems_of_answers(answers: list[Json], question: Json) -> Iterator[str]:
    if question["type"] == "group" and answers:
        yield "a group has no answers"
    if len(answers) > 1 and not question.get("repeats"):
        yield "several answers to a question for one"
    for answer in answers:
        kind = VALUE_OF_TYPE.get(question["type"])
        if kind not in answer or set(answer) - {kind, "item"}:
            yield f"no answer of type {question['type']}"
        elif kind == "valueCoding" and not _is_option(question, answer[kind]):
            yield f"{answer[kind]} is no option"


def _is_option(question: Json, coding: Json) -> bool:
    options = [option["valueCoding"] for option in question.get("answerOption", [])]
    return any(all(option.get(key) == value for key, value in coding.items()) for option in options)


def _problems_of_asking(questionnaire: Json, given: dict[str, list[Json]], *, is_complete: bool) -> Iterator[str]:
    asked = {id(item) for item in _asked(questionnaire, given)}
    for item in every_item(questionnaire):
        name, is_asked = item["linkId"], id(item) in asked
        if name in given and not is_asked:
            yield f"{name}: answered, but not asked"
        if is_complete and is_asked and item.get("required") and not given.get(name):
            yield f"{name}: required, but not answered"


def _asked(entry: Json, given: Mapping[str, list[Json]]) -> Iterator[Json]:
    """What is asked under an item that is asked itself."""
    for item in entry.get("item", []):
        if _is_enabled(item, given):
            yield item
            yield from _asked(item, given)


def _is_enabled(item: Json, given: Mapping[str, list[Json]]) -> bool:
    conditions = [_holds(condition, given) for condition in item.get("enableWhen", [])]
    joined = all if item.get("enableBehavior") == "all" else any
    return not conditions or joined(conditions)


def _holds(condition: Json, given: Mapping[str, list[Json]]) -> bool:
    answers = given.get(condition["question"], [])
    if "answerInteger" in condition:
        return any(answer["valueInteger"] < condition["answerInteger"] for answer in answers)
    wanted = condition["answerCoding"]
    return any(
        (answer["valueCoding"]["system"], answer["valueCoding"]["code"]) == (wanted["system"], wanted["code"])
        for answer in answers
    )
