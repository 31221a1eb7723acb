"""Answers in the questionnaire's own words, for a therapist to read."""

from dataclasses import dataclass
from datetime import date

from intake.rules.answers import Answers, Context
from intake.rules.conditions import Answer
from intake.rules.definitions import Questionnaire
from intake.rules.items import UNKNOWN, FollowUp, Item, Source
from intake.rules.questions import kept_items, visible_follow_ups
from intake.rules.screening import ScreeningResult

_GATE_WORDS = {"yes": "Yes", "no": "No", "unsure": "Not sure", "na": "Does not apply", None: "Not answered"}


@dataclass(frozen=True, slots=True)
class FollowUpInWords:
    """A further question and its answer, "Not answered" without one."""

    id: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ItemInWords:
    """One question: what was answered, what it came to, and why that matters.

    `answer` is empty for questions that have no yes or no of their own; `outcome` is None where it was not answered.
    """

    id: str
    label: str
    group: str
    question: str
    answer: str
    follow_ups: tuple[FollowUpInWords, ...]
    outcome: str | None
    urgent: str | None
    fired: bool
    why: str
    therapist_alert: str
    sources: tuple[Source, ...]


def items_in_words(
    definition: Questionnaire, context: Context, answers: Answers, result: ScreeningResult
) -> tuple[ItemInWords, ...]:
    """Every question that was asked, in the data's order."""
    return tuple(_item(item, answers, result) for item in kept_items(definition, context))


def _item(item: Item, answers: Answers, result: ScreeningResult) -> ItemInWords:
    gate = answers.gates.get(item.id)
    given = answers.follow_ups.get(item.id, {})
    finding = result.findings.get(item.id)
    return ItemInWords(
        id=item.id,
        label=item.label,
        group=item.group,
        question=item.question,
        answer=_GATE_WORDS[gate] if item.gate_answers else "",
        follow_ups=tuple(
            FollowUpInWords(one.id, one.question, _words(one, given.get(one.id)))
            for one in visible_follow_ups(item, gate, given)
        ),
        outcome=result.items[item.id],
        urgent=finding.urgent if finding else None,
        fired=item.id in result.active,
        why=item.rationale,
        therapist_alert=item.therapist_alert,
        sources=item.sources,
    )


def _words(follow_up: FollowUp, answer: Answer | None) -> str:
    if answer is None:
        return "Not answered"
    if answer == UNKNOWN and follow_up.unknown_allowed:
        return "Not known"
    if isinstance(answer, tuple):
        return ", ".join(_word(follow_up, one) for one in answer) or "None of these"
    return _word(follow_up, answer)


def _word(follow_up: FollowUp, answer: Answer) -> str:
    if isinstance(answer, date):
        return answer.isoformat()
    option = follow_up.option_of.get(str(answer))
    if option is not None:
        return option.label or option.value
    return {"yes": "Yes", "no": "No"}.get(str(answer), str(answer)) if follow_up.type == "yes_no" else str(answer)
