"""Paying by the link of a mail: what is due then, the way to Stripe's page, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from booking.errors import NothingDue, NotPossibleNow, PrepaymentForbidden
from booking.models import Appointment, PayLink
from booking.payments.ledger import OWES_FEES_ONLY, balance_of
from booking.payments.models import Payment
from booking.payments.services import ASKED_BY_LINK, request_payment
from booking.selectors.pay_links import is_in_advance
from booking.selectors.terms import may_prepay
from booking.services.checkout import checkout_until, open_checkout
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.settlement import converge, settle

State = Payment.State
Standing = Literal["open", "paid", "over"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks for now. "open": `due` minor units; "paid": nothing is left to pay; "over": it ended."""

    standing: Standing
    due: int
    is_fee: bool


def asked_by(link: PayLink, *, now: datetime) -> Asked:
    """How a link stands now, and what is to be paid by it."""
    visit = link.appointment
    is_fee, due = visit.status in OWES_FEES_ONLY, balance_of(visit).due
    if due <= 0:
        return Asked("paid", 0, is_fee)
    forbidden = is_in_advance(visit) and not may_prepay(visit.location)
    pays_its_deposit = visit.awaiting == Appointment.Awaiting.PAYMENT
    is_over = link.ended_at is not None or link.expires_at <= now or forbidden or pays_its_deposit
    return Asked("over" if is_over else "open", due, is_fee)


def page_to_pay(*, link: PayLink, now: datetime) -> str:
    """The address of Stripe's page where what is due is paid; the same page in a second tab.

    :raises NothingDue: it is paid by now
    :raises NotPossibleNow: the link has ended, or the sum is being paid in another way at this moment
    :raises StripeUnavailable: no clear answer; try again
    """
    for payment in _asked_online(link.appointment).filter(state=State.OPEN):
        due = balance_of(link.appointment).due
        converge(payment=payment, ends=_is_stale(due, now), now=now)
    with named_constraints(), transaction.atomic(durable=True):
        payment = _payment_of(link, now)
    address = f"{settings.SITE_URL}/pay/"
    return open_checkout(payment=payment, success_url=f"{address}paid/", cancel_url=address, now=now)


def look_after(*, link: PayLink, now: datetime) -> Payment | None:
    """Back from Stripe's page: the latest payment as it stands now; None if there was none.

    :raises StripeUnavailable: no clear answer; the sweeps go on
    """
    latest = _asked_online(link.appointment).order_by("created_at").last()
    return settle(payment=latest, now=now) if latest else None


def _payment_of(link: PayLink, now: datetime) -> Payment:
    visit = lock_appointment(link.appointment)
    current = PayLink.objects.get(pk=link.pk)
    current.appointment = visit
    asked = asked_by(current, now=now)
    if asked.standing == "paid":
        raise NothingDue
    if is_in_advance(visit) and not may_prepay(visit.location):
        raise PrepaymentForbidden
    if asked.standing == "over" or visit.patient is None:
        raise NotPossibleNow
    payment = request_payment(
        appointment=visit,
        payer=visit.patient,
        purpose=Payment.Purpose.FEE if asked.is_fee else Payment.Purpose.BALANCE,
        gateway=Payment.Gateway.STRIPE,
        amount=asked.due,
        now=now,
    )
    if payment is None or payment.amount != asked.due or payment.fee_case_id is not None:
        raise NotPossibleNow
    return payment


def _asked_online(visit: Appointment) -> QuerySet[Payment]:
    """What was asked by this visit's links; what is taken from a kept card is another matter."""
    return Payment.objects.filter(
        appointment=visit, gateway=Payment.Gateway.STRIPE, purpose__in=ASKED_BY_LINK, fee_case=None
    )


def _is_stale(due: int, now: datetime) -> Callable[[Payment], bool]:
    """Another sum than is due by now, or a page that Stripe is about to end."""
    return lambda payment: payment.amount != due or checkout_until(payment) <= now
