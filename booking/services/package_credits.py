"""Using a package: one session pays one visit, and comes back when the visit ends without its whole fee."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow, PackageNotUsable
from booking.models import Appointment, HealthcareService, PackageCredit
from booking.payments.ledger import balance_of
from booking.payments.models import Payment
from booking.payments.package_gateway import give_session_back, pay_by_session
from booking.payments.services import want_void
from booking.rules.packages import capped_fee
from booking.selectors.packages import next_session, session_of, usable_package
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.locks import lock_appointment
from booking.services.states import record_change
from intake.access import works_at_desk
from intake.errors import NotAllowed
from intake.models import User

Status = Appointment.Status
_OF_THE_PRICE = (Payment.Purpose.DEPOSIT, Payment.Purpose.BALANCE)
MAY_USE = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED)


def use_package(*, appointment: Appointment, by: User, now: datetime) -> PackageCredit:
    """Pay a visit by the patient's package that ends first. Twice is once.

    :raises NotAllowed: neither reception nor a manager
    :raises PackageNotUsable: none is left, or something else pays this visit already
    :raises NotPossibleNow: the visit is over without having taken place, or is being paid online at this moment
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        used = session_of(visit)
        if used is not None:
            return used
        if visit.status not in MAY_USE or visit.awaiting == Appointment.Awaiting.PAYMENT:
            raise NotPossibleNow
        credit = take_session(visit, by=by, now=now)
        correct_documents(appointment=visit, by=by, now=now)
        return credit


def worth_for(visit: Appointment) -> int:
    """What the next session would pay for a locked visit, minor units.

    :raises PackageNotUsable: none is left
    """
    package = usable_package(visit, visit.patient)
    if package is None:
        raise PackageNotUsable
    return next_session(package)[1]


def take_session(visit: Appointment, *, by: User | None, now: datetime) -> PackageCredit:
    """Use the next session for a locked visit, in the caller's transaction; the visit is saved. Its price becomes what
    the session cost, and no fee is above that.

    :raises PackageNotUsable: none is left, or something else pays this visit already
    """
    package = usable_package(visit, visit.patient)
    if package is None or not is_unpaid(visit):
        raise PackageNotUsable
    number, worth = next_session(package)
    credit = PackageCredit.objects.create(
        package=package,
        number=number,
        appointment=visit,
        worth_amount=worth,
        price_before=visit.price_amount,
        used_at=now,
        used_by=by,
    )
    visit.price_amount, visit.deposit_amount = worth, 0
    visit.late_fee_amount = capped_fee(visit.late_fee_amount, worth=worth)
    visit.no_show_fee_amount = capped_fee(visit.no_show_fee_amount, worth=worth)
    visit.save()
    _ask_no_longer(visit, now)
    pay_by_session(credit=credit, by=by, now=now)
    record_change(appointment=visit, action="package-used", by=by, package=str(package.pk), session=number, now=now)
    return credit


def take_back_session(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The visit is paid in another way: its session goes back to the package.

    :raises NotAllowed: neither reception nor a manager
    :raises NotPossibleNow: no session pays it, or it did not take place
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.status not in MAY_USE or session_of(visit) is None:
            raise NotPossibleNow
        return_session(visit, by=by, now=now)
        correct_documents(appointment=visit, by=by, now=now)
        return visit


def return_session(visit: Appointment, *, by: User | None = None, now: datetime) -> None:
    """Give the session of a locked visit back, in the caller's transaction; nothing if there is none."""
    payment = visit.payments.filter(gateway=Payment.Gateway.PACKAGE, keep_amount__gt=0).first()
    if payment is not None:
        why = PackageCredit.Why.STAFF
        give_session_back(payment=payment, visit=visit, why=why, by=by, now=now)
        record_change(appointment=visit, action="package-session-returned", by=by, role="" if by else "system", now=now)


def return_session_unless_for(visit: Appointment, service: HealthcareService, *, now: datetime) -> None:
    """The same when a locked visit becomes one for which its package isn't."""
    credit = session_of(visit)
    if credit is not None and not credit.package.services.filter(pk=service.pk).exists():
        return_session(visit, now=now)


def is_unpaid(visit: Appointment) -> bool:
    """Whether nobody else pays a part, and nothing was paid, or is authorised."""
    balance = balance_of(visit)
    return not visit.payer_amount and balance.paid - balance.refunded == 0 and balance.authorised == 0


def _ask_no_longer(visit: Appointment, now: datetime) -> None:
    """What was asked for this visit and isn't paid is not asked any more."""
    for payment in visit.payments.filter(state=Payment.State.OPEN, purpose__in=_OF_THE_PRICE):
        want_void(payment=payment, now=now)
