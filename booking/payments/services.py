"""Decisions about money, written down inside booking's transactions. Nothing here talks to Stripe.

A decision is one number: how much of a payment the clinic means to keep. `booking.services.checkout.settle` makes
Stripe agree with it afterwards. Whoever calls holds the appointment's lock; payments are locked here, after it, by
primary key.
"""

from datetime import datetime
from uuid import UUID

from booking.errors import RefundTooLarge
from booking.models import Appointment
from booking.payments.asking import ask_for
from booking.payments.desk_gateway import came_back, hand_back_at_desk, take_at_desk
from booking.payments.ledger import OWES_FEES_ONLY, Kind, fees_of_moves, in_dispute, total, write_entry
from booking.payments.models import LedgerEntry, Payment
from booking.payments.package_gateway import give_session_back
from booking.rules.packages import session_after
from intake.models import Patient, User

State = Payment.State
ASKED_BY_LINK = (Payment.Purpose.BALANCE, Payment.Purpose.FEE)
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
    return ask_for(appointment, payer=payer, purpose=purpose, gateway=gateway, amount=amount, now=now)


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
    hand back there shows as a balance below zero. A package's session is kept as a whole or goes back to it.
    """
    kept, keep = 0, keep + fees_of_moves(appointment)
    for payment in sorted(_all_locked(appointment), key=_certainty):
        share = min(_at_hand(payment), keep - kept)
        if _is_session(payment):
            if session_after(fee=share, worth=_at_hand(payment)) == "kept":
                kept += share
            else:
                give_session_back(payment=payment, visit=appointment, now=now)
            continue
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
    reference = fee_reference(appointment)
    charged = LedgerEntry.objects.filter(payment__appointment=appointment, kind=Kind.FEE, reference=reference).first()
    if charged is not None:
        return charged.payment
    covered = [payment for payment in payments if _covers(payment, amount)]
    payment = covered[-1] if covered else _fee_at_desk(appointment, amount, now)
    if payment is not None:
        write_entry(payment=payment, kind=Kind.FEE, amount=amount, reference=reference, method=cause, now=now)
    return payment


def fee_reference(appointment: Appointment) -> str:
    """What tells a visit's fees apart: the state it is in, and how often it was moved."""
    return f"fee {appointment.status} v{appointment.schedule_version}"


def record_desk_payment(
    *,
    appointment: Appointment,
    amount: int,
    method: str,
    by: User,
    now: datetime,
    request_key: UUID | None = None,
) -> Payment:
    """Write down `amount` minor units paid at the desk; twice with one `request_key` counts once."""
    _all_locked(appointment)
    return take_at_desk(appointment=appointment, amount=amount, method=method, by=by, now=now, request_key=request_key)


def record_desk_refund(*, appointment: Appointment, amount: int, method: str, by: User, now: datetime) -> None:
    """Write down `amount` minor units handed back at the desk.

    :raises RefundTooLarge: less than that was paid there
    """
    _all_locked(appointment)
    hand_back_at_desk(appointment=appointment, amount=amount, method=method, by=by, now=now)


def refund_online(*, appointment: Appointment, amount: int, now: datetime) -> None:
    """Decide to give back `amount` minor units of what was taken online, on the card that was used last first.

    :raises RefundTooLarge: less than that is left there
    """
    taken = [one for one in _all_locked(appointment) if one.gateway == Payment.Gateway.STRIPE and _is_taken(one)]
    left = sum(_at_hand(one) for one in taken)
    if not 0 < amount <= left:
        raise RefundTooLarge(left=left)
    for payment in sorted(taken, key=lambda one: one.created_at, reverse=True):
        part = min(amount, _at_hand(payment))
        if part:
            want_refund(payment=payment, amount=part, now=now)
            amount -= part


def ask_online_at_most(*, appointment: Appointment, due: int, now: datetime) -> None:
    """End what is asked online and is more than `due` minor units by now; what was authorised for it is released."""
    # What is authorised counts as paid for a visit to come only.
    uncounted = {State.OPEN, State.AUTHORISED} if appointment.status in OWES_FEES_ONLY else {State.OPEN}
    asked = [one for one in _all_locked(appointment) if one.gateway == Payment.Gateway.STRIPE]
    for payment in asked:
        if payment.state in uncounted and payment.purpose in ASKED_BY_LINK and payment.amount > due:
            # What is taken from a kept card may have been taken by now: what is too much of it goes back.
            keep(payment=payment, amount=due if payment.card_id else 0, now=now)


def at_hand(appointment: Appointment, *gateways: Payment.Gateway) -> int:
    """What the clinic has of the patient's money for a visit, after all that was decided to give back; of these
    gateways, or of the desk and online. What the bank could not give back lies at the desk.
    """
    of = gateways or (Payment.Gateway.DESK, Payment.Gateway.STRIPE)
    taken = Payment.objects.filter(appointment=appointment, state=State.CAPTURED)
    left = sum(_at_hand(payment) for payment in taken.filter(gateway__in=of))
    if Payment.Gateway.DESK in of:
        left += sum(came_back(payment) for payment in taken.filter(gateway=Payment.Gateway.STRIPE))
    return left


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
    charged = payment.commands.filter(operation="charge")  # refused by the bank, it stands there still
    return bool(payment.session_id) or asked.exists() or charged.exists()


def _is_taken(payment: Payment) -> bool:
    return payment.state == State.CAPTURED


def _locked(payment: Payment) -> Payment:
    return Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)


def _all_locked(appointment: Appointment) -> list[Payment]:
    """The patient's payments; what a payer has paid is neither kept for a fee nor given back."""
    found = Payment.objects.select_for_update(no_key=True).filter(appointment=appointment)
    return list(found.exclude(gateway=Payment.Gateway.PAYER).order_by("pk"))


def _certainty(payment: Payment) -> tuple[bool, int]:
    """Cash before cards, taken before authorised."""
    return payment.gateway == Payment.Gateway.STRIPE, CERTAINTY.index(State(payment.state))


def _is_session(payment: Payment) -> bool:
    """Whether a package's session pays here, and was not given back."""
    return payment.gateway == Payment.Gateway.PACKAGE and bool(payment.keep_amount)


def _covers(payment: Payment, fee: int) -> bool:
    if _is_session(payment):
        return session_after(fee=fee, worth=_at_hand(payment)) == "kept"
    return _at_hand(payment) >= fee


def _at_hand(payment: Payment) -> int:
    """How much of a payment the clinic has or can take now, after what it has decided to give back."""
    if payment.state == State.CAPTURED and payment.gateway == Payment.Gateway.DESK:
        return total(payment, Kind.DESK) - total(payment, Kind.REFUND)
    if payment.state in (State.CAPTURED, State.AUTHORISED):
        kept = payment.amount if payment.keep_amount is None else payment.keep_amount
        return max(kept - in_dispute(payment), 0)
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
