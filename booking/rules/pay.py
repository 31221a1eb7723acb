"""A therapist's pay: a share of what a visit cost, or of what was paid for it, without taxes. Pure; minor units."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Basis = Literal["billed", "collected"]
_WHOLE: Final = 10_000  # shares are given in hundredths of a per cent: 62.5 % is 6,250


@dataclass(frozen=True, slots=True)
class Share:
    """What was agreed with a therapist, for visits from a day on."""

    hundredths: int
    basis: Basis
    on_fees: bool
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """A visit's sums, with the taxes inside them, and what has come for it."""

    treatment: int = 0
    treatment_tax: int = 0
    fees: int = 0
    fees_tax: int = 0
    collected: int = 0


def share_on(day: date, shares: Iterable[Share]) -> Share | None:
    """The share of a visit on that day: the one that began last; None before the first."""
    begun = [share for share in shares if share.valid_from <= day]
    return max(begun, key=lambda share: share.valid_from, default=None)


def base_of(share: Share, earned: Earned) -> int:
    """What the share is of. Money that came is for fees first, as receipts have it; taxes belong to the state."""
    treatment, fees = earned.treatment, earned.fees
    if share.basis == "collected":
        came = max(0, earned.collected)
        fees = min(fees, came)
        treatment = min(treatment, came - fees)
    base = _net(treatment, earned.treatment, earned.treatment_tax)
    return base + _net(fees, earned.fees, earned.fees_tax) if share.on_fees else base


def pay_of(share: Share, base: int) -> int:
    """The therapist's part of that, rounded half up."""
    return _rounded(base * share.hundredths, _WHOLE)


def _net(part: int, whole: int, tax: int) -> int:
    """A part of a sum without the same part of its tax."""
    return part - _rounded(part * tax, whole) if whole else 0


def _rounded(number: int, by: int) -> int:
    return (2 * number + by) // (2 * by)
