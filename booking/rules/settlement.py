"""What follows from how a payment stands at Stripe and how much of it we mean to keep. Pure; minor units."""

from dataclasses import dataclass
from typing import Final, Literal

Operation = Literal["expire_session", "charge", "capture", "void", "refund"]

# States only move to a higher rank.
RANK: Final = {"open": 0, "authorised": 1, "captured": 2, "voided": 2, "lapsed": 2}
_REFUSED: Final = frozenset({"requires_payment_method", "requires_action"})  # by the bank, while the payer was away


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to ask of Stripe so that it agrees with us."""

    operation: Operation
    amount: int


def state_seen(*, session: str, intent: str, was_authorised: bool) -> str:
    """Our word for a payment by the states of its Checkout Session and its PaymentIntent ("" for none).

    The session's own `payment_status` says nothing: it stays "unpaid" for money that is authorised.
    """
    if intent == "requires_capture":
        return "authorised"
    if intent == "succeeded":
        return "captured"
    if intent == "canceled":
        return "voided" if was_authorised else "lapsed"
    return "lapsed" if session == "expired" else "open"


def next_step(
    *,
    session: str,
    intent: str,
    capturable: int,
    received: int,
    sent_back: int,
    disputed: int = 0,
    keep: int | None,
    charge: bool = False,
    end_checkout: bool = False,
) -> Step | None:
    """What to ask next so that Stripe keeps `keep` for us; None if it does, or while that is undecided.

    :param disputed: what the cardholder's bank has taken back; it is not given back a second time
    :param charge: it is taken from a kept card, and nothing of it is there yet
    :param end_checkout: let nobody pay any more, whatever is decided
    """
    if intent == "requires_capture" and keep is not None:
        return Step("capture", min(keep, capturable)) if keep else Step("void", capturable)
    left = received - sent_back - disputed
    if intent == "succeeded" and keep is not None and left > keep:
        return Step("refund", left - keep)
    if session == "open" and (keep == 0 or end_checkout):
        return Step("expire_session", 0)
    if charge and keep:
        return Step("charge", keep)
    if intent in _REFUSED and not session and keep == 0:
        return Step("void", 0)
    return None
