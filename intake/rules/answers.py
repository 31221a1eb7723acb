"""What a patient answered, checked against the questionnaire: well formed, or refused with a sentence that says why.

Ranges: age 0 to 120 years; numbers as the follow-up says; dates from 1900 to `Context.on`; text up to 2,000 characters;
regions at least one, none twice. Nothing here decides what an answer means.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NoReturn

from intake.rules.conditions import Answer
from intake.rules.definitions import Questionnaire
from intake.rules.entries import is_number
from intake.rules.items import UNKNOWN, FollowUp, Item

MAX_AGE: Final = 120
MAX_TEXT: Final = 2000
FIRST_DAY: Final = date(1900, 1, 1)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class AnswerError(ValueError):
    """The answers are not well formed; the message is plain English and quotes no answer."""


@dataclass(frozen=True, slots=True)
class Context:
    """For whom, where and when a screening is. `age` in years on the day `on` (the clinic's date)."""

    regions: tuple[str, ...]
    likely_regions: tuple[str, ...]
    age: int
    modality: str
    stage: str
    visit: str
    on: date


@dataclass(frozen=True, slots=True)
class Answers:
    """Checked answers: gates by item, follow-ups by item and id (several choices as a tuple, dates as date)."""

    gates: Mapping[str, str]
    follow_ups: Mapping[str, Mapping[str, Answer]]


def read_line(questionnaire: Questionnaire, obj: object, *, today: date) -> tuple[Context, Answers]:
    """The context and the answers that a decoded JSON object holds; `today` is used if the context names no day.

    `likely_regions`, `answers` and `follow_ups` may be left out and are then empty.

    :raises AnswerError: unknown keys, ids, values or regions, a value of the wrong type or out of range
    """
    line = _object(obj, "the line", ("context", "answers", "follow_ups"))
    if "context" not in line:
        _refuse("context is missing")
    context = read_context(questionnaire, line["context"], today=today)
    answers = Answers(
        gates=_read_gates(questionnaire, line.get("answers", {})),
        follow_ups=_read_follow_ups(questionnaire, line.get("follow_ups", {}), on=context.on),
    )
    return context, answers


def read_context(questionnaire: Questionnaire, obj: object, *, today: date) -> Context:
    """The context that a decoded JSON object holds.

    :raises AnswerError: something is missing, unknown, of the wrong type or out of range
    """
    raw = _object(obj, "context", ("regions", "likely_regions", "age", "modality", "stage", "visit", "on"))
    for key in ("regions", "age", "modality", "stage", "visit"):
        if key not in raw:
            _refuse(f"context.{key} is missing")
    regions = _words(raw["regions"], "context.regions", questionnaire.regions)
    if not regions:
        _refuse("context.regions must name at least one region")
    age = raw["age"]
    if type(age) is not int or not 0 <= age <= MAX_AGE:
        _refuse(f"context.age must be a whole number from 0 to {MAX_AGE}")
    return Context(
        regions=regions,
        likely_regions=_words(raw.get("likely_regions", []), "context.likely_regions", questionnaire.regions),
        age=age,
        modality=_word(raw["modality"], "context.modality", questionnaire.modalities),
        stage=_word(raw["stage"], "context.stage", questionnaire.stages),
        visit=_word(raw["visit"], "context.visit", questionnaire.visits),
        on=_date(raw["on"], "context.on", last=date.max) if "on" in raw else today,
    )


def read_gate(item: Item, value: object) -> str:
    """The answer to an item's own yes/no question.

    :raises AnswerError: the item has no such question, or this is no answer to it
    """
    if not item.gate_answers:
        _refuse(f"answers.{item.id}: this item takes no answer of its own, only follow-ups")
    if value not in item.gate_answers:
        _refuse(f"answers.{item.id} must be one of {', '.join(item.gate_answers)}")
    return str(value)


def read_follow_up(follow_up: FollowUp, value: object, *, on: date, where: str = "") -> Answer:
    """The answer to one follow-up, given as JSON has it (dates as "YYYY-MM-DD", several choices as a list).

    :raises AnswerError: this is no answer to it
    """
    where = where or follow_up.id
    if follow_up.unknown_allowed and value == UNKNOWN:
        return UNKNOWN
    return _READERS[follow_up.type](follow_up, value, where, on)


def to_line(context: Context, answers: Answers) -> dict[str, object]:
    """The JSON object that `read_line` turns into the same context and answers: the form in which both are kept."""
    return {
        "context": {
            "regions": list(context.regions),
            "likely_regions": list(context.likely_regions),
            "age": context.age,
            "modality": context.modality,
            "stage": context.stage,
            "visit": context.visit,
            "on": context.on.isoformat(),
        },
        "answers": dict(answers.gates),
        "follow_ups": {
            item: {key: _plain(answer) for key, answer in given.items()} for item, given in answers.follow_ups.items()
        },
    }


def likely_regions_of(questionnaire: Questionnaire, regions: Collection[str]) -> tuple[str, ...]:
    """Where needles often go when it hurts in these regions, beyond the regions themselves, in the data's order."""
    likely = {place for region in regions for place in questionnaire.likely_regions.get(region, ())}
    return tuple(region for region in questionnaire.regions if region in likely and region not in regions)


def _read_gates(questionnaire: Questionnaire, obj: object) -> dict[str, str]:
    raw = _object(obj, "answers", questionnaire.by_id)
    return {name: read_gate(questionnaire.by_id[name], value) for name, value in raw.items()}


def _read_follow_ups(questionnaire: Questionnaire, obj: object, *, on: date) -> dict[str, dict[str, Answer]]:
    raw = _object(obj, "follow_ups", questionnaire.by_id)
    return {name: _read_item(questionnaire.by_id[name], given, on) for name, given in raw.items()}


def _read_item(item: Item, obj: object, on: date) -> dict[str, Answer]:
    where = f"follow_ups.{item.id}"
    raw = _object(obj, where, item.follow_up_of)
    return {
        key: read_follow_up(item.follow_up_of[key], value, on=on, where=f"{where}.{key}") for key, value in raw.items()
    }


def _read_choice(follow_up: FollowUp, value: object, where: str, _on: date) -> Answer:
    return _word(value, where, follow_up.words)


def _read_multi(follow_up: FollowUp, value: object, where: str, _on: date) -> Answer:
    return _words(value, where, follow_up.option_of)


def _read_text(_follow_up: FollowUp, value: object, where: str, _on: date) -> Answer:
    if not isinstance(value, str):
        _refuse(f"{where} must be a text")
    if len(value) > MAX_TEXT:
        _refuse(f"{where} must not be longer than {MAX_TEXT:,} characters")
    if "\0" in value or _SURROGATE.search(value):
        _refuse(f"{where} holds characters that are not text")
    return value


def _read_number(follow_up: FollowUp, value: object, where: str, _on: date) -> Answer:
    if not is_number(value):
        _refuse(f"{where} must be a number")
    if follow_up.low is not None and follow_up.high is not None and not follow_up.low <= value <= follow_up.high:
        _refuse(f"{where} must be from {follow_up.low} to {follow_up.high}")
    return value


def _read_date(_follow_up: FollowUp, value: object, where: str, on: date) -> Answer:
    return _date(value, where, last=on)


_READERS: Final[Mapping[str, Callable[[FollowUp, object, str, date], Answer]]] = {
    "choice": _read_choice,
    "yes_no": _read_choice,
    "multi": _read_multi,
    "text": _read_text,
    "number": _read_number,
    "date": _read_date,
}


def _date(value: object, where: str, *, last: date) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        _refuse(f"{where} must be a date written YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise AnswerError(f"{where} is not a day of the calendar") from error
    if not FIRST_DAY <= day <= last:
        _refuse(f"{where} must be from {FIRST_DAY} to {last}")
    return day


def _word(value: object, where: str, allowed: Collection[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        _refuse(f"{where} must be one of {', '.join(allowed)}")
    return value


def _words(value: object, where: str, allowed: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list):
        _refuse(f"{where} must be a list")
    words = tuple(_word(word, f"each entry of {where}", allowed) for word in value)
    if len(set(words)) != len(words):
        _refuse(f"{where} names something twice")
    return words


def _object(value: object, where: str, allowed: Collection[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        _refuse(f"{where} must be an object")
    for key in value:
        if key not in allowed:
            _refuse(f"{where} has an unknown key {_shown(key)}")
    return value


def _shown(key: object) -> str:
    """A key from outside, short and in ASCII, so that the error can be written anywhere."""
    return ascii(key if len(str(key)) <= 60 else f"{str(key)[:60]}...")


def _plain(answer: Answer) -> object:
    if isinstance(answer, date):
        return answer.isoformat()
    return list(answer) if isinstance(answer, tuple) else answer


def _refuse(problem: str) -> NoReturn:
    raise AnswerError(problem)
