"""Fees for late cancellations, late moves and visits nobody came to: when they are owed, and what may be done. Pure.

Money in minor units. Whoever is honest, ill, or turned away by the clinic owes nothing.
"""

from datetime import date, timedelta
from typing import Final, Literal

Step = Literal["withdraw", "paid", "charge", "ask"]
UNDO_FOR: Final = timedelta(hours=24)  # so long a manager's yes can be taken back
CARD_KEPT_AFTER: Final = timedelta(days=30)  # after the last visit, if nothing is open
OPEN: Final = frozenset({"proposed", "approved", "taking", "declined"})
TRANSITIONS: Final = (
    ("proposed", "approved"),
    ("proposed", "paid"),
    ("proposed", "waived"),
    ("proposed", "withdrawn"),
    ("approved", "proposed"),
    ("approved", "taking"),
    ("approved", "declined"),
    ("approved", "paid"),
    ("approved", "waived"),
    ("approved", "withdrawn"),
    ("taking", "taken"),
    ("taking", "declined"),
    ("taking", "paid"),
    ("taking", "waived"),
    ("taking", "withdrawn"),
    ("declined", "paid"),
    ("declined", "waived"),
    ("declined", "withdrawn"),
    ("taken", "waived"),
    ("taken", "withdrawn"),
    ("paid", "waived"),
    ("paid", "withdrawn"),
    ("withdrawn", "proposed"),  # they were taken for here, and had not come after all
)


def may_become(state: str, following: str) -> bool:
    """Whether a fee's case may go on to that state."""
    return (state, following) in TRANSITIONS


def is_owed(*, cause: str, status: str, cancel_reason: str) -> bool:
    """Whether the visit's state still bears this fee: only what the patient did themselves, and as it stands now."""
    if cause == "late-cancel":
        return status == "cancelled" and cancel_reason == "patient"
    if cause == "no-show":
        return status == "noshow"
    return status != "entered-in-error" and (status != "cancelled" or cancel_reason == "patient")


def left_to_pay(*, fee: int, due: int) -> int:
    """How much of a fee is open, where `due` is open for the whole visit."""
    return max(0, min(fee, due))


def step_when_due(*, owed: bool, left: int, has_card: bool) -> Step:
    """What to do with a fee whose day to change one's mind is over."""
    if not owed:
        return "withdraw"
    if left <= 0:
        return "paid"
    return "charge" if has_card else "ask"


def is_good(*, exp_year: int | None, exp_month: int | None, on: date) -> bool:
    """Whether a card can be charged on that day: it is good until its month is over."""
    if exp_year is None or exp_month is None:
        return False
    return (exp_year, exp_month) >= (on.year, on.month)
