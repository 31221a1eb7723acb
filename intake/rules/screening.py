"""What the answers mean: the outcome of a screening, why, and whether needling may be booked on it.

The steps in the comments are those of `evaluation` in the data. Rules only raise; what is not answered is not safe.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from intake.rules.answers import Answers, Context
from intake.rules.conditions import Answer, Facts
from intake.rules.definitions import CombinationRule, Questionnaire
from intake.rules.items import UNKNOWN, UNSURE, AnswerRule, FollowUp, Item, Option
from intake.rules.questions import facts_of, visible_follow_ups
from intake.rules.validity import Outcome, Urgency, strictest, strongest

Bookable = Literal["yes", "request", "no"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What an item that fired, or was answered "not sure", comes to.

    `visible` are the answers that count; `missing` the visible follow-ups that bear on the result and have none;
    `is_default`: the item has no gate and nobody answered it yet, so that its outcome is only the fail-safe one.
    """

    outcome: Outcome
    urgent: Urgency | None
    visible: Mapping[str, Answer]
    missing: tuple[str, ...]
    flags: tuple[str, ...]
    messages: tuple[str, ...]
    excludes_regions: bool = False
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class ScreeningResult:
    """The whole result, with what a therapist needs to understand it.

    `items` has every kept item (None: unanswered), `findings` those that fired or are unsure, `active` those of them
    that are not CLEAR, `fired` every combination rule that holds, `unanswered` "item" or "item.follow_up".
    """

    outcome: Outcome
    urgent: Urgency | None
    bookable: Bookable
    complete: bool
    unanswered: tuple[str, ...]
    items: Mapping[str, Outcome | None]
    findings: Mapping[str, Finding]
    active: tuple[str, ...]
    fired: tuple[CombinationRule, ...]
    excluded_regions: tuple[str, ...]
    flags: tuple[str, ...]
    rules_version: str

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the combination rules that hold, in the data's order."""
        return tuple(rule.id for rule in self.fired)

    @property
    def outcome_of_answers(self) -> Outcome:
        """The outcome of what was really answered: that of a complete result, and of an incomplete one without the
        fail-safe outcomes of items that nobody answered yet.
        """
        given = (finding.outcome for finding in self.findings.values() if not finding.is_default)
        return strictest((*given, *(rule.raise_to for rule in self.fired)))

    def as_line(self) -> dict[str, object]:
        """The result as the `screen` command prints it, ready for JSON."""
        return {
            "outcome": self.outcome,
            "urgent": self.urgent,
            "bookable": self.bookable,
            "complete": self.complete,
            "unanswered": list(self.unanswered),
            "items": dict(self.items),
            "rules": list(self.rules),
            "excluded_regions": list(self.excluded_regions),
            "rules_version": self.rules_version,
        }


def evaluate(
    questionnaire: Questionnaire, context: Context, answers: Answers, *, assume_unanswered_safe: bool = False
) -> ScreeningResult:
    """The result of the answers in this context; the answers are those that `read_line` let through.

    With `assume_unanswered_safe` a missing gate counts as its safe answer. A missing follow-up is missing all the same.
    """
    facts = facts_of(context)
    results: dict[str, Outcome | None] = {}
    findings: dict[str, Finding] = {}
    unanswered: list[str] = []
    for item in questionnaire.items:
        if not item.applies(facts):
            continue
        gate = answers.gates.get(item.id) if item.gate_answers else item.triage_on
        if gate is None and not assume_unanswered_safe:
            results[item.id] = None
            unanswered.append(item.id)
        elif gate not in (item.triage_on, UNSURE):
            results[item.id] = "CLEAR"
        else:
            finding = _judge(item, gate, answers.follow_ups.get(item.id, {}), context)
            results[item.id] = finding.outcome
            findings[item.id] = finding
            unanswered.extend(f"{item.id}.{missing}" for missing in finding.missing)
    fired = _combine(questionnaire, facts, results, findings)
    return _conclude(context, results, findings, fired, unanswered=tuple(unanswered), version=questionnaire.version)


def _judge(item: Item, gate: str | None, given: Mapping[str, Answer], context: Context) -> Finding:
    """Steps 3 to 8 for one item that fired or was answered "not sure"."""
    if gate == UNSURE:
        outcome = item.triage_if_unsure
        urgent = item.urgent if outcome == "STOP" else None
        return _in_its_regions(item, context, Finding(outcome, urgent, {}, (), (), ()))
    asked = visible_follow_ups(item, gate, given)
    answered = [follow_up for follow_up in asked if follow_up.id in given]
    chosen = [one for follow_up in answered for one in _chosen(follow_up, given[follow_up.id], context.on)]
    outcome, urgent = _weigh(item, asked, given, chosen)
    missing = tuple(follow_up.id for follow_up in asked if follow_up.bears and follow_up.id not in given)
    finding = Finding(
        outcome=outcome,
        urgent=urgent,
        visible={follow_up.id: given[follow_up.id] for follow_up in answered},
        missing=missing,
        flags=tuple(one.flag for one in chosen if one.flag),
        messages=tuple(one.message for one in chosen if isinstance(one, AnswerRule) and one.message),
        is_default=bool(missing) and not answered and not item.gate_answers,
    )
    return _in_its_regions(item, context, finding)


def _chosen(follow_up: FollowUp, answer: Answer, on: date) -> Iterator[Option | AnswerRule]:
    """The options that the answer chooses, or the rules that it matches (step 7)."""
    if answer == UNKNOWN and follow_up.unknown_allowed:
        return
    if follow_up.options:
        yield from (follow_up.option_of[str(value)] for value in (answer if isinstance(answer, tuple) else (answer,)))
    for rule in follow_up.rules:
        measured = (on - answer).days if isinstance(answer, date) else answer
        if isinstance(measured, int | float) and measured > rule.limit:
            yield rule


def _weigh(
    item: Item, asked: tuple[FollowUp, ...], given: Mapping[str, Answer], chosen: list[Option | AnswerRule]
) -> tuple[Outcome, Urgency | None]:
    """The item's result out of its own triage and what was chosen (steps 5 and 6)."""
    if item.decides:
        is_decided = any(one.triage for one in chosen) and all(
            follow_up.id in given for follow_up in asked if follow_up.has_triage_options
        )
        if not is_decided:
            return item.triage, item.urgent
        return strictest([one.triage for one in chosen]), strongest([one.urgent for one in chosen])
    return (
        strictest([item.triage, *[one.triage for one in chosen]]),
        strongest([item.urgent, *[one.urgent for one in chosen]]),
    )


def _in_its_regions(item: Item, context: Context, finding: Finding) -> Finding:
    """Step 8: a STOP for a region stops one region; of several, a therapist says which may be treated."""
    if item.scope != "region" or finding.outcome != "STOP":
        return finding
    outcome: Outcome = "STOP" if len(context.regions) == 1 else "REVIEW"
    return replace(finding, outcome=outcome, excludes_regions=True)


def _combine(
    questionnaire: Questionnaire,
    facts: Facts,
    results: Mapping[str, Outcome | None],
    findings: Mapping[str, Finding],
) -> tuple[CombinationRule, ...]:
    """Step 9: the combination rules that hold."""
    facts.results = results
    facts.active = {name for name, finding in findings.items() if finding.outcome != "CLEAR"}
    facts.visible = {name: finding.visible for name, finding in findings.items()}
    return tuple(rule for rule in questionnaire.rules if rule.holds(facts))


def _conclude(
    context: Context,
    results: Mapping[str, Outcome | None],
    findings: Mapping[str, Finding],
    fired: tuple[CombinationRule, ...],
    *,
    unanswered: tuple[str, ...],
    version: str,
) -> ScreeningResult:
    """Steps 8, 10 and 11 over everything found."""
    outcome = strictest((*results.values(), *(rule.raise_to for rule in fired)))
    urgent = strongest((*(one.urgent for one in findings.values()), *(rule.urgent for rule in fired)))
    flags = (*(flag for one in findings.values() for flag in one.flags), *(rule.flag for rule in fired if rule.flag))
    return ScreeningResult(
        outcome=outcome,
        urgent=urgent,
        bookable=_bookable(outcome, urgent, complete=not unanswered),
        complete=not unanswered,
        unanswered=unanswered,
        items=results,
        findings=findings,
        active=tuple(name for name, finding in findings.items() if finding.outcome != "CLEAR"),
        fired=fired,
        excluded_regions=_excluded_regions(context, findings, fired),
        flags=tuple(dict.fromkeys(flags)),
        rules_version=version,
    )


def _bookable(outcome: Outcome, urgent: Urgency | None, *, complete: bool) -> Bookable:
    if not complete or urgent or outcome == "STOP":
        return "no"
    return "request" if outcome == "REVIEW" else "yes"


def _excluded_regions(
    context: Context, findings: Mapping[str, Finding], fired: tuple[CombinationRule, ...]
) -> tuple[str, ...]:
    """The chosen regions that must not be needled until a therapist says otherwise, in the order chosen."""
    if any(finding.excludes_regions for finding in findings.values()):
        return context.regions
    named = frozenset[str]().union(*(rule.regions for rule in fired if rule.flag == "exclude_region"))
    return tuple(region for region in context.regions if region in named)
