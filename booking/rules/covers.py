"""A visit that somebody else pays: how its price is shared, until when, and how old a bill is. Pure; minor units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from booking.rules.policy import share_of

Problem = Literal["ended", "expired", "used-up", "other-currency"]
Age = Literal["0-30", "31-60", "61-90", "over-90"]

AGES: Final[tuple[Age, ...]] = ("0-30", "31-60", "61-90", "over-90")
_UNTIL: Final[Mapping[Age, int]] = {"0-30": 30, "31-60": 60, "61-90": 90}

# A claim only moves forward; what a payer has paid in full or said no to is done.
_NEXT: Final[Mapping[str, frozenset[str]]] = {
    "to-bill": frozenset({"billed", "denied"}),
    "billed": frozenset({"paid", "part-paid", "denied"}),
    "part-paid": frozenset({"part-paid", "paid", "denied"}),
    "paid": frozenset(),
    "denied": frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverTerms:
    """What a payer has agreed to: a part of the price in per cent, at most so much a visit, or both; for how many
    visits and until which day (included), None for no end.
    """

    percent: int | None = None
    amount: int | None = None
    approved: int | None = None
    valid_until: date | None = None
    ended: bool = False
    currency: str = "CAD"


@dataclass(frozen=True, slots=True)
class Split:
    """A price in two parts."""

    payer: int
    patient: int


def split(price: int, terms: CoverTerms) -> Split:
    """Who bears how much of a price: the payer their per cent of it, rounded half up, and never more than their amount
    a visit or than the price.
    """
    share = price if terms.percent is None else share_of(price, terms.percent)
    if terms.amount is not None:
        share = min(share, terms.amount)
    payer = max(0, min(share, price))
    return Split(payer=payer, patient=price - payer)


def problem_with(terms: CoverTerms, *, on: date, used: int, currency: str) -> Problem | None:
    """Why these terms don't bear a visit on that day, when `used` other visits count already; None if they do."""
    if terms.ended:
        return "ended"
    if terms.currency != currency:
        return "other-currency"
    if terms.valid_until is not None and on > terms.valid_until:
        return "expired"
    return "used-up" if visits_left(terms.approved, used) == 0 else None


def visits_left(approved: int | None, used: int) -> int | None:
    """How many of the approved visits are left; None where any number is."""
    return None if approved is None else max(0, approved - used)


def deposit_beside(deposit: int, *, patient: int) -> int:
    """What is asked for before a visit of which the patient bears so much: nothing where that is nothing."""
    return min(deposit, patient)


def may_become(state: str, following: str) -> bool:
    """Whether a claim may go on from one state to the other."""
    return following in _NEXT[state]


def state_when_paid(*, amount: int, paid: int) -> Literal["paid", "part-paid"]:
    """The state of a claim of which so much has come."""
    return "paid" if paid == amount else "part-paid"


def after_denial(price: int, *, received: int) -> Split:
    """Who bears a price of which the payer pays no more than it has: the rest falls back to the patient, who is asked
    for it by a person.
    """
    return Split(payer=received, patient=price - received)


def difference(total: int, parts: Mapping[str, int]) -> int:
    """By how much a payment is more (or, below zero, less) than what it is said to be for."""
    return total - sum(parts.values())


def age_of(billed: date, *, today: date) -> Age:
    """How long a bill has been open, in the bookkeepers' four steps."""
    days = (today - billed).days
    return next((age for age, last in _UNTIL.items() if days <= last), "over-90")


def is_late(billed: date, *, terms_days: int, today: date) -> bool:
    """Whether a payer has taken longer than was agreed."""
    return (today - billed).days > terms_days
