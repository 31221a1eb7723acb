"""What Stripe shows of a payment's money, written into the ledger once; what of it a person must look at is found."""

from datetime import datetime
from typing import Final

from django.db.models import Sum

from booking.payments.findings import report, settle_itself
from booking.payments.gateway import DisputeMove, DisputeSeen, IntentSeen, RefundSeen, Seen
from booking.payments.ledger import Kind, total, write_entry
from booking.payments.models import Finding, Payment
from booking.payments.services import keep

CARD: Final = "card"
CAME_BACK: Final = ("failed", "canceled")  # a refund whose money is on our account again


def write_movements(payment: Payment, seen: Seen, now: datetime) -> bool:
    """Everything that is seen and not written down yet; whether money came back that we had given back. The payment is
    locked.
    """
    if seen.intent is None:
        return False
    if seen.intent.amount != payment.amount:
        sums = {"ours": payment.amount, "seen": seen.intent.amount}
        report(kind=Finding.Kind.AMOUNT, object_id=seen.intent.id, payment=payment, **sums, now=now)
    _write_intent(payment, seen.intent, now)
    for dispute in seen.disputes:
        _write_dispute(payment, dispute, now)
    came_back = [refund for refund in seen.refunds if _write_refund(payment, refund, now)]
    return bool(came_back)


def is_other_money(payment: Payment, seen: Seen, now: datetime) -> bool:
    """Whether Stripe shows another currency than we asked for. Nothing is written or decided then: a person looks."""
    intent = seen.intent
    if intent is None or intent.currency == payment.currency:
        return False
    sums = {"ours": payment.amount, "seen": intent.amount, "currency": intent.currency}
    report(kind=Finding.Kind.AMOUNT, object_id=intent.id, payment=payment, **sums, now=now)
    return True


def keep_what_is_left(payment: Payment, now: datetime) -> None:
    """Nobody keeps what is gone: given back in Stripe's dashboard, taken there in part, or lost in a dispute."""
    taken = total(payment, Kind.CAPTURE)
    went = payment.entries.filter(
        kind__in=[Kind.REFUND, Kind.DISPUTE_LOST], method=CARD
    )  # not what the desk handed over
    left = taken - (went.aggregate(sum=Sum("amount"))["sum"] or 0)
    if taken and payment.keep_amount is not None and left < payment.keep_amount:
        keep(payment=payment, amount=left, now=now)


def _write_intent(payment: Payment, intent: IntentSeen, now: datetime) -> None:
    if intent.status in ("requires_capture", "succeeded"):
        _write(payment, Kind.AUTHORISATION, intent.amount, intent.id, now)
    if intent.status == "succeeded":
        _write(payment, Kind.CAPTURE, intent.received, intent.id, now)
        _write(payment, Kind.VOID, intent.amount - intent.received, intent.id, now)
    if intent.status == "canceled":
        _write(payment, Kind.VOID, total(payment, Kind.AUTHORISATION), intent.id, now)


def _write_refund(payment: Payment, refund: RefundSeen, now: datetime) -> bool:
    """Whether it is new that the bank sent it back."""
    _write(payment, Kind.REFUND, refund.amount, refund.id, now)
    if refund.status not in CAME_BACK or not _write(payment, Kind.REFUND_FAILED, refund.amount, refund.id, now):
        return False
    kind = Finding.Kind.REFUND_FAILED
    report(kind=kind, object_id=refund.id, payment=payment, amount=refund.amount, now=now)
    return True


def _write_dispute(payment: Payment, dispute: DisputeSeen, now: datetime) -> None:
    """What the bank took and brought back, and the end of it. Won, it needs nobody any more."""
    news = [_write_move(payment, move, now) for move in dispute.moves]
    if dispute.status == "lost":
        news.append(_write(payment, Kind.DISPUTE_LOST, dispute.gone, dispute.id, now))
    if dispute.status == "won":
        settle_itself(payment=payment, kinds=[Finding.Kind.DISPUTE], now=now)
    elif any(news):
        report(
            kind=Finding.Kind.DISPUTE,
            object_id=dispute.id,
            payment=payment,
            amount=dispute.amount,
            status=dispute.status,
            answer_by=dispute.answer_by.date().isoformat() if dispute.answer_by else "",
            now=now,
        )


def _write_move(payment: Payment, move: DisputeMove, now: datetime) -> bool:
    moved = _write(payment, Kind.DISPUTED if move.amount < 0 else Kind.DISPUTE_WON, abs(move.amount), move.id, now)
    _write(payment, Kind.DISPUTE_FEE if move.fee > 0 else Kind.DISPUTE_FEE_BACK, abs(move.fee), move.id, now)
    return moved


def _write(payment: Payment, kind: Kind, amount: int, reference: str, now: datetime) -> bool:
    return amount > 0 and write_entry(
        payment=payment, kind=kind, amount=amount, reference=reference, method=CARD, now=now
    )
