"""Opening a page of Stripe's: the same page for as long as it is open, however often it is asked for, and by whom."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from booking.errors import PaymentNotOffered, StripeUnavailable
from booking.models import KeptCard
from booking.payments.commands import ask
from booking.payments.findings import report
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.stripe_gateway import connect
from booking.reminders.switch import senders_released
from booking.services.constraints import named_constraints
from intake.models import Patient

SESSION_ENDS: Final = timedelta(minutes=31)  # Stripe's own end, a backstop; 30 is its minimum
SAME_REQUEST: Final = timedelta(seconds=45)  # later the stored end would be too near for Stripe
ROUNDS: Final = 8
PAUSE_SECONDS: Final = 0.5
Outcome = GatewayCommand.Outcome


def open_page(
    *,
    subject: Payment | KeptCard,
    look: Callable[[], object],
    prepare: Callable[[], str | GatewayCommand],
    now: datetime,
) -> str:
    """The page's address.

    :param look: asks Stripe whether it was opened before, without our knowing
    :param prepare: in a transaction: the address, or the command that opens the page
    :raises StripeUnavailable: no clear answer
    :raises PaymentNotOffered: nothing is paid online here, or Stripe refuses
    """
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    if not settings.STRIPE_SECRET_KEY:
        raise PaymentNotOffered
    if not senders_released():
        raise StripeUnavailable
    failures = 0
    for _ in range(ROUNDS):
        if must_look_first(subject, now):
            look()
        with named_constraints(), transaction.atomic(durable=True):
            found = prepare()
        if isinstance(found, str):
            return found
        command = ask(command=found, gateway=connect(), now=now)
        if command.outcome == Outcome.REFUSED:
            payment = subject if isinstance(subject, Payment) else None
            key, said = command.idempotency_key, command.problem
            report(kind=Finding.Kind.REFUSED, object_id=key, payment=payment, said=said, now=now)
            raise PaymentNotOffered
        failures += command.outcome == Outcome.UNKNOWN and not command.busy
        if failures > 1 or (failures and not command.kept_failure):
            break
        if command.busy:  # the other tab is asking: its page will be ours
            time.sleep(PAUSE_SECONDS)
    raise StripeUnavailable


def must_look_first(subject: Payment | KeptCard, now: datetime) -> bool:
    """Whether an earlier opening has an answer that we don't know and that repeating would not give."""
    last = subject.commands.filter(operation="open_session").order_by("attempt").last()
    if last is None or last.outcome != Outcome.UNKNOWN:
        return False
    return last.kept_failure or last.first_asked_at + SAME_REQUEST <= now


def forget_stale_opening(subject: Payment | KeptCard, now: datetime) -> None:
    """Stripe was looked at just now and nothing is there: the old key would repeat its failure or its stale end."""
    if must_look_first(subject, now):
        subject.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN).update(kept_failure=True)


def page_basics(*, payer: Patient, addresses: dict[str, str], now: datetime) -> dict[str, str | int]:
    """What every page is told: where it leads back to, its language, and when it ends."""
    return {
        **addresses,
        "locale": payer.language if payer.language in dict(settings.LANGUAGES) else "auto",
        "expires_at": int((now + SESSION_ENDS).timestamp()),
    }
