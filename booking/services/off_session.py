"""Charging a kept card while its holder is away: what settling must know about such a payment."""

from typing import Any, Final

from booking.models import KeptCard
from booking.payments.gateway import Seen
from booking.payments.models import GatewayCommand, Payment

OPERATION: Final = "charge"
_REFUSED: Final = ("requires_payment_method", "requires_action")  # as the bank leaves it when the holder is away
_DESCRIPTION: Final = "Appointment fee"  # neutral: nothing about health goes to Stripe


def is_charge(payment: Payment) -> bool:
    """Whether it is taken from a kept card, and not paid on a page."""
    return payment.card_id is not None and payment.purpose == Payment.Purpose.FEE


def charge_order(payment: Payment) -> dict[str, Any]:
    """What is asked of Stripe, kept with the command so that a repeat asks the same."""
    assert payment.card is not None
    return {
        "payment": str(payment.pk),
        "amount": payment.amount,
        "currency": payment.currency,
        "customer": payment.card.customer_id,
        "method": payment.card.method_id,
        "description": _DESCRIPTION,
    }


def last_charge(payment: Payment) -> GatewayCommand | None:
    return payment.commands.filter(operation=OPERATION).order_by("attempt").last()


def cant_be_charged(payment: Payment, seen: Seen) -> bool:
    """Whether the bank has said no, Stripe has, or the card was taken back before we asked. It is not tried again."""
    if not is_charge(payment) or payment.state != Payment.State.OPEN:
        return False
    if seen.intent is not None:
        return seen.intent_status in _REFUSED
    last = last_charge(payment)
    if last is not None:
        return last.outcome == GatewayCommand.Outcome.REFUSED
    assert payment.card is not None
    return payment.card.state != KeptCard.State.KEPT


def may_be_charged(payment: Payment, seen: Seen) -> bool:
    """Whether there is something to take and nothing of it is at Stripe yet."""
    return is_charge(payment) and payment.state == Payment.State.OPEN and seen.intent is None


def why_not(payment: Payment) -> str:
    """Stripe's code of the refusal, as it is kept with the fee."""
    last = last_charge(payment)
    if last is None:
        return "no-card"
    return last.problem.partition(":")[0][:60] or "card_declined"
