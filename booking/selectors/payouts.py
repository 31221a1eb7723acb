"""What Stripe moved and paid out, beside what our own ledger says of cards."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.db.models import QuerySet, Sum

from booking.models import Payout, StripeMovement
from booking.payments.models import Payment
from booking.rules.months import cash

# Stripe's categories of what goes to the bank, and of what comes back from it.
TO_THE_BANK: Final = ("payout", "payout_failure", "payout_reversal")


def payouts_of(month: date) -> QuerySet[Payout]:
    """The payouts in the books of a month, oldest first."""
    return Payout.objects.filter(month=month).select_related("seen_by").order_by("created_at", "pk")


def figures_of_stripe(*, month: date, movements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What lay at Stripe before the month, what moved, and what lies there after; and the same of our ledger.

    `ledger` is what the ledger says of cards, `moved` what Stripe says: a difference is money that only one side knows.
    """
    of_month = StripeMovement.objects.filter(month=month)
    to_bank = of_month.filter(kind__in=TO_THE_BANK)
    moved, fees = _sums(of_month.exclude(kind__in=TO_THE_BANK))
    sent, sending_fees = _sums(to_bank)
    before = _net(StripeMovement.objects.filter(month__lt=month))
    ledger = sum(cash(row["kind"]) * row["sum"] for row in movements if row["gateway"] == Payment.Gateway.STRIPE)
    return {
        "before": before,
        "ledger": ledger,
        "moved": moved,
        "difference": moved - ledger,
        "fees": -(fees + sending_fees),
        "sent": sent,
        "after": before + moved - fees - sending_fees + sent,
        "kinds": _kinds(of_month),
        "payouts": [_payout(one) for one in payouts_of(month)],
    }


def _payout(payout: Payout) -> dict[str, Any]:
    return {
        "id": payout.pk,
        "amount": payout.amount,
        "arrives_on": payout.arrives_on.isoformat(),
        "state": payout.state,
        "complete": payout.complete,
        "seen": payout.seen_at is not None,
    }


def _kinds(found: QuerySet[StripeMovement]) -> list[dict[str, Any]]:
    rows = found.order_by("kind").values("kind").annotate(amount=Sum("amount"), fee=Sum("fee"))
    return [{"kind": row["kind"], "amount": row["amount"], "fee": row["fee"]} for row in rows]


def _sums(found: QuerySet[StripeMovement]) -> tuple[int, int]:
    sums = found.aggregate(amount=Sum("amount"), fee=Sum("fee"))
    return sums["amount"] or 0, sums["fee"] or 0


def _net(found: QuerySet[StripeMovement]) -> int:
    amount, fee = _sums(found)
    return amount - fee
