"""The way to pay without money: a session that was bought in advance pays a visit, or goes back to its package."""

from datetime import datetime

from booking.models import Appointment, PackageCredit
from booking.payments.asking import ask_for, note_received
from booking.payments.ledger import Kind, write_entry
from booking.payments.models import Payment
from booking.rules.packages import kept_open_until
from booking.rules.walltime import wall_date
from intake.models import User

METHOD = "package"
Why = PackageCredit.Why


def pay_by_session(*, credit: PackageCredit, by: User | None, now: datetime) -> Payment:
    """A session that was just used pays its locked visit."""
    visit, worth = credit.appointment, credit.worth_amount
    assert visit.patient is not None
    purpose, gateway = Payment.Purpose.BALANCE, Payment.Gateway.PACKAGE
    payment = ask_for(visit, payer=visit.patient, purpose=purpose, gateway=gateway, amount=worth, now=now)
    return note_received(payment, kind=Kind.PACKAGE, reference=str(credit.pk), method=METHOD, by=by, now=now)


def give_session_back(
    *, payment: Payment, visit: Appointment, why: Why = Why.NO_FEE, by: User | None = None, now: datetime
) -> None:
    """A locked visit is not paid by its session after all: it costs what it did before, and the session can be used
    again, for some weeks at least.
    """
    credit = PackageCredit.objects.select_related("package__location").get(appointment=visit, returned_at=None)
    credit.returned_at, credit.returned_why = now, why
    credit.save(update_fields=["returned_at", "returned_why"])
    package = credit.package
    assert package.expires_on is not None
    today = wall_date(now, package.location.time_zone)
    package.expires_on = kept_open_until(package.expires_on, returned_on=today)
    package.save(update_fields=["expires_on"])
    visit.price_amount = credit.price_before
    visit.save(update_fields=["price_amount"])
    reference, amount = str(credit.pk), payment.amount
    write_entry(
        payment=payment, kind=Kind.PACKAGE_RETURNED, amount=amount, reference=reference, method=METHOD, by=by, now=now
    )
    write_entry(payment=payment, kind=Kind.CREDIT, amount=amount, reference="keep 0", by=by, now=now)
    payment.keep_amount = 0
    payment.revision += 1
    payment.save(update_fields=["keep_amount", "revision"])
