"""Paying online: opening Stripe's page, what happens when nobody pays, and the sweeps that finish what was decided."""

import logging
import time
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from booking.errors import HoldExpired, NotPossibleNow, PaymentNotOffered, StripeUnavailable
from booking.models import Appointment
from booking.payments.commands import ask, next_command
from booking.payments.findings import report
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import keep, request_payment
from booking.payments.stripe_gateway import connect
from booking.reminders.switch import senders_released
from booking.rules.policy import CHECKOUT
from booking.services.appointments import payment_authorised
from booking.services.batches import work_off
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.reconcile import reconcile, reconcile_nightly
from booking.services.settlement import converge, is_waiting_for_payment, release_unpaid, settle
from booking.services.states import SYSTEM, move_on, record_change
from booking.services.stripe_events import handle_events

__all__ = [
    "carry_out_wanted",
    "checkout_for",
    "handle_events",
    "open_checkout",
    "reconcile",
    "reconcile_nightly",
    "settle",
    "sweep_checkouts",
    "switch_to_desk",
]

GRACE: Final = timedelta(minutes=5)  # after that the time is released although Stripe gave no answer
SESSION_ENDS: Final = timedelta(minutes=31)  # Stripe's own end, a backstop; 30 is its minimum
SAME_REQUEST: Final = timedelta(seconds=45)  # later the stored end would be too near for Stripe
ROUNDS: Final = 8
PAUSE_SECONDS: Final = 0.5
RETRY_AFTER: Final = timedelta(seconds=60)
BATCH: Final = 50
DESCRIPTION: Final = "Appointment deposit"  # neutral: nothing about health goes to Stripe
Status = Appointment.Status
Outcome = GatewayCommand.Outcome
log = logging.getLogger(__name__)


def open_checkout(*, payment: Payment, success_url: str, cancel_url: str, now: datetime) -> str:
    """The address of Stripe's page where this payment is made; the same page for as long as it is open.

    The time is kept until 15 minutes after the page was first opened. The addresses go to Stripe: no token in them.

    :raises StripeUnavailable: no answer; the time is kept, try again or pay at the desk
    :raises HoldExpired: the time was let go
    :raises NotPossibleNow: it is paid, or nothing is to be paid any more
    :raises PaymentNotOffered: there is no online payment here, or Stripe refuses the sum
    """
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    if not settings.STRIPE_SECRET_KEY:
        raise PaymentNotOffered
    if not senders_released():
        raise StripeUnavailable
    failures = 0
    for _ in range(ROUNDS):
        if _must_look_first(payment, now):
            settle(payment=payment, now=now)
        addresses = {"success_url": success_url, "cancel_url": cancel_url}
        with named_constraints(), transaction.atomic(durable=True):
            found = _page_or_command(payment, addresses, now)
        if isinstance(found, str):
            return found
        command = ask(command=found, gateway=connect(), now=now)
        if command.outcome == Outcome.REFUSED:
            key, said = command.idempotency_key, command.problem
            report(kind=Finding.Kind.REFUSED, object_id=key, payment=payment, said=said, now=now)
            raise PaymentNotOffered
        failures += command.outcome == Outcome.UNKNOWN and not command.busy
        if failures > 1 or (failures and not command.kept_failure):
            break
        if command.busy:  # the other tab is asking: its page will be ours
            time.sleep(PAUSE_SECONDS)
    raise StripeUnavailable


def checkout_for(*, appointment: Appointment, now: datetime) -> str:
    """The address where this appointment's deposit is paid; the way back leads to our own pages.

    :raises NotPossibleNow: nothing waits to be paid online
    :raises StripeUnavailable, HoldExpired, PaymentNotOffered: as `open_checkout`
    """
    payment = _open_deposit(appointment)
    if payment is None:
        raise NotPossibleNow
    return open_checkout(
        payment=payment,
        success_url=f"{settings.SITE_URL}/book/paid/{appointment.pk}/",
        cancel_url=f"{settings.SITE_URL}/book/unpaid/{appointment.pk}/",
        now=now,
    )


def switch_to_desk(*, appointment: Appointment, now: datetime) -> Appointment:
    """Pay at the clinic instead of online; works while Stripe is down too. A payment made meanwhile wins.

    :raises PaymentNotOffered: this clinic takes no payment at the desk
    :raises NotPossibleNow: nothing waits to be paid online
    """
    if not appointment.location.pay_at_desk:
        raise PaymentNotOffered
    payment = _open_deposit(appointment)
    if payment is None:
        raise NotPossibleNow
    try:
        converge(payment=payment, ends=lambda _: True, on_lapse=_continue_at_desk, now=now)
    except StripeUnavailable:
        log.warning("Stripe gave no answer while payment %s moved to the desk", payment.pk)
    with named_constraints(), transaction.atomic(durable=True):
        locked = lock_appointment(appointment)
        open_one = _open_deposit(locked)
        if open_one is not None and is_waiting_for_payment(locked):
            # Its page may still be open at Stripe: it is ended by the sweep, and what is paid there is released.
            keep(payment=open_one, amount=0, now=now)
            _continue_at_desk(locked, open_one, now)
    appointment.refresh_from_db()
    return appointment


def sweep_checkouts(*, now: datetime) -> int:
    """Let times go that were not paid for in 15 minutes; without an answer of Stripe's, in 20. How many were due."""
    waiting = Payment.objects.filter(
        Q(session_created_at__lte=now - CHECKOUT) | Q(session_created_at=None, created_at__lte=now - CHECKOUT),
        gateway=Payment.Gateway.STRIPE,
        state=Payment.State.OPEN,
        appointment__status=Status.PENDING,
        appointment__awaiting=Appointment.Awaiting.PAYMENT,
    )
    done = work_off(waiting.order_by("created_at")[:BATCH], lambda payment: _end_checkout(payment, now))
    return done + work_off(_forsaken(now), lambda appointment: _release(appointment, now))


def carry_out_wanted(*, now: datetime) -> int:
    """Do at Stripe what was decided and isn't done: captures, releases, refunds. How many were looked at."""
    if not senders_released():
        return 0
    wanted = Payment.objects.filter(
        Q(checked_at=None) | Q(checked_at__lte=now - RETRY_AFTER),
        gateway=Payment.Gateway.STRIPE,
        settled_at=None,
        keep_amount__isnull=False,
    )
    oldest_first = wanted.order_by(F("checked_at").asc(nulls_first=True))
    return work_off(oldest_first[:BATCH], lambda payment: settle(payment=payment, now=now))


def checkout_until(payment: Payment) -> datetime:
    """Until when the time is kept for this payment to be made."""
    return (payment.session_created_at or payment.created_at) + CHECKOUT


def _end_checkout(payment: Payment, now: datetime) -> None:
    try:
        converge(payment=payment, ends=lambda current: checkout_until(current) <= now, now=now)
    finally:
        with named_constraints(), transaction.atomic(durable=True):
            appointment = lock_appointment(payment.appointment)
            current = Payment.objects.get(pk=payment.pk)
            if current.state == Payment.State.OPEN and checkout_until(current) + GRACE <= now:
                release_unpaid(appointment, current, now)


def _forsaken(now: datetime) -> QuerySet[Appointment]:
    """Times that wait for a payment which nobody asks for any more."""
    asked = Payment.objects.filter(
        appointment=OuterRef("pk"),
        gateway=Payment.Gateway.STRIPE,
        state__in=[Payment.State.OPEN, Payment.State.AUTHORISED],
    )
    waiting = Appointment.objects.filter(
        ~Exists(asked),
        status=Status.PENDING,
        awaiting=Appointment.Awaiting.PAYMENT,
        confirmed_at__lte=now - CHECKOUT - GRACE,
    )
    return waiting.order_by("pk")[:BATCH]


def _release(appointment: Appointment, now: datetime) -> None:
    with named_constraints(), transaction.atomic(durable=True):
        locked = lock_appointment(appointment)
        if _open_deposit(locked) is None:
            release_unpaid(locked, None, now)


def _must_look_first(payment: Payment, now: datetime) -> bool:
    """Whether an earlier opening has an answer that we don't know and that repeating would not give."""
    last = payment.commands.filter(operation="open_session").order_by("attempt").last()
    if last is None or last.outcome != Outcome.UNKNOWN:
        return False
    return last.kept_failure or last.first_asked_at + SAME_REQUEST <= now


def _page_or_command(payment: Payment, addresses: dict[str, str], now: datetime) -> str | GatewayCommand:
    appointment = lock_appointment(payment.appointment)
    current = Payment.objects.get(pk=payment.pk)
    _require_payable(current, appointment, now)
    if current.session_url:
        return current.session_url
    if appointment.status == Status.PROPOSED:
        move_on(appointment, Status.PENDING, awaiting=Appointment.Awaiting.PAYMENT)
        appointment.save()
        record_change(appointment=appointment, action="payment-waiting", now=now)
    last = current.commands.filter(operation="open_session").order_by("attempt").last()
    if last is not None and last.outcome == Outcome.UNKNOWN and _must_look_first(current, now):
        # Looked at Stripe just now and nothing is there: the old key would repeat its failure or its stale end.
        GatewayCommand.objects.filter(pk=last.pk).update(kept_failure=True)
    order = addresses | {
        "payment": str(current.pk),
        "amount": current.amount,
        "currency": current.currency,
        "description": DESCRIPTION,
        "locale": current.payer.language if current.payer.language in dict(settings.LANGUAGES) else "auto",
        "expires_at": int((now + SESSION_ENDS).timestamp()),
    }
    command = next_command(
        payment=current, operation="open_session", amount=current.amount, parameters=order, rest=timedelta(), now=now
    )
    if command is None:
        raise NotPossibleNow
    return command


def _require_payable(payment: Payment, appointment: Appointment, now: datetime) -> None:
    if appointment.status == Status.CANCELLED:
        raise HoldExpired
    if payment.gateway != Payment.Gateway.STRIPE or payment.state != Payment.State.OPEN or payment.keep_amount == 0:
        raise NotPossibleNow
    held = appointment.status == Status.PROPOSED and appointment.patient_id is not None
    if payment.purpose == Payment.Purpose.DEPOSIT and not (held or is_waiting_for_payment(appointment)):
        raise NotPossibleNow
    if checkout_until(payment) <= now:
        raise HoldExpired


def _open_deposit(appointment: Appointment) -> Payment | None:
    return Payment.objects.filter(
        appointment=appointment,
        gateway=Payment.Gateway.STRIPE,
        purpose=Payment.Purpose.DEPOSIT,
        state=Payment.State.OPEN,
    ).first()


def _continue_at_desk(appointment: Appointment, payment: Payment, now: datetime) -> None:
    """Ask for the same sum at the desk and let the booking go on."""
    if not is_waiting_for_payment(appointment):
        return
    appointment.payment_choice = Payment.Gateway.DESK
    appointment.save()
    desk = request_payment(
        appointment=appointment,
        payer=payment.payer,
        purpose=payment.purpose,
        gateway=Payment.Gateway.DESK,
        amount=payment.amount,
        now=now,
    )
    assert desk is not None
    record_change(appointment=appointment, action="payment-at-desk", role=SYSTEM, now=now)
    payment_authorised(appointment=appointment, payment=desk, now=now)
