"""What a patient is told after a screening, in the questionnaire's own words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from intake.rules.definitions import Questionnaire
from intake.rules.items import Item
from intake.rules.screening import Finding, ScreeningResult
from intake.rules.validity import OUTCOMES, URGENCIES, Outcome, Urgency

MessageKind = Literal["item", "outcome", "advice", "always", "notice"]


@dataclass(frozen=True, slots=True)
class Message:
    """One text. `item` names the question that it answers, None where it belongs to the whole result.

    Kinds: `item` the item's own message, `outcome` the one for an outcome or urgency, `advice` what a number or date
    calls for, `always` what holds whatever the result, `notice` what stands under every result.
    """

    kind: MessageKind
    text: str
    item: str | None


def messages_for(questionnaire: Questionnaire, result: ScreeningResult) -> list[Message]:
    """What to show for the result, the most pressing first, no text twice, the clinic's numbers filled in.

    An item's own message stands only on exactly the result and urgency that it was written for; on any other result
    stands the message of that outcome, so that no emergency text is on a milder result and none is missing on a
    stricter one.
    """
    ranked = sorted(_of_results(questionnaire, result), key=lambda pair: pair[0])
    unranked = [*_always(questionnaire, result), *(Message("notice", text, None) for text in questionnaire.notices)]
    once: dict[str, Message] = {}
    for message in (*(message for _, message in ranked), *unranked):
        text = filled(questionnaire, message.text)
        if text:
            once.setdefault(text, Message(message.kind, text, message.item))
    return list(once.values())


def _of_results(questionnaire: Questionnaire, result: ScreeningResult) -> Iterator[tuple[tuple[int, int], Message]]:
    told: set[Outcome | Urgency] = set()
    for name, finding in result.findings.items():
        if finding.is_default:
            continue
        rank = _rank(finding.outcome, finding.urgent)
        told.add(finding.urgent or finding.outcome)
        yield rank, _of_item(questionnaire, questionnaire.by_id[name], finding)
        yield from ((rank, Message("advice", text, name)) for text in finding.messages)
    overall = result.urgent or result.outcome_of_answers
    if overall not in told:
        yield (
            _rank(result.outcome_of_answers, result.urgent),
            Message("outcome", _outcome_text(questionnaire, overall), None),
        )


def _of_item(questionnaire: Questionnaire, item: Item, finding: Finding) -> Message:
    if item.patient_message and (finding.outcome, finding.urgent) == (item.triage, item.urgent):
        return Message("item", item.patient_message, item.id)
    return Message("outcome", _outcome_text(questionnaire, finding.urgent or finding.outcome), item.id)


def _always(questionnaire: Questionnaire, result: ScreeningResult) -> Iterator[Message]:
    for name in result.active:
        yield Message("always", questionnaire.by_id[name].always_message, name)


def _outcome_text(questionnaire: Questionnaire, kind: Outcome | Urgency) -> str:
    return questionnaire.outcome_messages.get(kind, "")


def _rank(outcome: Outcome, urgent: Urgency | None) -> tuple[int, int]:
    """Urgent texts before all others, then the stricter before the milder."""
    return URGENCIES.index(urgent) if urgent else len(URGENCIES), OUTCOMES.index(outcome)


def filled(questionnaire: Questionnaire, text: str) -> str:
    """The text with the clinic's numbers in it."""
    for name in ("emergency_number", "nurse_line", "crisis_line"):
        text = text.replace(f"{{{{{name}}}}}", str(questionnaire.config.get(name, "")))
    return text
