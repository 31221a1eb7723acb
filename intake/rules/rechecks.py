"""What is asked again before a visit, and which earlier answers still stand.

Before every visit the urgent signs, pregnancy, the skin and medicines are asked again, from 24 hours before it; and on
its day, how the person is today. What was answered long ago, or before something changed, is asked again as a whole.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from intake.rules.answers import Answers, Context
from intake.rules.definitions import Questionnaire
from intake.rules.items import UNSURE, Item
from intake.rules.questions import MAX_ROWS, facts_of, kept_items
from intake.rules.screening import ScreeningResult

Extent = Literal["nothing", "day", "short", "full"]

OPENS_BEFORE: Final = timedelta(hours=24)
BOOKING, WITHIN_24H, CHECK_IN = "booking", "within_24h", "check_in"
CHANGES: Final = "day_changes"  # "has your health changed?": whoever says so, or isn't sure, is asked everything
# What may have changed since the form without anybody calling it a change.
MAY_HAVE_CHANGED: Final = frozenset({"pregnancy", "systemic_infection", "local_skin", "medication", CHANGES})
_DECIDED: Final = ("STOP", "REVIEW")
_EACH_TIME: Final = frozenset({"each_visit", "check_in"})  # `reask` of what is about this visit and no other


@dataclass(frozen=True, slots=True)
class RecheckPage:
    """Some questions under one heading. `known`: all of them were answered before, so that "nothing has changed" says
    something; else none was, or none may rest on what was said then.
    """

    group: str
    is_red_flags: bool
    known: bool
    items: tuple[Item, ...]


def what_is_due(
    *,
    stage: str,
    evaluated_at: datetime,
    valid_until: datetime,
    on_the_day: bool,
    is_the_day: bool,
    start: datetime,
    now: datetime,
) -> Extent:
    """How much is to be asked before a visit at `start`, of somebody whose last answers are of this stage and moment.

    `on_the_day`: they were given on the visit's own day; `is_the_day`: it is that day now. Nothing is due earlier than
    24 hours before, and how today is isn't asked the day before.
    """
    if now < start - OPENS_BEFORE:
        return "nothing"
    if valid_until < max(start, now):
        return "full"
    if evaluated_at < start - OPENS_BEFORE:
        return "short"
    return "day" if is_the_day and not (stage == CHECK_IN and on_the_day) else "nothing"


def asked_again(questionnaire: Questionnaire, context: Context, known: Answers, extent: Extent) -> tuple[Item, ...]:
    """The questions of a recheck of this extent, in the data's order; whatever was never answered is among them."""
    kept = kept_items(questionnaire, context)
    return tuple(
        item
        for item in kept
        if extent == "full"
        or is_about_this_visit(item, context)
        or not is_answered(item, known)
        or (extent == "short" and (item.category == "red_flag" or item.id in MAY_HAVE_CHANGED))
    )


def is_about_this_visit(item: Item, context: Context) -> bool:
    """Whether the question is about today or the time since the last visit, so that an earlier answer says nothing."""
    at_booking = replace(context, stage=BOOKING)
    first = replace(at_booking, visit="first")
    return item.reask in _EACH_TIME or not item.applies(facts_of(at_booking)) or not item.applies(facts_of(first))


def is_answered(item: Item, answers: Answers) -> bool:
    """Whether the answers hold one to this question."""
    return (item.id in answers.gates) if item.gate_answers else (item.id in answers.follow_ups)


def says_something_changed(questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether somebody's health changed since the form, or they aren't sure."""
    item = questionnaire.by_id.get(CHANGES)
    return item is not None and answers.gates.get(CHANGES) in (item.triage_on, UNSURE)


def still_the_same_question(before: Item, after: Item) -> bool:
    """Whether an answer to the one answers the other: same words, same answers, same follow-ups."""
    return _asks(before) == _asks(after)


def carried_over(before: Questionnaire, after: Questionnaire, answers: Answers) -> Answers:
    """The earlier answers that a newer questionnaire can take as they are; the others are asked anew."""
    same = {
        item.id
        for item in after.items
        if item.id in before.by_id and still_the_same_question(before.by_id[item.id], item)
    }
    return _only(answers, same)


def merged_answers(questionnaire: Questionnaire, known: Answers, given: Answers, asked: Collection[str]) -> Answers:
    """What was said now, and what was said before of everything that was not asked now. What only follows from
    answers of now never makes an earlier answer milder.
    """
    before = (set(known.gates) | set(known.follow_ups)) - set(asked)
    milder = {name for name in before & set(given.gates) if not _is_stricter(questionnaire.by_id[name], known, given)}
    rest = _only(known, before)
    now = _only(given, (set(given.gates) | set(given.follow_ups)) - milder)
    return Answers(gates={**rest.gates, **now.gates}, follow_ups={**rest.follow_ups, **now.follow_ups})


def recheck_pages(items: Sequence[Item], context: Context, known: Answers, *, by_group: bool) -> list[RecheckPage]:
    """The questions on as few pages as fit: urgent signs first, then what was known, then what is asked afresh.

    At most eight on a page; none mixes questions whose safe answer is yes with others, nor known with new ones.
    """
    shelves: dict[tuple[bool, bool, str, str], list[Item]] = {}
    for item in items:
        is_known = is_answered(item, known) and not is_about_this_visit(item, context)
        group = item.group if by_group else ""
        shelf = (item.category != "red_flag", not is_known, group, item.triage_on if item.triage_on == "no" else "")
        shelves.setdefault(shelf, []).append(item)
    return [
        RecheckPage(chunk[0].group, not shelf[0], not shelf[1], chunk)
        for shelf, alike in sorted(shelves.items(), key=lambda one: one[0])
        for chunk in _chunks(alike)
    ]


def is_covered_by(result: ScreeningResult, earlier: ScreeningResult, answers: Answers, before: Answers) -> bool:
    """Whether a therapist's decision about the earlier result holds for this one too: nothing else asks for a
    decision, and of what does the answers are equal. What is only to be kept in mind asks for none.
    """
    return (
        set(result.excluded_regions) <= set(earlier.excluded_regions)
        and _raising(result) <= _raising(earlier)
        and all(_same_answer(name, result, earlier, answers, before) for name in _serious(result))
    )


def _serious(result: ScreeningResult) -> list[str]:
    return [name for name, finding in result.findings.items() if finding.outcome in _DECIDED or finding.urgent]


def _raising(result: ScreeningResult) -> set[str]:
    return {rule.id for rule in result.fired if rule.raise_to in _DECIDED or rule.urgent}


def _same_answer(
    name: str, result: ScreeningResult, earlier: ScreeningResult, answers: Answers, before: Answers
) -> bool:
    now, then = result.findings[name], earlier.findings.get(name)
    if then is None or answers.gates.get(name) != before.gates.get(name):
        return False
    return now.outcome == then.outcome and dict(now.visible) == dict(then.visible)


def _is_stricter(item: Item, known: Answers, given: Answers) -> bool:
    """Whether the new answer to the question says something that the old one did not."""
    firing = (item.triage_on, UNSURE)
    return given.gates[item.id] in firing and known.gates.get(item.id) not in firing


def _asks(item: Item) -> tuple[object, ...]:
    follow_ups = tuple(
        (one.id, one.question, one.type, tuple((option.value, option.label) for option in one.options), one.show_if)
        for one in item.follow_ups
    )
    return item.question, item.help, item.answer_type, item.triage_on, follow_ups


def _only(answers: Answers, names: Collection[str]) -> Answers:
    gates = {name: gate for name, gate in answers.gates.items() if name in names}
    follow_ups = {name: given for name, given in answers.follow_ups.items() if name in names}
    return Answers(gates=gates, follow_ups=follow_ups)


def _chunks(items: list[Item]) -> Iterator[tuple[Item, ...]]:
    """As few chunks as fit, evenly filled."""
    count = -(-len(items) // MAX_ROWS)
    size = -(-len(items) // count)
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])
