"""Paying online: opening Stripe's page, what happens when nobody pays, and the sweeps that finish what was decided."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from booking.errors import HoldExpired, NotPossibleNow, PaymentNotOffered, StripeUnavailable
from booking.models import Appointment, KeptCard, Package
from booking.payments.commands import next_command
from booking.payments.models import GatewayCommand, Payment
from booking.payments.services import keep, request_payment
from booking.reminders.switch import senders_released
from booking.rules.policy import CHECKOUT
from booking.selectors.terms import may_pay_at_desk
from booking.services.batches import work_off
from booking.services.card_settlement import card_page_for
from booking.services.cards import go_on_without_card
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.payments_in import is_waiting_for_payment, payment_authorised, release_unpaid
from booking.services.reconcile import reconcile, reconcile_nightly
from booking.services.settlement import converge, settle
from booking.services.states import SYSTEM, acts_for_clinic, record_change
from booking.services.stripe_events import handle_events
from booking.services.stripe_pages import forget_stale_opening, open_page, page_basics
from booking.services.subjects import Subject, lock_subject
from intake.models import User

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
RETRY_AFTER: Final = timedelta(seconds=60)
BATCH: Final = 50
DESCRIPTIONS: Final = {  # neutral: nothing about health goes to Stripe
    Payment.Purpose.DEPOSIT: "Appointment deposit",
    Payment.Purpose.BALANCE: "Appointment",
    Payment.Purpose.FEE: "Appointment fee",
    Payment.Purpose.PACKAGE: "Prepaid appointments",
}
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
    addresses = {"success_url": success_url, "cancel_url": cancel_url}
    return open_page(
        subject=payment,
        look=lambda: settle(payment=payment, now=now),
        prepare=lambda: _page_or_command(payment, addresses, now),
        now=now,
    )


def checkout_for(*, appointment: Appointment, now: datetime) -> str:
    """The address where this appointment's deposit is paid, or its card left; the way back leads to our own pages.

    :raises NotPossibleNow: nothing waits to be paid online
    :raises StripeUnavailable, HoldExpired, PaymentNotOffered: as `open_checkout`
    """
    payment = _open_deposit(appointment)
    if payment is None:
        return card_page_for(appointment=appointment, now=now)
    return open_checkout(
        payment=payment,
        success_url=f"{settings.SITE_URL}/book/paid/{appointment.pk}/",
        cancel_url=f"{settings.SITE_URL}/book/unpaid/{appointment.pk}/",
        now=now,
    )


def switch_to_desk(*, appointment: Appointment, by: User | None = None, now: datetime) -> Appointment:
    """Pay at the clinic instead of online; works while Stripe is down too. A payment made meanwhile wins.

    :raises PaymentNotOffered: this clinic takes no payment at the desk, or (but by staff) it was agreed to pay first
    :raises NotPossibleNow: nothing waits to be paid online
    """
    if not may_pay_at_desk(appointment) and not (acts_for_clinic(by) and appointment.location.pay_at_desk):
        raise PaymentNotOffered
    payment = _open_deposit(appointment)
    if payment is None:
        return go_on_without_card(appointment=appointment, now=now)
    try:
        converge(payment=payment, ends=lambda _: True, on_lapse=_at_desk_instead, now=now)
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
        Q(appointment__status=Status.PENDING, appointment__awaiting=Appointment.Awaiting.PAYMENT)
        | Q(package__state=Package.State.WAITING),
        gateway=Payment.Gateway.STRIPE,
        state=Payment.State.OPEN,
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
            subject = lock_subject(payment)
            current = Payment.objects.get(pk=payment.pk)
            if current.state == Payment.State.OPEN and checkout_until(current) + GRACE <= now:
                subject.lapsed(current, now=now)


def _forsaken(now: datetime) -> QuerySet[Appointment]:
    """Times that wait for a payment which nobody asks for any more."""
    asked = Payment.objects.filter(
        appointment=OuterRef("pk"),
        gateway=Payment.Gateway.STRIPE,
        state__in=[Payment.State.OPEN, Payment.State.AUTHORISED],
    )
    card = KeptCard.objects.filter(appointment=OuterRef("pk"), state=KeptCard.State.ASKED, payments=None)
    waiting = Appointment.objects.filter(
        ~Exists(asked),
        ~Exists(card),  # `sweep_cards` looks after those
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


def _page_or_command(payment: Payment, addresses: dict[str, str], now: datetime) -> str | GatewayCommand:
    subject = lock_subject(payment)
    current = Payment.objects.get(pk=payment.pk)
    _require_payable(current, subject, now)
    if current.session_url:
        return current.session_url
    subject.page_opens(now=now)
    forget_stale_opening(current, now)
    order = page_basics(payer=current.payer, addresses=addresses, now=now) | {
        "payment": str(current.pk),
        "amount": current.amount,
        "currency": current.currency,
        "description": DESCRIPTIONS[Payment.Purpose(current.purpose)],
    }
    if current.card_id is not None:
        order["card"] = str(current.card_id)  # it is left there with the payment
    command = next_command(
        payment=current, operation="open_session", amount=current.amount, parameters=order, rest=timedelta(), now=now
    )
    if command is None:
        raise NotPossibleNow
    return command


def _require_payable(payment: Payment, subject: Subject, now: datetime) -> None:
    subject.require_payable(payment)
    if payment.gateway != Payment.Gateway.STRIPE or payment.state != Payment.State.OPEN or payment.keep_amount == 0:
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


def _at_desk_instead(_subject: Subject, payment: Payment, now: datetime) -> None:
    assert payment.appointment is not None
    _continue_at_desk(lock_appointment(payment.appointment), payment, now)


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
