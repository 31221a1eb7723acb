"""Decisions about money, written down inside booking's transactions. Nothing here talks to Stripe.

A decision is one number: how much of a payment the clinic means to keep. `booking.services.checkout.settle` makes
Stripe agree with it afterwards. Whoever calls holds the appointment's lock; payments are locked here, after it, by
primary key.
"""

from datetime import datetime
from uuid import UUID

from booking.errors import RefundTooLarge
from booking.models import Appointment
from booking.payments.desk_gateway import hand_back_at_desk, take_at_desk
from booking.payments.ledger import Kind, fees_of_moves, total, write_entry
from booking.payments.models import LedgerEntry, Payment
from intake.models import Patient, User

State = Payment.State
CERTAINTY = (State.CAPTURED, State.AUTHORISED, State.OPEN, State.VOIDED, State.LAPSED)


def request_payment(
    *,
    appointment: Appointment,
    payer: Patient,
    purpose: Payment.Purpose | str,
    gateway: Payment.Gateway | str,
    amount: int,
    now: datetime,
) -> Payment | None:
    """Ask for `amount` minor units in the appointment's currency; the one already asked for if it is still open."""
    if amount <= 0:
        return None
    asked = Payment.objects.select_for_update(no_key=True).filter(
        appointment=appointment, purpose=purpose, gateway=gateway, state__in=[State.OPEN, State.AUTHORISED]
    )
    if open_payment := asked.first():
        return open_payment
    payment = Payment.objects.create(
        appointment=appointment,
        payer=payer,
        purpose=purpose,
        gateway=gateway,
        amount=amount,
        currency=appointment.currency,
        created_at=now,
    )
    write_entry(payment=payment, kind=Kind.CHARGE, amount=amount, reference="asked", now=now)
    return payment


def want_capture(*, payment: Payment, now: datetime) -> Payment:
    """Take what is authorised, as soon as Stripe can be asked. Does nothing if that is decided already."""
    locked = _locked(payment)
    return locked if locked.keep_amount is not None else keep(payment=locked, amount=locked.amount, now=now)


def want_void(*, payment: Payment, now: datetime) -> Payment:
    """Keep nothing: an open checkout is ended, an authorisation released, what was taken is given back."""
    return keep(payment=_locked(payment), amount=0, now=now)


def lapse_payment(*, payment: Payment, now: datetime) -> Payment:
    """Ask no longer. A checkout that may be open at Stripe is ended there first."""
    return want_void(payment=payment, now=now)


def want_refund(*, payment: Payment, amount: int, now: datetime) -> Payment:
    """Give back `amount` minor units of what was taken, or is decided to be.

    :raises RefundTooLarge: less than that is left
    """
    locked = _locked(payment)
    left = 0 if locked.state in (State.OPEN, State.LAPSED, State.VOIDED) else locked.keep_amount or 0
    if not 0 < amount <= left:
        raise RefundTooLarge(left=left)
    return keep(payment=locked, amount=left - amount, now=now)


def release_payments(*, appointment: Appointment, keep: int, now: datetime) -> int:
    """Give back or release everything above `keep` minor units, when a visit does not take place; what is kept.

    What the patient's own late moves cost is kept beside. Money in the desk's till counts first; what a person must
    hand back there shows as a balance below zero.
    """
    kept, keep = 0, keep + fees_of_moves(appointment)
    for payment in sorted(_all_locked(appointment), key=_certainty):
        share = min(_at_hand(payment), keep - kept)
        _lower(payment, share, now)
        kept += share
    return kept


def charge_fee(*, appointment: Appointment, amount: int, now: datetime) -> Payment | None:
    """Owe a fee of `amount` minor units: on the deposit if it covers it, else at the desk.

    Once for each state and version of the visit: for moving it (again), for cancelling, for not coming.
    """
    if amount <= 0:
        return None
    payments = _all_locked(appointment)
    cause = str(appointment.status)
    reference = f"fee {cause} v{appointment.schedule_version}"
    charged = LedgerEntry.objects.filter(payment__appointment=appointment, kind=Kind.FEE, reference=reference).first()
    if charged is not None:
        return charged.payment
    covered = [payment for payment in payments if _at_hand(payment) >= amount]
    payment = covered[-1] if covered else _fee_at_desk(appointment, amount, now)
    if payment is not None:
        write_entry(payment=payment, kind=Kind.FEE, amount=amount, reference=reference, method=cause, now=now)
    return payment


def record_desk_payment(
    *,
    appointment: Appointment,
    amount: int,
    method: str,
    by: User,
    now: datetime,
    request_key: UUID | None = None,
) -> Payment:
    """Write down `amount` minor units paid in cash or at the terminal; twice with one `request_key` counts once."""
    _all_locked(appointment)
    return take_at_desk(appointment=appointment, amount=amount, method=method, by=by, now=now, request_key=request_key)


def record_desk_refund(*, appointment: Appointment, amount: int, method: str, by: User, now: datetime) -> None:
    """Write down `amount` minor units handed back at the desk.

    :raises RefundTooLarge: less than that was paid there
    """
    _all_locked(appointment)
    hand_back_at_desk(appointment=appointment, amount=amount, method=method, by=by, now=now)


def keep(*, payment: Payment, amount: int, now: datetime) -> Payment:
    """Decide to keep `amount` minor units of a locked payment. A decision is only ever lowered."""
    _lower(payment, amount, now)
    return payment


def _lower(payment: Payment, amount: int, now: datetime) -> None:
    before = payment.amount if payment.keep_amount is None else payment.keep_amount
    if amount > before or amount == payment.keep_amount or _waits_in_the_till(payment):
        return
    payment.revision += 1
    payment.keep_amount = amount
    payment.checked_at = None
    if payment.state not in (State.VOIDED, State.LAPSED):
        payment.settled_at = None
    if before > amount:
        write_entry(payment=payment, kind=Kind.CREDIT, amount=before - amount, reference=f"keep {amount}", now=now)
    if payment.state == State.OPEN and amount == 0 and not _may_be_open_at_stripe(payment):
        payment.state = State.LAPSED
        payment.settled_at = now
    payment.save()


def _waits_in_the_till(payment: Payment) -> bool:
    """Cash goes back when a person hands it back, and is written down then."""
    return payment.gateway == Payment.Gateway.DESK and payment.state == State.CAPTURED


def _may_be_open_at_stripe(payment: Payment) -> bool:
    asked = payment.commands.filter(operation="open_session").exclude(outcome="refused")
    return bool(payment.session_id) or asked.exists()


def _locked(payment: Payment) -> Payment:
    return Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)


def _all_locked(appointment: Appointment) -> list[Payment]:
    """The patient's payments; what a payer has paid is neither kept for a fee nor given back."""
    found = Payment.objects.select_for_update(no_key=True).filter(appointment=appointment)
    return list(found.exclude(gateway=Payment.Gateway.PAYER).order_by("pk"))


def _certainty(payment: Payment) -> tuple[bool, int]:
    """Cash before cards, taken before authorised."""
    return payment.gateway == Payment.Gateway.STRIPE, CERTAINTY.index(State(payment.state))


def _at_hand(payment: Payment) -> int:
    """How much of a payment the clinic has or can take now, after what it has decided to give back."""
    if payment.state == State.CAPTURED and payment.gateway == Payment.Gateway.DESK:
        return total(payment, Kind.DESK) - total(payment, Kind.REFUND)
    if payment.state in (State.CAPTURED, State.AUTHORISED):
        return payment.amount if payment.keep_amount is None else payment.keep_amount
    return 0


def _fee_at_desk(appointment: Appointment, amount: int, now: datetime) -> Payment | None:
    if appointment.patient is None:
        return None
    return request_payment(
        appointment=appointment,
        payer=appointment.patient,
        purpose=Payment.Purpose.FEE,
        gateway=Payment.Gateway.DESK,
        amount=amount,
        now=now,
    )
