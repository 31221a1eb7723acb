"""Writing down what a person must look at."""

from datetime import datetime
from typing import Any

from booking.payments.models import Finding, Payment


def report(
    *, kind: Finding.Kind, object_id: str, payment: Payment | None = None, now: datetime, **details: Any
) -> None:
    """Open a finding, once for as long as it stands open. Details: sums, states and Stripe's words."""
    finding = Finding(kind=kind, object_id=object_id, payment=payment, details=details, found_at=now)
    Finding.objects.bulk_create([finding], ignore_conflicts=True)
