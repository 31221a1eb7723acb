"""How every payment begins, and how one ends that needs no asking: with its entries in the ledger."""

from datetime import datetime
from typing import Any

from booking.models import Appointment, Package
from booking.payments.ledger import Kind, write_entry
from booking.payments.models import Payment
from intake.models import Patient, User


def ask_for(
    subject: Appointment | Package,
    *,
    payer: Patient,
    purpose: Payment.Purpose | str,
    gateway: Payment.Gateway | str,
    amount: int,
    now: datetime,
    **more: Any,
) -> Payment:
    """A payment of `amount` minor units for a visit or a package, in its currency: owed from now on. `more` stands on
    it besides.
    """
    of: dict[str, Any] = {"appointment" if isinstance(subject, Appointment) else "package": subject}
    payment = Payment.objects.create(
        **of,
        payer=payer,
        purpose=purpose,
        gateway=gateway,
        amount=amount,
        currency=subject.currency,
        created_at=now,
        **more,
    )
    write_entry(payment=payment, kind=Kind.CHARGE, amount=amount, reference="asked", now=now)
    return payment


def note_received(
    payment: Payment, *, kind: Kind, reference: str, method: str, by: User | None, now: datetime
) -> Payment:
    """All of a locked payment is here at this moment, and is kept: as cash is, a session, or what an insurer pays."""
    write_entry(
        payment=payment, kind=kind, amount=payment.amount, reference=reference, method=method, by=by, now=now
    )  # fmt: skip
    payment.state, payment.settled_at = Payment.State.CAPTURED, now
    payment.keep_amount = payment.amount
    payment.revision += 1
    payment.save()
    return payment
