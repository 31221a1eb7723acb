"""Packages in the demonstration: three on sale, and what some patients have bought and used."""

from datetime import datetime
from random import Random
from typing import Any

from booking.models import Appointment, HealthcareService, Location, Package, PackageOffer
from booking.services.package_credits import use_package
from booking.services.package_documents import issue_package_receipt
from booking.services.package_refunds import refund_package
from booking.services.packages import sell_package
from config.seed.clinic import new_id
from intake.models import Patient, Role, User

_FOLLOW_UP = "follow-up"
# Name, name in French, visits, price, months, online; a follow-up alone is 75.00.
_OFFERS: tuple[tuple[str, str, int, int, int, bool], ...] = (
    ("Five follow-ups", "Cinq suivis", 5, 35000, 12, True),
    ("Ten follow-ups", "Dix suivis", 10, 65000, 18, True),
    ("Three follow-ups in a month", "Trois suivis en un mois", 3, 20000, 1, False),
)
_BUYERS = 4


def sell_packages(*, location: Location, now: datetime) -> None:
    """Sell some at the desk this morning: two that pay a visit to come, one that ends soon, one that was given back."""
    rng = Random(50)
    service = HealthcareService.objects.get(slug=_FOLLOW_UP)
    offers = [_offer(rng, location, service, *said) for said in _OFFERS]
    reception, manager = (User.objects.get(role=role) for role in (Role.RECEPTION, Role.MANAGER))
    visits = _visits_to_pay(service, now)
    bought = [
        _sell(rng, offer, visit.patient, reception, now)
        for offer, visit in zip((offers[0], offers[1], offers[2], offers[0]), visits, strict=False)
        if visit.patient is not None
    ]
    for package, visit in zip(bought[:-1], visits, strict=False):
        use_package(appointment=visit, by=reception, now=now)
        issue_package_receipt(package=package, by=reception, now=now)
    for package in bought[_BUYERS - 1 :]:
        refund_package(package=package, amount=package.price_amount, method="terminal", by=manager, now=now)


def _offer(rng: Random, location: Location, service: HealthcareService, *said: Any) -> PackageOffer:
    name, name_fr, sessions, price, months, online = said
    offer = PackageOffer.objects.create(
        id=new_id(rng), location=location, name=name, name_fr=name_fr, sessions=sessions, price_amount=price,
        currency=service.currency, valid_months=months, online=online,
    )  # fmt: skip
    offer.services.set([service])
    return offer


def _visits_to_pay(service: HealthcareService, now: datetime) -> list[Appointment]:
    """The next follow-ups of different people, for whom nobody else pays."""
    coming = Appointment.objects.filter(
        service=service, status=Appointment.Status.BOOKED, start__gt=now, cover=None, payer_amount=0
    ).select_related("patient")
    found: dict[Any, Appointment] = {}
    for visit in coming.order_by("start", "pk"):
        found.setdefault(visit.patient_id, visit)
    return list(found.values())[:_BUYERS]


def _sell(rng: Random, offer: PackageOffer, patient: Patient, by: User, now: datetime) -> Package:
    return sell_package(
        offer=offer, patient=patient, price=offer.price_amount, method="terminal", request_key=new_id(rng), by=by,
        now=now,
    )  # fmt: skip
