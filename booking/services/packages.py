"""Selling packages: online, where Stripe's page is next, and at the desk, where it is paid on the spot."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from booking.errors import NotPossibleNow, PaymentNotOffered, PrepaymentForbidden, TermsChanged
from booking.models import Package, PackageOffer
from booking.payments.asking import ask_for, note_received
from booking.payments.desk_gateway import METHODS
from booking.payments.ledger import Kind
from booking.payments.models import Payment
from booking.selectors.documents import may_have_papers_of
from booking.selectors.package_terms import name_of, terms_of
from booking.selectors.packages import offers_at, payment_of_package
from booking.selectors.terms import may_prepay, takes_online
from booking.services.checkout import open_checkout
from booking.services.constraints import named_constraints
from booking.services.locks import lock_patient
from booking.services.package_payments import record_package_change, start_package
from intake.access import works_at_desk
from intake.errors import NotAllowed
from intake.models import Patient, User

State = Package.State
Gateway = Payment.Gateway


def buy_package(
    *, offer: PackageOffer, patient: Patient, price: int, request_key: UUID, by: User, now: datetime
) -> Package:
    """A package that waits for its payment online; the one that waits already, if there is one.

    `price` is what was shown, minor units.

    :raises NotAllowed: not the patient's own account
    :raises PrepaymentForbidden: nothing may be asked for in advance here
    :raises PaymentNotOffered: it isn't sold online
    :raises TermsChanged: it costs something else by now
    """
    if patient.user_id != by.pk or patient.erased_at or not may_have_papers_of(patient, by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        lock_patient(patient)
        sold = _sold(offer, price, online=True)
        if not takes_online(sold.location):
            raise PaymentNotOffered
        waiting = Package.objects.filter(patient=patient, offer=sold, state=State.WAITING).first()
        same = Package.objects.filter(request_key=request_key, patient=patient).first()
        if same or (waiting and waiting.price_amount == price):
            return same or waiting  # type: ignore[return-value]  # one of them is there
        if waiting:
            raise NotPossibleNow
        package = _written(sold, patient, request_key, now)
        _ask(package, Gateway.STRIPE, now)
        record_package_change(package=package, action="package-ordered", by=by, amount=price, now=now)
        return package


def checkout_for_package(*, package: Package, now: datetime) -> str:
    """The address where a package is paid; the way back leads to its own page.

    :raises NotPossibleNow: nothing waits to be paid online
    :raises StripeUnavailable, HoldExpired, PaymentNotOffered: as `open_checkout`
    """
    payment = payment_of_package(package)
    if payment is None or payment.gateway != Gateway.STRIPE or payment.state != Payment.State.OPEN:
        raise NotPossibleNow
    address = f"{settings.SITE_URL}/account/packages/{package.pk}/"
    return open_checkout(payment=payment, success_url=f"{address}paid/", cancel_url=address, now=now)


def sell_package(
    *, offer: PackageOffer, patient: Patient, price: int, method: str, request_key: UUID, by: User, now: datetime
) -> Package:
    """Sell a package at the desk for the `price` that was shown, paid now; the same `request_key` again sells once.

    :raises NotAllowed: neither reception nor a manager
    :raises PrepaymentForbidden, PaymentNotOffered, TermsChanged: nothing was sold
    """
    if not works_at_desk(by) or patient.erased_at:
        raise NotAllowed
    if method not in METHODS:
        raise PaymentNotOffered
    with named_constraints(), transaction.atomic(durable=True):
        lock_patient(patient)
        same = Package.objects.filter(request_key=request_key, patient=patient).first()
        if same is not None:
            return same
        package = _written(_sold(offer, price), patient, request_key, now, sold_by=by)
        payment = _ask(package, Gateway.DESK, now)
        note_received(payment, kind=Kind.DESK, reference=str(request_key), method=method, by=by, now=now)
        start_package(package=package, by=by, now=now)
        return package


def _sold(offer: PackageOffer, price: int, *, online: bool = False) -> PackageOffer:
    """The offer as it is now, which nobody changes meanwhile."""
    current = PackageOffer.objects.select_for_update(no_key=True, of=("self",)).select_related("location")
    found = current.get(pk=offer.pk)
    if not may_prepay(found.location):
        raise PrepaymentForbidden
    if not offers_at(found.location, online=online).filter(pk=found.pk).exists():
        raise PaymentNotOffered
    if found.price_amount != price:
        raise TermsChanged
    return found


def _written(
    offer: PackageOffer, patient: Patient, request_key: UUID, now: datetime, *, sold_by: User | None = None
) -> Package:
    package = Package.objects.create(
        offer=offer,
        location=offer.location,
        patient=patient,
        name=name_of(offer),
        sessions=offer.sessions,
        price_amount=offer.price_amount,
        currency=offer.currency,
        valid_months=offer.valid_months,
        terms="\n".join(terms_of(offer)),
        created_at=now,
        sold_by=sold_by,
        request_key=request_key,
    )
    package.services.set(offer.services.all())
    return package


def _ask(package: Package, gateway: Payment.Gateway, now: datetime) -> Payment:
    purpose, amount = Payment.Purpose.PACKAGE, package.price_amount
    return ask_for(package, payer=package.patient, purpose=purpose, gateway=gateway, amount=amount, now=now)
