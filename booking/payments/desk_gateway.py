"""The second way to pay: at the desk. What a person says they took or gave back is done."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import Sum

from booking.errors import PaymentNotOffered, RefundTooLarge
from booking.models import Appointment
from booking.payments.asking import ask_for, note_received
from booking.payments.ledger import Kind, total, write_entry
from booking.payments.models import Payment
from intake.models import User

METHODS = ("cash", "terminal", "e-transfer", "gift-card")
State = Payment.State


@dataclass(frozen=True, slots=True)
class Part:
    """What changed hands in one way. Minor units."""

    amount: int
    method: str


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
    """Record `amount` minor units handed back of what was paid at the desk, or could not go back to a card. The caller
    locks the payments.

    :raises RefundTooLarge: less than that is there
    """
    paid = {payment: _in_the_till(payment) for payment in _taken_at_desk(appointment)}
    paid |= {payment: came_back(payment) for payment in _taken_online(appointment)}
    if method not in METHODS or amount <= 0:
        raise PaymentNotOffered
    if amount > sum(paid.values()):
        raise RefundTooLarge(left=sum(paid.values()))
    for payment, there in paid.items():
        if part := min(there, amount):
            amount -= part
            reference = f"desk {total(payment, Kind.REFUND) + part}"
            write_entry(
                payment=payment, kind=Kind.REFUND, amount=part, reference=reference, method=method, by=by, now=now
            )
            if payment.gateway == Payment.Gateway.DESK:  # online it was credited when that was decided
                write_entry(
                    payment=payment, kind=Kind.CREDIT, amount=part, reference=reference, method=method, by=by, now=now
                )


def _asked_at_desk(appointment: Appointment) -> list[Payment]:
    desk = appointment.payments.filter(gateway=Payment.Gateway.DESK, state=State.OPEN)
    return list(desk.order_by("created_at"))


def _taken_at_desk(appointment: Appointment) -> list[Payment]:
    desk = appointment.payments.filter(gateway=Payment.Gateway.DESK, state=State.CAPTURED)
    return list(desk.order_by("created_at"))


def came_back(payment: Payment) -> int:
    """What the bank could not give back to the card, less what was handed over at the desk instead."""
    handed_over = payment.entries.filter(kind=Kind.REFUND, method__in=METHODS).aggregate(sum=Sum("amount"))["sum"]
    return max(0, total(payment, Kind.REFUND_FAILED) - (handed_over or 0))


def _taken_online(appointment: Appointment) -> list[Payment]:
    online = appointment.payments.filter(gateway=Payment.Gateway.STRIPE, state=State.CAPTURED)
    return list(online.order_by("created_at"))


def _in_the_till(payment: Payment) -> int:
    return total(payment, Kind.DESK) - total(payment, Kind.REFUND)


def _received(payment: Payment, method: str, by: User, key: UUID, now: datetime) -> Payment:
    return note_received(payment, kind=Kind.DESK, reference=str(key), method=method, by=by, now=now)


def _new_payment(appointment: Appointment, amount: int, now: datetime) -> Payment:
    assert appointment.patient is not None
    purpose, gateway = Payment.Purpose.BALANCE, Payment.Gateway.DESK
    return ask_for(
        appointment, payer=appointment.patient, purpose=purpose, gateway=gateway, amount=amount, now=now
    )  # fmt: skip
