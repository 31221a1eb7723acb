"""The answers looked at again for the regions that are really treated, which are often not those that hurt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from intake.clock import clinic_date
from intake.models import Screening, ScreeningDecision
from intake.rules.answers import Answers, Context
from intake.rules.definitions import Questionnaire
from intake.rules.items import Item
from intake.rules.screening import ScreeningResult, evaluate
from intake.selectors.clearance import age_on
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line

_SERIOUS: Final = ("STOP", "REVIEW")
Decision = ScreeningDecision.Decision
_YES: Final = (Decision.APPROVED, Decision.LOWERED)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A question that these regions bring and nobody has answered: its gate, or follow-ups, or both."""

    item: Item
    asks_gate: bool


@dataclass(frozen=True, slots=True)
class RegionLook:
    """What the answers say about needling these regions in this way.

    `open` must be asked in the room first; `excluded` must not be needled; `must_decide`: a therapist has not decided
    yet about what only these regions bring; `stopped`: nothing may be needled at all.
    """

    definition: Questionnaire
    context: Context
    answers: Answers
    result: ScreeningResult
    open: tuple[OpenItem, ...]
    excluded: tuple[str, ...]
    must_decide: bool
    stopped: bool
    alerts: tuple[str, ...]

    @property
    def may_be_needled(self) -> tuple[str, ...]:
        """The regions that nothing in the answers speaks against."""
        if self.stopped or self.open or self.must_decide:
            return ()
        return tuple(region for region in self.context.regions if region not in self.excluded)


def look_at_regions(
    screening: Screening,
    *,
    regions: Collection[str],
    technique: str,
    birth_date: date | None,
    returning: bool,
    basis: Screening | None = None,
    now: datetime,
) -> RegionLook:
    """The rules run again for these regions and this technique. `basis`: the form on which the visit was admitted,
    whose approval still counts for what it was about.
    """
    definition = definition_of(screening.questionnaire)
    stored, answers = evaluated_line(screening)
    context = in_the_room(stored, definition, regions, technique, birth_date, returning, now)
    result = evaluate(definition, context, answers)
    form = basis or screening
    decision = _decision_for(screening, result, form, now)
    allowed = decision.content["regions"] if decision else ()
    forbidden = decision.content.get("excluded", ()) if decision else ()
    excluded = {*result.excluded_regions, *form.result["excluded_regions"]} - {*allowed}
    ruled_out = form.effective_outcome == "STOP" or _stops_the_person(definition, result)
    return RegionLook(
        definition=definition,
        context=context,
        answers=answers,
        result=result,
        open=tuple(_open_items(definition, result)),
        excluded=tuple(one for one in context.regions if one in excluded or one in forbidden),
        must_decide=result.complete and decision is None and "REVIEW" in (form.effective_outcome, result.outcome),
        stopped=bool(result.complete and (ruled_out or (result.outcome == "STOP" and decision is None)))
        or bool(result.urgent or screening.urgent),
        alerts=_alerts(definition, result),
    )


def in_the_room(
    stored: Context,
    definition: Questionnaire,
    regions: Collection[str],
    technique: str,
    birth_date: date | None,
    returning: bool,
    now: datetime,
) -> Context:
    """The stored context with the regions that are really treated, where the therapist looks and not guesses."""
    today = clinic_date(now)
    return replace(
        stored,
        regions=tuple(one for one in definition.regions if one in regions),
        likely_regions=(),
        modality=technique,
        age=age_on(today, birth_date) if birth_date else stored.age,
        visit="return" if returning else stored.visit,
        on=max(stored.on, today),
    )


def reasons_in(result: ScreeningResult | Mapping[str, Any]) -> frozenset[str]:
    """What made a result as strict as a therapist's decision needs: items and rules, by their ids."""
    if isinstance(result, ScreeningResult):
        rules = {rule.id for rule in result.fired if rule.raise_to in _SERIOUS}
        return frozenset(rules | {name for name, outcome in result.items.items() if outcome in _SERIOUS})
    return frozenset({*result["rules"], *(name for name, one in result["items"].items() if one in _SERIOUS)})


def _decision_for(
    screening: Screening, result: ScreeningResult, basis: Screening, now: datetime
) -> ScreeningDecision | None:
    """The approval that covers this result: of these very answers, or of the form before if nothing new came up."""
    for one in dict.fromkeys((screening, basis)):
        decided = one.decisions.exclude(decision=Decision.ASKED).order_by("-decided_at", "-decision")
        latest = decided.first()  # of two at once, the refusal
        if latest is None or latest.decision not in _YES or latest.valid_until is None or latest.valid_until < now:
            continue
        if one == screening != basis or reasons_in(result) <= reasons_in(one.result):
            return latest
    return None


def _stops_the_person(definition: Questionnaire, result: ScreeningResult) -> bool:
    """Whether something rules out needling anywhere; what stops a region alone, a therapist may have allowed before."""
    items = (name for name, outcome in result.items.items() if outcome == "STOP")
    by_items = any(definition.by_id[name].scope != "region" for name in items)
    return by_items or any(rule.raise_to == "STOP" for rule in result.fired)


def _open_items(definition: Questionnaire, result: ScreeningResult) -> list[OpenItem]:
    names = dict.fromkeys(name.partition(".")[0] for name in result.unanswered)
    return [OpenItem(definition.by_id[name], name in result.unanswered) for name in names]


def _alerts(definition: Questionnaire, result: ScreeningResult) -> tuple[str, ...]:
    texts = [definition.by_id[name].therapist_alert for name in result.active]
    return tuple(dict.fromkeys(text for text in (*texts, *(rule.alert for rule in result.fired)) if text))
