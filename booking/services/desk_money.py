"""Money at the desk, written down by the person who took it or gave it back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from booking.errors import MoreThanDue, NotPossibleNow, PaymentNotOffered, ReasonNeeded, RefundAboveLimit
from booking.models import Appointment
from booking.payments.desk_gateway import Part
from booking.payments.ledger import OWES_FEES_ONLY, Balance, Kind, balance_of
from booking.payments.models import LedgerEntry
from booking.payments.services import (
    ask_online_at_most,
    at_hand,
    record_desk_payment,
    record_desk_refund,
    refund_online,
)
from booking.rules.refunds import comes_off_the_price, may_give_back
from booking.selectors.refunds import given_back_before
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.fee_cases import look_at_fees
from booking.services.locks import lock_appointment
from booking.services.states import record_change, require_clinic
from intake.access import manages, works_at_desk
from intake.errors import NotAllowed
from intake.models import User

ONLINE = "online"  # back to the card that was used


def take_payment(
    *, appointment: Appointment, parts: Sequence[Part], request_key: UUID, by: User, now: datetime
) -> Balance:
    """Write down what was paid at the desk, in one way or in several; the same `request_key` again counts once.

    What is asked online and is no longer due is ended. All of the parts are written, or none.

    :raises MoreThanDue: together they are more than is left to pay
    :raises NotPossibleNow: the deposit is being paid online at this moment
    :raises PaymentNotOffered: an unknown method, no amount, or a visit without a patient
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if not LedgerEntry.objects.filter(kind=Kind.DESK, reference=str(request_key)).exists():
            _require_takeable(visit, parts)
            for number, part in enumerate(parts):
                _take(visit, part, request_key if number == 0 else uuid5(request_key, str(number)), by, now)
            ask_online_at_most(appointment=visit, due=max(0, balance_of(visit).due), now=now)
            look_at_fees(visit, now=now)
        return balance_of(visit)


def give_back(
    *, appointment: Appointment, amount: int, method: str, had: int, reason: str = "", by: User, now: datetime
) -> Balance:
    """Give back `amount` minor units at the desk, or on the card that was used online (`method` "online").

    `had` is what the clinic had of the patient's money when the person looked, so that a second tap does nothing. What
    is not owed to the patient comes off the price, with a `reason`, or they would owe it again; what was typed in by
    mistake does not.

    :raises NotPossibleNow: something was taken or given back in the meantime
    :raises RefundAboveLimit: reception, and more than the clinic lets them
    :raises ReasonNeeded: more than is owed to the patient; for a fee: it is waived first
    :raises RefundTooLarge, PaymentNotOffered: nothing changed
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if at_hand(visit) != had:
            raise NotPossibleNow
        if amount <= 0:
            raise PaymentNotOffered
        _require_allowed(visit, amount, by)
        let_off = comes_off_the_price(amount=amount, at_hand=had, owed=balance_of(visit).owed, reason=reason)
        if method == ONLINE:
            refund_online(appointment=visit, amount=amount, now=now)
        else:
            record_desk_refund(appointment=visit, amount=amount, method=method, by=by, now=now)
        _lower_price(visit, let_off, reason, by, now)
        if method != ONLINE:  # what goes back to a card is on its way: its papers follow when it has arrived
            correct_documents(appointment=visit, by=by, now=now)
        record_change(
            appointment=visit, action="given-back", by=by, reason=reason, amount=amount, method=method, now=now
        )
        return balance_of(visit)


def _require_takeable(visit: Appointment, parts: Sequence[Part]) -> None:
    if visit.awaiting == Appointment.Awaiting.PAYMENT:
        raise NotPossibleNow
    if not parts or any(part.amount <= 0 for part in parts):
        raise PaymentNotOffered
    due = balance_of(visit).due
    if sum(part.amount for part in parts) > due:
        raise MoreThanDue(due=max(0, due))


def _take(visit: Appointment, part: Part, key: UUID, by: User, now: datetime) -> None:
    record_desk_payment(appointment=visit, amount=part.amount, method=part.method, by=by, now=now, request_key=key)
    record_change(appointment=visit, action="paid-at-desk", by=by, amount=part.amount, method=part.method, now=now)


def _require_allowed(visit: Appointment, amount: int, by: User) -> None:
    limit = visit.location.refund_limit_amount
    if not may_give_back(
        amount=amount, given_before=given_back_before(visit), limit=limit, is_manager=bool(manages(by))
    ):
        raise RefundAboveLimit(limit=limit)


def _lower_price(visit: Appointment, let_off: int, reason: str, by: User, now: datetime) -> None:
    if not let_off:
        return
    if not reason or visit.status in OWES_FEES_ONLY:
        raise ReasonNeeded
    visit.price_amount -= let_off
    visit.save(update_fields=["price_amount"])
    record_change(appointment=visit, action="price-lowered", by=by, reason=reason, amount=let_off, now=now)
