"""Packages: an offer, and one that a patient has bought at the desk."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from booking.models import Package, PackageOffer
from booking.services.packages import sell_package
from intake.models import Patient, Role, User
from tests.factories.booking import NOW, Clinic, make_staff


def make_offer(clinic: Clinic, **over: Any) -> PackageOffer:
    """Three needling visits for 270.00, that is 90.00 each instead of 120.00; for a year."""
    services = over.pop("services", [clinic.needling])
    fields = {"location": clinic.location, "name": "Three visits", "sessions": 3, "price_amount": 27000}
    offer = PackageOffer.objects.create(**fields | over)
    offer.services.set(services)
    return offer


def make_package(
    clinic: Clinic, patient: Patient, *, by: User | None = None, now: datetime = NOW, method: str = "cash", **over: Any
) -> Package:
    """A package that was sold at the desk, paid in cash; `over` goes to its offer."""
    offer = make_offer(clinic, **over)
    return sell_package(
        offer=offer, patient=patient, price=offer.price_amount, method=method, request_key=uuid4(),
        by=by or make_staff(Role.RECEPTION), now=now,
    )  # fmt: skip
