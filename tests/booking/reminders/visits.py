"""Visits to write about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from booking.models import Appointment
from tests.factories.booking import make_appointment, make_clinic
from tests.factories.intake import make_patient

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
START = datetime(2026, 12, 1, 15, tzinfo=UTC)  # 9:00 in Alberta, which keeps summer time from 2026 on
_numbers = count(1)


def make_visit(*, email: str | None = None, start: datetime = START, language: str = "en", **over: Any) -> Appointment:
    """A booked visit of a patient with a mailbox of its own, at a clinic of its own."""
    clinic = make_clinic(name="Riverside Clinic", address="12 River Road\nEdmonton AB", phone="+17805550100")
    address = f"ana{next(_numbers)}@example.test" if email is None else email
    patient = over.pop("patient", None) or make_patient(email=address, language=language)
    if over.get("status") == "cancelled":
        over = {"cancel_reason": "patient", "cancelled_at": NOW} | over
    visit = make_appointment(clinic, start=start, patient=patient, **over)
    visit.free_cancel_until = start - timedelta(hours=24)
    visit.save(update_fields=["free_cancel_until"])
    return visit
