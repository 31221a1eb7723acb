"""Money at the desk, written down by the person who took it or gave it back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.payments.ledger import Balance, Kind, balance_of
from booking.payments.models import LedgerEntry
from booking.payments.services import record_desk_payment, record_desk_refund
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.locks import lock_appointment
from booking.services.states import record_change, require_clinic
from intake.models import User


def take_payment(
    *, appointment: Appointment, amount: int, method: str, request_key: UUID, by: User, now: datetime
) -> Balance:
    """Write down `amount` minor units paid in cash or at the terminal; the same `request_key` again counts once.

    :raises PaymentNotOffered: an unknown method, no amount, or a visit without a patient
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        known = LedgerEntry.objects.filter(kind=Kind.DESK, reference=str(request_key)).exists()
        if not known:
            record_desk_payment(
                appointment=visit, amount=amount, method=method, by=by, now=now, request_key=request_key
            )
            record_change(appointment=visit, action="paid-at-desk", by=by, amount=amount, method=method, now=now)
        return balance_of(visit)


def hand_back(
    *, appointment: Appointment, amount: int, method: str, refunded_before: int, by: User, now: datetime
) -> Balance:
    """Write down `amount` minor units handed back at the desk.

    `refunded_before` is what had been given back when the person looked, so that a second tap does nothing.

    :raises NotPossibleNow: something was given back in the meantime
    :raises RefundTooLarge, PaymentNotOffered: nothing changed
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if balance_of(visit).refunded != refunded_before:
            raise NotPossibleNow
        record_desk_refund(appointment=visit, amount=amount, method=method, by=by, now=now)
        correct_documents(appointment=visit, by=by, now=now)
        record_change(appointment=visit, action="handed-back-at-desk", by=by, amount=amount, method=method, now=now)
        return balance_of(visit)
