"""Visits that took place and were paid: what receipts are of."""

from datetime import datetime
from typing import Any

from booking.models import Appointment
from booking.payments.models import LedgerEntry, Payment
from intake.models import Patient
from tests.factories.booking import NOW, Clinic, make_appointment, make_staff


def paid_visit(
    clinic: Clinic, *, start: datetime, patient: Patient, paid: int | None = None, method: str = "cash", **over: Any
) -> Appointment:
    """A visit that took place, with its price (or `paid`) taken at the desk."""
    visit = make_appointment(clinic, start=start, patient=patient, **{"status": "fulfilled"} | over)
    amount = visit.price_amount if paid is None else paid
    if amount:
        pay(visit, amount, method=method)
    return visit


def pay(visit: Appointment, amount: int, *, method: str = "cash", now: datetime = NOW) -> Payment:
    """Money at the desk, as rows, taken by somebody there."""
    taker = make_staff()
    payment = Payment.objects.create(
        appointment=visit, payer=visit.patient, purpose="balance", gateway="desk", state="captured", amount=amount,
        keep_amount=amount, currency=visit.currency, created_at=now, settled_at=now,
    )  # fmt: skip
    for kind, reference in (("charge", "asked"), ("desk", str(payment.pk))):
        LedgerEntry.objects.create(
            payment=payment, kind=kind, amount=amount, currency=visit.currency, recorded_at=now, reference=reference,
            method=method if kind == "desk" else "", recorded_by=taker if kind == "desk" else None,
        )  # fmt: skip
    return payment
