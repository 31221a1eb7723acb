"""What may be put before patients: a rule set must not let somebody through who was not asked, or was not sure.

The engine is safe by itself (what is unanswered is incomplete); here stands what the data must not say. Administrative
items ("please keep this private") may end with nothing found, because they are no matter of safety.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from intake.rules.definitions import Questionnaire
from intake.rules.items import UNSURE, Item

ADMINISTRATIVE: Final = "administrative"
RED_FLAG: Final = "red_flag"
ASKED_BY_ITSELF: Final = ("filling_for_other",)  # the pages ask it before all other questions

# What is wrong, as a sentence for the person who publishes; %(label)s is the item's short name.
SENTENCES: Final = {
    "unsure-clears": '"%(label)s": "not sure" would count as nothing found.',
    "no-unsure": '"%(label)s": there must be a way to answer "not sure".',
    "fires-to-clear": '"%(label)s": the answer that matters would count as nothing found.',
    "unanswered-clears": '"%(label)s": left unanswered, it would count as nothing found.',
    "unknown-decides": '"%(label)s": "I don\'t know" to a further question could count as nothing found.',
    "administrative-stops": '"%(label)s": a question that can stop a booking can\'t be an administrative one.',
    "red-flag-missing": '"%(label)s" is a red flag: it must be asked.',
    "red-flag-changed": '"%(label)s" is a red flag: it must stay one.',
    "gate-removed": '"%(label)s": its yes-or-no question is gone, so nobody would be asked it.',
    "nothing-asked": "There is no question left.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a rule set can't be published. `item` is empty where it concerns the whole."""

    code: str
    item: str
    label: str

    def __str__(self) -> str:
        return SENTENCES[self.code] % {"label": self.label}


def safety_problems(questionnaire: Questionnaire, *, measured_by: Questionnaire | None = None) -> tuple[Problem, ...]:
    """Everything that keeps the questionnaire from being published, in the data's order; nothing if it may be.

    `measured_by` is the version that it follows, or that was shipped: its red flags must still be asked, as what they
    are, and its gates must still be gates.
    """
    found = [Problem(code, item.id, _label(item)) for item in questionnaire.items for code in _codes(item)]
    if measured_by is not None:
        found += _lost(questionnaire, measured_by)
    if not questionnaire.items:
        found.append(Problem("nothing-asked", "", ""))
    return tuple(found)


def may_be_switched_off(item: Mapping[str, object]) -> bool:
    """Whether a clinic may leave the item (as it stands in the data) out. Red flags are always asked."""
    return item["category"] != RED_FLAG and item["id"] not in ASKED_BY_ITSELF


def _codes(item: Item) -> Iterator[str]:
    if item.category == ADMINISTRATIVE:
        if item.triage == "STOP" or item.urgent:
            yield "administrative-stops"
        return
    yield from (code for code, is_wrong in _WRONG.items() if is_wrong(item))


def _no_unsure(item: Item) -> bool:
    return bool(item.gate_answers) and UNSURE not in item.gate_answers


def _unsure_clears(item: Item) -> bool:
    return UNSURE in item.gate_answers and item.triage_if_unsure == "CLEAR"


def _fires_to_clear(item: Item) -> bool:
    return bool(item.gate_answers) and item.triage == "CLEAR"


def _unanswered_clears(item: Item) -> bool:
    """Without a gate the item's own outcome is the one that holds until somebody answers."""
    return not item.gate_answers and item.triage == "CLEAR"


def _unknown_decides(item: Item) -> bool:
    """Where options decide, a question answered "I don't know" leaves the decision to the other options."""
    can_clear = any(option.triage == "CLEAR" for follow_up in item.follow_ups for option in follow_up.options)
    passes = any(follow_up.has_triage_options and follow_up.unknown_allowed for follow_up in item.follow_ups)
    return item.decides and can_clear and passes


def _lost(questionnaire: Questionnaire, measured_by: Questionnaire) -> Iterator[Problem]:
    for before in measured_by.items:
        now = questionnaire.by_id.get(before.id)
        if before.category == RED_FLAG and now is None:
            yield Problem("red-flag-missing", before.id, _label(before))
        elif before.category == RED_FLAG and now is not None and now.category != RED_FLAG:
            yield Problem("red-flag-changed", before.id, _label(before))
        if now is not None and before.gate_answers and not now.gate_answers:
            yield Problem("gate-removed", before.id, _label(before))


def _label(item: Item) -> str:
    return item.label or item.question


_WRONG: Final[dict[str, Callable[[Item], bool]]] = {
    "no-unsure": _no_unsure,
    "unsure-clears": _unsure_clears,
    "fires-to-clear": _fires_to_clear,
    "unanswered-clears": _unanswered_clears,
    "unknown-decides": _unknown_decides,
}
