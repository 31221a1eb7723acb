"""What a payment does to its package. Called by `settle`, inside its transaction, with the locks held."""

from datetime import datetime
from typing import Any

from booking.models import Package
from booking.payments.models import Payment
from booking.payments.services import want_capture, want_void
from booking.rules.packages import last_day
from booking.rules.walltime import wall_date
from booking.services.payments_in import Arrival
from booking.services.states import SYSTEM
from intake.models import User
from intake.services.audit import record_event

State = Package.State


def package_authorised(*, package: Package, payment: Payment, now: datetime) -> Arrival:
    """The money is there: the package is bought, and its months begin. Safe to call again.

    One that lapsed meanwhile is bought still, but not if the same was bought again since: then the money is released.
    """
    if package.state == State.REFUNDED or (package.state == State.LAPSED and _bought_again(package)):
        want_void(payment=payment, now=now)
        return "lost"
    if package.state != State.ACTIVE:
        start_package(package=package, now=now)
    want_capture(payment=payment, now=now)
    return "booked"


def start_package(*, package: Package, by: User | None = None, now: datetime) -> None:
    """A locked package is paid for: it can be used from now on."""
    package.state, package.bought_at = State.ACTIVE, now
    package.expires_on = last_day(bought_on=wall_date(now, package.location.time_zone), months=package.valid_months)
    package.save()
    record_package_change(package=package, action="package-bought", by=by, amount=package.price_amount, now=now)


def lapse_package(*, package: Package, now: datetime) -> None:
    """Nobody paid: a locked package that waits is wanted no longer."""
    if package.state == State.WAITING:
        package.state = State.LAPSED
        package.save()
        record_package_change(package=package, action="package-lapsed", now=now)


def record_package_change(
    *, package: Package, action: str, by: User | None = None, now: datetime, **details: Any
) -> None:
    """Write the AuditEvent of a change; without `by` it was the system."""
    record_event(
        action=action,
        entity=package,
        patient=package.patient,
        by=by,
        role=by.role if by else SYSTEM,
        details={"state": str(package.state), **details},
        now=now,
    )


def _bought_again(package: Package) -> bool:
    same = Package.objects.filter(patient=package.patient_id, offer=package.offer_id)
    return same.filter(state__in=[State.WAITING, State.ACTIVE], created_at__gt=package.created_at).exists()
