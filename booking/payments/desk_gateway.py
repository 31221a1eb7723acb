"""The second way to pay: cash or the terminal, at the desk. What a person says they took or gave back is done."""

from datetime import datetime
from uuid import UUID, uuid4

from booking.errors import PaymentNotOffered, RefundTooLarge
from booking.models import Appointment
from booking.payments.ledger import Kind, total, write_entry
from booking.payments.models import Payment
from intake.models import User

METHODS = ("cash", "terminal")
State = Payment.State


def take_at_desk(
    *, appointment: Appointment, amount: int, method: str, by: User, now: datetime, request_key: UUID | None = None
) -> Payment:
    """Record `amount` minor units received; what was asked at the desk is paid first. The caller locks the payments.

    :raises PaymentNotOffered: an unknown method, no amount, or nobody who could have paid
    """
    if method not in METHODS or amount <= 0 or appointment.patient is None:
        raise PaymentNotOffered
    key = request_key or uuid4()
    if again := Payment.objects.filter(entries__kind=Kind.DESK, entries__reference=str(key)).first():
        return again
    left, paid = amount, None
    for asked in _asked_at_desk(appointment):
        if asked.amount <= left:
            left -= asked.amount
            paid = _received(asked, method, by, key, now)
    if left or paid is None:
        more = _new_payment(appointment, left, now)
        paid = _received(more, method, by, key, now)
    return paid


def hand_back_at_desk(*, appointment: Appointment, amount: int, method: str, by: User, now: datetime) -> None:
    """Record `amount` minor units handed back of what was paid at the desk. The caller locks the payments.

    :raises RefundTooLarge: less than that was paid there
    """
    paid = {payment: _in_the_till(payment) for payment in _taken_at_desk(appointment)}
    if method not in METHODS or amount <= 0:
        raise PaymentNotOffered
    if amount > sum(paid.values()):
        raise RefundTooLarge(left=sum(paid.values()))
    for payment, there in paid.items():
        if part := min(there, amount):
            amount -= part
            reference = f"desk {total(payment, Kind.REFUND) + part}"
            for kind in (Kind.REFUND, Kind.CREDIT):
                write_entry(payment=payment, kind=kind, amount=part, reference=reference, method=method, by=by, now=now)


def _asked_at_desk(appointment: Appointment) -> list[Payment]:
    desk = appointment.payments.filter(gateway=Payment.Gateway.DESK, state=State.OPEN)
    return list(desk.order_by("created_at"))


def _taken_at_desk(appointment: Appointment) -> list[Payment]:
    desk = appointment.payments.filter(gateway=Payment.Gateway.DESK, state=State.CAPTURED)
    return list(desk.order_by("created_at"))


def _in_the_till(payment: Payment) -> int:
    return total(payment, Kind.DESK) - total(payment, Kind.REFUND)


def _received(payment: Payment, method: str, by: User, key: UUID, now: datetime) -> Payment:
    write_entry(
        payment=payment, kind=Kind.DESK, amount=payment.amount, reference=str(key), method=method, by=by, now=now
    )
    payment.state = State.CAPTURED
    payment.keep_amount = payment.amount
    payment.settled_at = now
    payment.revision += 1
    payment.save()
    return payment


def _new_payment(appointment: Appointment, amount: int, now: datetime) -> Payment:
    assert appointment.patient is not None
    payment = Payment.objects.create(
        appointment=appointment,
        payer=appointment.patient,
        purpose=Payment.Purpose.BALANCE,
        gateway=Payment.Gateway.DESK,
        amount=amount,
        currency=appointment.currency,
        created_at=now,
    )
    write_entry(payment=payment, kind=Kind.CHARGE, amount=amount, reference="asked", now=now)
    return payment
