"""The one question that booking asks: may this visit be booked on these answers?"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, Protocol, cast

from intake.clock import clinic_date
from intake.models import Screening, ScreeningDecision
from intake.rules.decisions import ALLOWING
from intake.rules.screening import ScreeningResult, evaluate
from intake.rules.validity import Outcome, Urgency, strictest, strongest
from intake.selectors.decisions import regions_ruled_out, standing_decision
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line, red_flags_complete, screening_by_token

__all__ = ["Clearance", "get_clearance", "screening_by_token"]

Decision = Literal["yes", "request", "no"]
VisitsUsed = Callable[[ScreeningDecision], int]
MAX_AGE: Final = 120


class Bookable(Protocol):
    """What must be known of a service."""

    @property
    def modality(self) -> str: ...
    @property
    def screening(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Clearance:
    """`decision` yes, request (a therapist looks first) or no; `complete`: every question that this visit needs was
    answered and the answers are still valid on its day. `excluded_regions` must not be needled. `approval`: the
    therapist's decision that a yes rests on."""

    decision: Decision
    complete: bool
    outcome: str | None = None
    urgent: str | None = None
    excluded_regions: tuple[str, ...] = ()
    valid_until: datetime | None = None
    approval: ScreeningDecision | None = field(default=None, compare=False)


def get_clearance(
    *,
    screening: Screening | None,
    service: Bookable,
    start: datetime,
    birth_date: date | None,
    returning: bool = False,
    by_staff: bool = False,
    visits_used: VisitsUsed | None = None,
    now: datetime,
) -> Clearance:
    """Whether a visit of this service at `start` may be booked on this screening.

    The stored answers are evaluated again with the age on the visit's date (clinic's zone), a return visit if either
    side says so, and the service's modality; the stricter of that and the stored result counts. `visits_used` counts
    the other visits that rest on an approval; without it one for a number of visits is taken as used up.
    """
    if service.screening == "none":
        return Clearance(decision="yes", complete=True)
    if screening is None or max(start, now) > screening.valid_until:
        staff_may = by_staff and service.screening == "red-flags"
        return Clearance(decision="yes" if staff_may else "no", complete=False)
    result = _evaluated_for(screening, service, clinic_date(start), birth_date, returning)
    if service.screening == "red-flags":
        return _without_needles(screening, result, by_staff)
    return _with_needles(screening, result, max(start, now), visits_used)


def age_on(day: date, birth_date: date) -> int:
    """Full years on that day, 0 to 120."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return min(MAX_AGE, max(0, day.year - birth_date.year - (not had_birthday)))


def _evaluated_for(
    screening: Screening, service: Bookable, day: date, birth_date: date | None, returning: bool
) -> ScreeningResult:
    context, answers = evaluated_line(screening)
    asked = replace(
        context,
        age=age_on(day, birth_date) if birth_date else context.age,
        visit="return" if returning else context.visit,
        modality=service.modality,
    )
    return evaluate(definition_of(screening.questionnaire), asked, answers)


def _without_needles(screening: Screening, result: ScreeningResult, by_staff: bool) -> Clearance:
    """Only urgent signs speak against a visit without needles, and only if they were all asked."""
    urgent = _urgency(screening, result)
    complete = screening.red_flags_complete and red_flags_complete(definition_of(screening.questionnaire), result)
    allowed = urgent not in ("EMERGENCY", "SAME_DAY") and (complete or by_staff)
    return Clearance(
        decision="yes" if allowed else "no",
        complete=complete,
        outcome=_outcome(screening, result),
        urgent=urgent,
        valid_until=screening.valid_until,
    )


def _with_needles(
    screening: Screening, result: ScreeningResult, at: datetime, visits_used: VisitsUsed | None
) -> Clearance:
    outcome, urgent = _outcome(screening, result), _urgency(screening, result)
    complete = screening.complete and result.complete
    excluded = tuple(dict.fromkeys((*screening.result["excluded_regions"], *result.excluded_regions)))
    if not complete or outcome == "STOP" or urgent:
        return Clearance("no", complete, outcome, urgent, excluded, screening.valid_until)
    if outcome != "REVIEW":
        return Clearance("yes", complete, outcome, urgent, excluded, screening.valid_until)
    decision, approval = _decided(screening, at, visits_used)
    if approval is None:
        return Clearance(decision, complete, outcome, urgent, excluded, screening.valid_until)
    lifted = set(approval.content["regions"]) - regions_ruled_out(result)
    left_out = tuple(approval.content.get("excluded", ()))
    return Clearance(
        decision,
        complete,
        "CAUTION" if approval.decision == ScreeningDecision.Decision.LOWERED else outcome,
        urgent,
        tuple(dict.fromkeys((*(region for region in excluded if region not in lifted), *left_out))),
        screening.valid_until,
        approval,
    )


def _decided(
    screening: Screening, at: datetime, visits_used: VisitsUsed | None
) -> tuple[Decision, ScreeningDecision | None]:
    """What the therapist's decision makes of a REVIEW, and the yes that it rests on: one whose days and visits are not
    used up.
    """
    latest = standing_decision(screening)
    if latest is None:
        return "request", None
    if latest.decision not in ALLOWING:
        return "no", None
    if latest.valid_until is None or at > latest.valid_until:
        return "request", None
    visits = latest.content.get("visits")
    if visits is not None and (visits_used is None or visits_used(latest) >= visits):
        return "request", None
    return "yes", latest


def _outcome(screening: Screening, result: ScreeningResult) -> Outcome:
    return strictest((cast(Outcome, str(screening.effective_outcome)), result.outcome))


def _urgency(screening: Screening, result: ScreeningResult) -> Urgency | None:
    return strongest((cast(Urgency | None, screening.urgent or None), result.urgent))
