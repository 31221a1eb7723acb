"""Writing down what a person must look at."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from booking.payments.models import Finding, Payment
from intake.models import User


def report(
    *, kind: Finding.Kind, object_id: str, payment: Payment | None = None, now: datetime, **details: Any
) -> None:
    """Open a finding, once for as long as it stands open; what is known of it is kept up to date.

    Details: sums, states and Stripe's words.
    """
    standing = Finding.objects.filter(kind=kind, object_id=object_id, resolved_at=None)
    if not standing.update(details=details):
        finding = Finding(kind=kind, object_id=object_id, payment=payment, details=details, found_at=now)
        Finding.objects.bulk_create([finding], ignore_conflicts=True)


def open_findings() -> QuerySet[Finding]:
    """What a person must still look at, oldest first, with its payment and appointment."""
    waiting = Finding.objects.filter(resolved_at=None).select_related("payment__appointment", "payment__payer")
    return waiting.order_by("found_at", "id")


def resolve_finding(*, finding: Finding, by: User | None, now: datetime) -> None:
    """Note that somebody has looked at it; the same thing found again opens a new one."""
    Finding.objects.filter(pk=finding.pk, resolved_at=None).update(resolved_at=now, resolved_by=by)


def settle_itself(*, payment: Payment, kinds: Iterable[Finding.Kind], now: datetime) -> None:
    """What was found about this payment agrees by now: nobody need look any more."""
    Finding.objects.filter(payment=payment, kind__in=list(kinds), resolved_at=None).update(resolved_at=now)
