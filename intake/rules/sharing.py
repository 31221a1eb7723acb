"""One answer that feeds all the questions it answers: nobody is asked the same thing twice.

What an answer says about another question is written into the form as if given, so evaluating knows nothing of this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.rules.answers import Answers, Context
from intake.rules.conditions import Answer, matches
from intake.rules.definitions import Questionnaire
from intake.rules.entries import Entry
from intake.rules.items import FollowUp, Item
from intake.rules.questions import facts_of, fires, visible_follow_ups
from intake.rules.wording import Text

Line = dict[str, dict[str, Any]]
"""A draft as it is stored: `context`, `answers`, `follow_ups`."""


@dataclass(frozen=True, slots=True)
class Target:
    """A question: an item's own, or one of its follow-ups."""

    item: str
    follow_up: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A question that was shown and answered with one of the values (of several choices: any one)."""

    target: Target
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Implication:
    """What holds of `told` and `regions` answers the target. `includes`: it is one of several choices, the others are
    still asked.
    """

    id: str
    told: tuple[Told, ...]
    regions: frozenset[str]
    target: Target
    answer: str
    includes: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """The implications, those that feed others first, and the items to ask once everything that may answer them is."""

    implications: tuple[Implication, ...] = ()
    asked_last: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Implied:
    """What follows from some answers: whole answers, and single choices of several."""

    answers: Mapping[Target, str]
    choices: Mapping[Target, tuple[str, ...]]


NOTHING = Implied({}, {})


def parse_sharing(raw: object, questionnaire: Questionnaire) -> Sharing:
    """The implications of the data.

    :raises QuestionnaireError: something names what does not exist, or stands before what feeds it
    """
    root = Entry(raw, "shared")
    implications = tuple(_implication(one, questionnaire) for one in root.entries("implications", "implication"))
    fed_later = [one.target for one in implications]
    for one in implications:
        fed_later.remove(one.target)
        if any(told.target in fed_later for told in one.told):
            root.fail(f"{one.id} must stand after what feeds it")
        if _is_safe(one.target, one.answer, questionnaire) and any(
            told.target == one.target for other in implications for told in other.told
        ):
            root.fail(f"{one.id} gives a safe answer, from which nothing more may follow")
    return Sharing(implications, frozenset(root.words("asked_last", questionnaire.by_id)))


def still_true(sharing: Sharing, *, written_for: Questionnaire, asked: Questionnaire) -> Sharing:
    """Those implications whose questions are asked in the very words that they were written for."""
    kept = tuple(
        one
        for one in sharing.implications
        if all(
            target.item in asked.by_id and _words(asked.by_id[target.item]) == _words(written_for.by_id[target.item])
            for target in (one.target, *(told.target for told in one.told))
        )
    )
    return Sharing(kept, sharing.asked_last & asked.by_id.keys())


def implied(sharing: Sharing, questionnaire: Questionnaire, context: Context, answers: Answers) -> Implied:
    """What the answers say about other questions that are kept in this context. Hidden answers say nothing."""
    whole: dict[Target, str] = {}
    choices: dict[Target, tuple[str, ...]] = {}
    for one in sharing.implications:
        if not _holds(one, questionnaire, context, answers):
            continue
        if one.includes:
            choices[one.target] = (*choices.get(one.target, ()), one.answer)
        else:
            whole[one.target] = one.answer
            answers = _with(answers, one.target, one.answer)
    return Implied(whole, choices)


def is_told(found: Implied, answers: Answers, target: Target) -> bool:
    """Whether the question is answered by another one, so that it is not shown."""
    return target in found.answers and _given(answers, target) == found.answers[target]


def share(line: Line, questionnaire: Questionnaire, *, before: Implied, now: Implied) -> None:
    """Write into the draft what follows now, and take back what followed before and no longer does.

    A safe answer never replaces one that the person gave and that is not safe: both stay, and the question is shown.
    """
    for target, answer in before.answers.items():
        if target not in now.answers and _stored(line, target) == answer:
            _store(line, target, None)
    for target, answer in now.answers.items():
        stored = _stored(line, target)
        was_derived = target in before.answers and stored == before.answers[target]
        is_safe = _is_safe(target, answer, questionnaire)
        if stored in (None, answer) or was_derived or not is_safe:
            _store(line, target, answer)
            if is_safe:
                line["follow_ups"].pop(target.item, None)
    for target, chosen in now.choices.items():
        stored = _stored(line, target)
        if isinstance(stored, list):
            _store(line, target, [*stored, *(one for one in chosen if one not in stored)])


def _is_safe(target: Target, answer: str, questionnaire: Questionnaire) -> bool:
    return not target.follow_up and not fires(questionnaire.by_id[target.item], answer)


def _implication(entry: Entry, questionnaire: Questionnaire) -> Implication:
    told: list[Told] = []
    regions: frozenset[str] = frozenset()
    for part in entry.entries("when", "part"):
        if part.has("regions_any"):
            regions = frozenset(part.words("regions_any", questionnaire.regions))
        else:
            target = _target(part, questionnaire)
            told.append(Told(target, part.words("is", _possible(target, questionnaire))))
    if not told:
        entry.fail("follows from nothing that was told")
    then = entry.child("then")
    target = _target(then, questionnaire)
    key = "includes" if then.has("includes") else "answer"
    is_multi = bool(target.follow_up) and _follow_up(target, questionnaire).type == "multi"
    if is_multi != (key == "includes"):
        then.fail("several choices are included, everything else is answered")
    answer = then.word(key, _possible(target, questionnaire))
    return Implication(entry.name(), tuple(told), regions, target, answer, key == "includes", entry.text("reason"))


def _target(entry: Entry, questionnaire: Questionnaire) -> Target:
    item = questionnaire.by_id[entry.word("item", questionnaire.by_id)]
    return Target(item.id, entry.optional_word("follow_up", item.follow_up_of) or "")


def _possible(target: Target, questionnaire: Questionnaire) -> tuple[str, ...]:
    item = questionnaire.by_id[target.item]
    return item.follow_up_of[target.follow_up].words if target.follow_up else item.gate_answers


def _follow_up(target: Target, questionnaire: Questionnaire) -> FollowUp:
    return questionnaire.by_id[target.item].follow_up_of[target.follow_up]


def _words(item: Item) -> tuple[object, ...]:
    """Everything that a person reads of a question, in every language that the clinic has words for."""
    follow_ups = [
        (one.id, _said(one.question), _said(one.help), *((option.value, _said(option.label)) for option in one.options))
        for one in item.follow_ups
    ]
    return (_said(item.question), _said(item.help), item.gate_answers, item.triage_on, *follow_ups)


def _said(text: str) -> tuple[str, dict[str, str]]:
    return str(text), dict(text.in_languages) if isinstance(text, Text) else {}


def _holds(one: Implication, questionnaire: Questionnaire, context: Context, answers: Answers) -> bool:
    facts = facts_of(context)
    if one.regions and one.regions.isdisjoint(context.regions):
        return False
    if not questionnaire.by_id[one.target.item].applies(facts):
        return False
    return all(
        questionnaire.by_id[told.target.item].applies(facts)
        and matches(_shown(questionnaire.by_id[told.target.item], told.target, answers), told.values)
        for told in one.told
    )


def _shown(item: Item, target: Target, answers: Answers) -> Answer | None:
    """The answer if the question is shown; a follow-up is, if its item fired and its parents say so."""
    gate, given = answers.gates.get(item.id), answers.follow_ups.get(item.id, {})
    if not target.follow_up:
        return gate
    visible = {follow_up.id for follow_up in visible_follow_ups(item, gate, given)}
    return given.get(target.follow_up) if target.follow_up in visible else None


def _given(answers: Answers, target: Target) -> Answer | None:
    if target.follow_up:
        return answers.follow_ups.get(target.item, {}).get(target.follow_up)
    return answers.gates.get(target.item)


def _with(answers: Answers, target: Target, answer: str) -> Answers:
    """The answers with one more; what follows from it may feed further questions."""
    if target.follow_up:
        given = {**answers.follow_ups.get(target.item, {}), target.follow_up: answer}
        return Answers(answers.gates, {**answers.follow_ups, target.item: given})
    return Answers({**answers.gates, target.item: answer}, answers.follow_ups)


def _stored(line: Line, target: Target) -> Any:
    if target.follow_up:
        return line["follow_ups"].get(target.item, {}).get(target.follow_up)
    return line["answers"].get(target.item)


def _store(line: Line, target: Target, answer: Any) -> None:
    """Write an answer; None takes it back, with the follow-ups if it is an item's own."""
    if target.follow_up:
        given = {**line["follow_ups"].get(target.item, {}), target.follow_up: answer}
        line["follow_ups"][target.item] = {key: value for key, value in given.items() if value is not None}
        if not line["follow_ups"][target.item]:
            del line["follow_ups"][target.item]
    elif answer is None:
        line["answers"].pop(target.item, None)
        line["follow_ups"].pop(target.item, None)
    else:
        line["answers"][target.item] = answer
