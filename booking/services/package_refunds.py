"""Giving back what is unused of a package, the way it was paid; and giving it more time."""

from datetime import date, datetime

from django.db import transaction

from booking.errors import NothingUnused, NotPossibleNow, PaymentNotOffered, RefundAboveLimit
from booking.models import Package
from booking.payments.desk_gateway import METHODS
from booking.payments.ledger import Kind, write_entry
from booking.payments.models import Payment
from booking.payments.services import want_refund
from booking.rules.refunds import may_give_back
from booking.selectors.packages import Standing, payment_of_package
from booking.services.constraints import named_constraints
from booking.services.locks import lock_package
from booking.services.package_documents import correct_package_documents
from booking.services.package_payments import record_package_change
from intake.access import manages, works_at_desk
from intake.errors import NotAllowed
from intake.models import User

State = Package.State


def refund_package(*, package: Package, amount: int, method: str = "", by: User, now: datetime) -> Package:
    """Give back what is unused: to the card if it was paid online, else by hand in the way of `method`.

    `amount` is what the person saw, so that a second tap does nothing. No visit can be booked with it any more; those
    that are booked stay, and what comes back of them later can be given back, too.

    :raises NotAllowed: neither reception nor a manager
    :raises NothingUnused: all is used, given back, or over
    :raises NotPossibleNow: it is worth something else by now
    :raises RefundAboveLimit: reception, and more than the clinic lets them
    :raises PaymentNotOffered: no known way
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        locked = lock_package(package)
        left = Standing.of(locked, now=now).to_give_back
        payment = payment_of_package(locked)
        if not left or payment is None:
            raise NothingUnused
        if left != amount:
            raise NotPossibleNow
        _require_allowed(locked, amount, by)
        if payment.gateway == Payment.Gateway.STRIPE:
            want_refund(payment=payment, amount=amount, now=now)
        else:
            _hand_back(payment, locked, amount, method, by, now)
        locked.state, locked.refunded_at, locked.refunded_by = State.REFUNDED, now, by
        locked.refund_amount += amount
        locked.save()
        record_package_change(package=locked, action="package-given-back", by=by, amount=amount, now=now)
        if payment.gateway == Payment.Gateway.DESK:  # online it is corrected when the money has gone back
            correct_package_documents(package=locked, by=by, now=now)
        return locked


def extend_package(*, package: Package, until: date, by: User, now: datetime) -> Package:
    """Let a package be used until a later day, that day included. Managers.

    :raises NotAllowed: somebody else
    :raises NotPossibleNow: it is not bought, was given back, or lasts as long already
    """
    if not manages(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        locked = lock_package(package)
        if locked.state != State.ACTIVE or locked.expires_on is None or until <= locked.expires_on:
            raise NotPossibleNow
        before, locked.expires_on = locked.expires_on, until
        locked.save()
        record_package_change(
            package=locked,
            action="package-extended",
            by=by,
            before=before.isoformat(),
            until=until.isoformat(),
            now=now,
        )
        return locked


def _require_allowed(package: Package, amount: int, by: User) -> None:
    limit = package.location.refund_limit_amount
    if not may_give_back(amount=amount, given_before=package.refund_amount, limit=limit, is_manager=manages(by)):
        raise RefundAboveLimit(limit=limit)


def _hand_back(payment: Payment, package: Package, amount: int, method: str, by: User, now: datetime) -> None:
    if method not in METHODS:
        raise PaymentNotOffered
    reference = f"desk {package.refund_amount + amount}"
    for kind in (Kind.REFUND, Kind.CREDIT):
        write_entry(payment=payment, kind=kind, amount=amount, reference=reference, method=method, by=by, now=now)
