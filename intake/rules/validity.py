"""The order of outcomes and urgencies, and how long a screening lives."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeVar

Outcome = Literal["STOP", "REVIEW", "CAUTION", "CLEAR"]
Urgency = Literal["EMERGENCY", "SAME_DAY", "MEDICAL_SOON"]

OUTCOMES: Final[tuple[Outcome, ...]] = ("STOP", "REVIEW", "CAUTION", "CLEAR")
URGENCIES: Final[tuple[Urgency, ...]] = ("EMERGENCY", "SAME_DAY", "MEDICAL_SOON")

Moment = TypeVar("Moment", date, datetime)


def strictest(outcomes: Iterable[Outcome | None]) -> Outcome:
    """The most restrictive of the outcomes; None counts for nothing, and nothing at all is CLEAR."""
    found = set(outcomes)
    for outcome in OUTCOMES:
        if outcome in found:
            return outcome
    return "CLEAR"


def strongest(urgencies: Iterable[Urgency | None]) -> Urgency | None:
    """The strongest of the urgencies, or None if there is none."""
    found = set(urgencies)
    for urgency in URGENCIES:
        if urgency in found:
            return urgency
    return None


def is_milder(outcome: Outcome, than: Outcome) -> bool:
    """Whether the first outcome restricts less than the second."""
    return OUTCOMES.index(outcome) > OUTCOMES.index(than)


def screening_valid_until(*, evaluated_at: Moment, config: Mapping[str, object]) -> Moment:
    """The last moment (or date) at which a visit may still rest on this screening: `screening_valid_days` later.

    :raises ValueError: the setting is missing or not a whole number of days
    """
    days = config.get("screening_valid_days")
    if type(days) is not int or days < 1:
        raise ValueError("screening_valid_days must be a whole number of days, 1 or more")
    return evaluated_at + timedelta(days=days)
