"""What the answers mean: the outcome of a screening, why, and whether needling may be booked on it.

The steps in the comments are those of `evaluation` in the data. Rules only raise; what is not answered is not safe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from intake.rules.answers import Answers, Context
from intake.rules.conditions import Answer, Facts
from intake.rules.definitions import CombinationRule, Questionnaire
from intake.rules.items import UNKNOWN, UNSURE, AnswerRule, FollowUp, Item, Option
from intake.rules.questions import facts_of, visible_follow_ups
from intake.rules.validity import Outcome, Urgency, strictest, strongest

Bookable = Literal["yes", "request", "no"]


class Finding(NamedTuple):  # a tuple, because many are made for each screening
    """What an item that fired, or was answered "not sure", comes to.

    `visible` are the answers that count, `chosen` the options and rules that they meet; `missing` the visible
    follow-ups that bear on the result and have no answer; `is_default`: the item has no gate and nobody answered it
    yet, so that its outcome is only the fail-safe one.
    """

    outcome: Outcome
    urgent: Urgency | None
    visible: Mapping[str, Answer]
    chosen: Sequence[Option | AnswerRule]
    missing: tuple[str, ...]
    excludes_regions: bool = False
    is_default: bool = False

    @property
    def flags(self) -> list[str]:
        """What the therapist must look at, as the data calls it."""
        return [one.flag for one in self.chosen if one.flag]

    @property
    def messages(self) -> list[str]:
        """What a number or date calls for, for the patient."""
        return [one.message for one in self.chosen if isinstance(one, AnswerRule) and one.message]


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
    results, findings, unanswered = _judge_each(questionnaire, facts, context, answers, assume_unanswered_safe)
    active = tuple([name for name, finding in findings.items() if finding.outcome != "CLEAR"])
    fired = _combine(questionnaire, facts, results, findings, active)
    outcome = strictest((*results.values(), *[rule.raise_to for rule in fired]))
    urgent = strongest((*[finding.urgent for finding in findings.values()], *[rule.urgent for rule in fired]))
    return ScreeningResult(
        outcome=outcome,
        urgent=urgent,
        bookable=_bookable(outcome, urgent, complete=not unanswered),
        complete=not unanswered,
        unanswered=tuple(unanswered),
        items=results,
        findings=findings,
        active=active,
        fired=fired,
        excluded_regions=_excluded_regions(context, findings, fired),
        flags=_flags(findings, fired),
        rules_version=questionnaire.version,
    )


def sources_of(questionnaire: Questionnaire, result: ScreeningResult) -> dict[str, list[str]]:
    """The ids of the sources that each active item and each combination rule that holds rests on."""
    of_items = {name: [source.id for source in questionnaire.by_id[name].sources] for name in result.active}
    return of_items | {rule.id: list(rule.sources) for rule in result.fired}


def _judge_each(
    questionnaire: Questionnaire, facts: Facts, context: Context, answers: Answers, assume_unanswered_safe: bool
) -> tuple[dict[str, Outcome | None], dict[str, Finding], list[str]]:
    """Steps 1 to 3 and 11: each kept item's outcome, what is behind it, and what has no answer."""
    gates, follow_ups = answers.gates, answers.follow_ups
    results: dict[str, Outcome | None] = {}
    findings: dict[str, Finding] = {}
    unanswered: list[str] = []
    for item in questionnaire.items:
        if not item.applies(facts):
            continue
        gate = gates.get(item.id) if item.gate_answers else item.triage_on
        if gate is None and not assume_unanswered_safe:
            results[item.id] = None
            unanswered.append(item.id)
        elif gate not in (item.triage_on, UNSURE):
            results[item.id] = "CLEAR"
        else:
            finding = _judge(item, gate, follow_ups.get(item.id, {}), context)
            results[item.id] = finding.outcome
            findings[item.id] = finding
            unanswered += [f"{item.id}.{missing}" for missing in finding.missing]
    return results, findings, unanswered


def _judge(item: Item, gate: str | None, given: Mapping[str, Answer], context: Context) -> Finding:
    """Steps 3 to 8 for one item that fired or was answered "not sure"."""
    if gate == UNSURE:
        outcome = item.triage_if_unsure
        urgent = item.urgent if outcome == "STOP" else None
        return _in_its_regions(item, context, Finding(outcome, urgent, {}, (), ()))
    visible: dict[str, Answer] = {}
    missing: list[FollowUp] = []
    chosen: list[Option | AnswerRule] = []
    for follow_up in visible_follow_ups(item, gate, given):
        if follow_up.id in given:
            visible[follow_up.id] = given[follow_up.id]
            chosen += _chosen(follow_up, given[follow_up.id], context.on)
        elif follow_up.bears:
            missing.append(follow_up)
    outcome, urgent = _weigh(item, missing, chosen)
    finding = Finding(
        outcome=outcome,
        urgent=urgent,
        visible=visible,
        chosen=chosen,
        missing=tuple([follow_up.id for follow_up in missing]),
        is_default=bool(missing) and not visible and not item.gate_answers,
    )
    return _in_its_regions(item, context, finding)


def _chosen(follow_up: FollowUp, answer: Answer, on: date) -> Sequence[Option | AnswerRule]:
    """The options that the answer chooses, or the rules that it matches (step 7)."""
    if answer == UNKNOWN and follow_up.unknown_allowed:
        return ()
    if isinstance(answer, tuple):
        return [follow_up.option_of[value] for value in answer]
    if follow_up.options:
        return (follow_up.option_of[str(answer)],)
    measured = (on - answer).days if isinstance(answer, date) else answer
    return [rule for rule in follow_up.rules if isinstance(measured, int | float) and measured > rule.limit]


def _weigh(
    item: Item, missing: Sequence[FollowUp], chosen: Sequence[Option | AnswerRule]
) -> tuple[Outcome, Urgency | None]:
    """The item's result out of its own triage and what was chosen (steps 5 and 6)."""
    triages = [one.triage for one in chosen if one.triage]
    urgencies = [one.urgent for one in chosen if one.urgent]
    if not item.decides:
        return strictest((item.triage, *triages)), strongest((item.urgent, *urgencies))
    if not triages or any(follow_up.has_triage_options for follow_up in missing):
        return item.triage, item.urgent
    return strictest(triages), strongest(urgencies)


def _in_its_regions(item: Item, context: Context, finding: Finding) -> Finding:
    """Step 8: a STOP for a region stops one region; of several, a therapist says which may be treated."""
    if item.scope != "region" or finding.outcome != "STOP":
        return finding
    outcome: Outcome = "STOP" if len(context.regions) == 1 else "REVIEW"
    return finding._replace(outcome=outcome, excludes_regions=True)


def _combine(
    questionnaire: Questionnaire,
    facts: Facts,
    results: Mapping[str, Outcome | None],
    findings: Mapping[str, Finding],
    active: tuple[str, ...],
) -> tuple[CombinationRule, ...]:
    """Step 9: the combination rules that hold."""
    facts.results = results
    facts.active = frozenset(active)
    facts.visible = {name: finding.visible for name, finding in findings.items()}
    return tuple([rule for rule in questionnaire.rules if rule.holds(facts)])


def _bookable(outcome: Outcome, urgent: Urgency | None, *, complete: bool) -> Bookable:
    if not complete or urgent or outcome == "STOP":
        return "no"
    return "request" if outcome == "REVIEW" else "yes"


def _flags(findings: Mapping[str, Finding], fired: tuple[CombinationRule, ...]) -> tuple[str, ...]:
    """What the therapist must look at, each once."""
    flags = (*[flag for one in findings.values() for flag in one.flags], *[rule.flag for rule in fired if rule.flag])
    return tuple(dict.fromkeys(flags))


def _excluded_regions(
    context: Context, findings: Mapping[str, Finding], fired: tuple[CombinationRule, ...]
) -> tuple[str, ...]:
    """The chosen regions that must not be needled until a therapist says otherwise, in the order chosen."""
    if any(finding.excludes_regions for finding in findings.values()):
        return context.regions
    named = frozenset[str]().union(*(rule.regions for rule in fired if rule.flag == "exclude_region"))
    return tuple(region for region in context.regions if region in named)
