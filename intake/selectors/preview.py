"""What a working copy would have made of the forms of the last days. Nobody's answers or names come out of here."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from intake.models import QuestionnaireDraft, Screening, User
from intake.rules import definitions
from intake.rules.answers import Answers
from intake.rules.conditions import Answer
from intake.rules.items import FollowUp
from intake.rules.screening import ScreeningResult, evaluate
from intake.selectors.audit import write_event
from intake.selectors.questionnaire_drafts import as_published
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line
from intake.selectors.stored_screenings import screenings_of_last

LISTED: Final = 100


class Ending(NamedTuple):
    """How a screening comes out; `urgent` is empty without urgency."""

    outcome: str
    urgent: str


class Changed(NamedTuple):
    """A screening that would come out differently; nothing in it says whose."""

    at: datetime
    before: Ending
    after: Ending


class Move(NamedTuple):
    before: Ending
    after: Ending
    forms: int


class Cause(NamedTuple):
    """An item or combination rule that comes out differently in so many forms."""

    kind: str
    label: str
    forms: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The difference that a working copy would have made.

    `unjudged` screenings miss an answer that it asks for; of those only the rest was compared, `missing` says what they
    miss. `other_regions` come out the same, but with other regions excluded. `changed` holds the newest of them.
    """

    days: int
    total: int
    moves: tuple[Move, ...]
    causes: tuple[Cause, ...]
    unjudged: int
    missing: tuple[Cause, ...]
    other_regions: int
    changed: tuple[Changed, ...]

    @property
    def moved(self) -> int:
        return sum(move.forms for move in self.moves)


@dataclass
class _Tally:
    total: int = 0
    unjudged: int = 0
    other_regions: int = 0
    moves: Counter[tuple[Ending, Ending]] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: list[Changed] = field(default_factory=list)


def preview_of(draft: QuestionnaireDraft, *, days: int, by: User, now: datetime) -> Preview:
    """Evaluate the stored answers of the last days with the working copy.

    One event in the trail says that all of them were read, by whom and how many: nobody saw one.
    """
    definition, tally = definition_of(as_published(draft)), _Tally()
    for screening in screenings_of_last(days, now=now):
        _compare(screening, definition, tally)
    moved = sum(tally.moves.values())
    write_event(
        action="previewed",
        entity=draft,
        patient_id=None,
        by=by,
        role=by.role,
        details={"days": days, "screenings": tally.total, "different": moved},
        now=now,
    )
    return Preview(
        days=days,
        total=tally.total,
        moves=tuple(Move(*pair, count) for pair, count in tally.moves.most_common()),
        causes=_named(tally.causes),
        unjudged=tally.unjudged,
        missing=_named(tally.missing),
        other_regions=tally.other_regions,
        changed=tuple(tally.changed),
    )


def answers_that_fit(definition: definitions.Questionnaire, answers: Answers) -> Answers:
    """The answers that this version of the questions still understands."""
    gates = {
        name: gate
        for name, gate in answers.gates.items()
        if name in definition.by_id and gate in definition.by_id[name].gate_answers
    }
    follow_ups = {
        name: {key: answer for key, answer in given.items() if _fits(definition.by_id[name].follow_up_of, key, answer)}
        for name, given in answers.follow_ups.items()
        if name in definition.by_id
    }
    return Answers(gates, follow_ups)


def _compare(screening: Screening, definition: definitions.Questionnaire, tally: _Tally) -> None:
    context, answers = evaluated_line(screening)
    result = evaluate(definition, context, answers_that_fit(definition, answers))
    before = Ending(screening.outcome, screening.urgent)
    after = Ending(result.outcome_of_answers, result.urgent or "")
    tally.total += 1
    missing = _missing(screening.result, result)
    if missing:
        tally.unjudged += 1
        tally.missing.update(("item", _label(name, definition)) for name in missing)
    if before != after:
        tally.moves[before, after] += 1
        tally.causes.update(_causes(screening, result, definition))
        if len(tally.changed) < LISTED:
            tally.changed.append(Changed(screening.evaluated_at, before, after))
    elif list(result.excluded_regions) != screening.result["excluded_regions"]:
        tally.other_regions += 1


def _missing(stored: Mapping[str, Any], result: ScreeningResult) -> set[str]:
    """The items with something to answer that was not open before."""
    return {one.partition(".")[0] for one in set(result.unanswered) - set(stored["unanswered"])}


def _causes(
    screening: Screening, result: ScreeningResult, definition: definitions.Questionnaire
) -> Iterable[tuple[str, str]]:
    """The items and rules that come out differently, by their names for staff."""
    before, old = screening.result["items"], definition_of(screening.questionnaire)
    for name in dict.fromkeys((*before, *result.items)):
        if before.get(name) != result.items.get(name):
            yield "item", _label(name, definition, old)
    alerts = {rule.id: rule.alert for one in (old, definition) for rule in one.rules}
    for rule in set(screening.result["rules"]) ^ set(result.rules):
        yield "rule", alerts.get(rule) or rule


def _label(name: str, *versions: definitions.Questionnaire) -> str:
    items = (one.by_id[name] for one in versions if name in one.by_id)
    return next((item.label or item.question for item in items), name)


def _fits(follow_ups: Mapping[str, FollowUp], key: str, answer: Answer) -> bool:
    follow_up = follow_ups.get(key)
    if follow_up is None:
        return False
    if isinstance(answer, tuple):
        return follow_up.type == "multi" and set(answer) <= set(follow_up.words)
    return answer in follow_up.words if follow_up.words else True


def _named(counted: Counter[tuple[str, str]]) -> tuple[Cause, ...]:
    return tuple(Cause(kind, label, count) for (kind, label), count in counted.most_common())
