"""Reconciling: what an event did not tell us is found by asking, every ten minutes and, both ways, every night."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F

from booking.errors import StripeUnavailable
from booking.payments.findings import report
from booking.payments.gateway import IntentSeen, Unknown
from booking.payments.ledger import Kind, total
from booking.payments.models import Finding, Payment
from booking.payments.stripe_gateway import connect
from booking.services.batches import work_off
from booking.services.settlement import settle

NIGHTLY_LOOKS_BACK: Final = timedelta(hours=72)
DECIDED_WITHIN: Final = timedelta(days=4)  # an authorisation lapses after 7
BATCH: Final = 200


def reconcile(*, now: datetime) -> int:
    """Settle every payment at Stripe that isn't final, the longest unasked first; how many were asked about."""
    open_ones = Payment.objects.filter(
        gateway=Payment.Gateway.STRIPE, settled_at=None, created_at__lte=now - timedelta(minutes=1)
    )
    longest_unasked = open_ones.order_by(F("checked_at").asc(nulls_first=True))
    try:
        return work_off(longest_unasked[:BATCH], lambda payment: settle(payment=payment, now=now))
    finally:
        _report_ageing(now)


def reconcile_nightly(*, now: datetime) -> int:
    """Compare the last 72 hours both ways; differences are settled, and what stays is a finding. How many there were.

    :raises StripeUnavailable: Stripe could not be asked; the next night looks at the same hours again
    """
    since = now - NIGHTLY_LOOKS_BACK
    before = Finding.objects.count()
    try:
        intents = {intent.id: intent for intent in connect().intents_since(since)}
        sessions = [session for session in connect().sessions_since(since) if session.payment_ref]
    except Unknown as failure:
        raise StripeUnavailable from failure
    for session in sessions:
        payment = _payment(session.payment_ref)
        if payment is None:
            report(kind=Finding.Kind.UNKNOWN_AT_STRIPE, object_id=session.id, status=session.status, now=now)
        elif not payment.session_id:
            Payment.objects.filter(pk=payment.pk, session_id="").update(
                session_id=session.id, session_created_at=session.created_at, revision=F("revision") + 1
            )
    ours = Payment.objects.filter(gateway=Payment.Gateway.STRIPE, session_created_at__gte=since).exclude(intent_id="")
    not_listed = ours.exclude(intent_id__in=set(intents))
    work_off((intent for intent in intents.values() if intent.payment_ref), lambda intent: _compare(intent, now))
    work_off(not_listed, lambda payment: settle(payment=payment, now=now))
    return Finding.objects.count() - before


def _compare(intent: IntentSeen, now: datetime) -> None:
    payment = _payment(intent.payment_ref)
    if payment is None:
        kind = Finding.Kind.UNKNOWN_AT_STRIPE
        report(kind=kind, object_id=intent.id, status=intent.status, amount=intent.received, now=now)
        return
    if payment.settled_at is None or total(payment, Kind.CAPTURE) != intent.received:
        settle(payment=payment, now=now)
    taken = total(payment, Kind.CAPTURE)
    if intent.status == "succeeded" and taken != intent.received:
        report(
            kind=Finding.Kind.AMOUNT, object_id=intent.id, payment=payment, ours=taken, seen=intent.received, now=now
        )


def _report_ageing(now: datetime) -> None:
    """Authorisations that nobody has decided about must not lapse unseen."""
    waiting = Payment.objects.filter(
        gateway=Payment.Gateway.STRIPE,
        state=Payment.State.AUTHORISED,
        session_created_at__lte=now - DECIDED_WITHIN,
    )
    for payment in waiting:
        report(kind=Finding.Kind.AUTHORISATION_AGEING, object_id=str(payment.pk), payment=payment, now=now)


def _payment(reference: str) -> Payment | None:
    try:
        return Payment.objects.filter(pk=UUID(reference), gateway=Payment.Gateway.STRIPE).first()
    except ValueError:
        return None
