"""Reconciling: what an event did not tell us is found by asking, every ten minutes and, both ways, every night.

Payments that aren't final are asked about one by one. Of all others, however old, the lines of our account at Stripe
tell when money moved: a refund in the dashboard, one that the bank sends back, a dispute.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from booking.errors import StripeUnavailable
from booking.payments.findings import report
from booking.payments.gateway import IntentSeen, MovementSeen, Unknown
from booking.payments.ledger import Kind, total
from booking.payments.models import Finding, LedgerEntry, Payment
from booking.payments.stripe_gateway import connect
from booking.services.batches import work_off
from booking.services.settlement import settle

LOOKS_BACK: Final = timedelta(hours=1)  # six runs: who was down for a while has missed nothing
NIGHTLY_LOOKS_BACK: Final = timedelta(hours=72)
DECIDED_WITHIN: Final = timedelta(days=4)  # an authorisation lapses after 7
BATCH: Final = 200
TRIES: Final = 3
# What of our account at Stripe stands in the ledger as what, and by which name.
_WRITTEN_AS: Final = {
    "charge": Kind.CAPTURE,
    "refund": Kind.REFUND,
    "refund_failure": Kind.REFUND_FAILED,
    "dispute": Kind.DISPUTED,
    "dispute_reversal": Kind.DISPUTE_WON,
}
log = logging.getLogger(__name__)


def reconcile(*, now: datetime) -> int:
    """Settle every payment at Stripe that isn't final, the longest unasked first, and those whose money moved without
    our knowing; how many were asked about.
    """
    open_ones = Payment.objects.filter(
        gateway=Payment.Gateway.STRIPE, settled_at=None, created_at__lte=now - timedelta(minutes=1)
    )
    longest_unasked = open_ones.order_by(F("checked_at").asc(nulls_first=True))
    try:
        asked = work_off(longest_unasked[:BATCH], lambda payment: settle(payment=payment, now=now))
        return asked + work_off(_moved_lately(now), lambda payment: settle(payment=payment, now=now))
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
        moved = list(connect().movements_since(since))
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
    work_off(dict.fromkeys(_unwritten(moved).values()), lambda payment: settle(payment=payment, now=now))
    for movement, payment in _unwritten(moved).items():
        said = {"status": movement.category, "amount": abs(movement.amount)}
        report(kind=Finding.Kind.UNKNOWN_AT_STRIPE, object_id=movement.id, payment=payment, **said, now=now)
    return Finding.objects.count() - before


def _moved_lately(now: datetime) -> list[Payment]:
    """Payments whose money moved at Stripe without our knowing, and those whose dispute the bank may have decided. From
    now on they are not settled: if Stripe does not answer, the other sweep asks again in a minute.
    """
    found = list(_undecided())
    for _ in range(TRIES):
        try:
            found += _unwritten(connect().movements_since(now - LOOKS_BACK)).values()
            break
        except Unknown as failure:
            log.warning("Stripe did not tell what moved: %s", failure)
    Payment.objects.filter(pk__in=[payment.pk for payment in found]).update(settled_at=None, checked_at=None)
    return list(dict.fromkeys(found))


def _unwritten(moved: Iterable[MovementSeen]) -> dict[MovementSeen, Payment]:
    """Of these lines those about our payments that are not in the ledger."""
    about = [line for line in moved if line.intent_id]
    ours = Payment.objects.filter(gateway=Payment.Gateway.STRIPE, intent_id__in={line.intent_id for line in about})
    payments = {payment.intent_id: payment for payment in ours}
    entries = LedgerEntry.objects.filter(payment__in=payments.values(), kind__in=_WRITTEN_AS.values())
    written = set(entries.values_list("kind", "reference"))
    return {
        line: payments[line.intent_id]
        for line in about
        if line.intent_id in payments and (_WRITTEN_AS.get(line.category), _name(line)) not in written
    }


def _name(line: MovementSeen) -> str:
    """What a line is called in the ledger: by its intent or refund; a dispute's lines by themselves."""
    by_name = {"charge": line.intent_id, "refund": line.source_id, "refund_failure": line.source_id}
    return by_name.get(line.category, line.id)


def _undecided() -> QuerySet[Payment]:
    """Payments that are in dispute. One that is lost moves no money any more, so it is asked about."""

    def summed(*kinds: Kind) -> Coalesce:
        return Coalesce(Sum("entries__amount", filter=Q(entries__kind__in=kinds)), 0)

    disputed = Payment.objects.filter(entries__kind__in=[Kind.DISPUTED, Kind.DISPUTE_WON, Kind.DISPUTE_LOST])
    ended = summed(Kind.DISPUTE_WON, Kind.DISPUTE_LOST)
    return disputed.annotate(taken=summed(Kind.DISPUTED), ended=ended).filter(taken__gt=F("ended"))


def _compare(intent: IntentSeen, now: datetime) -> None:
    payment = _payment(intent.payment_ref)
    if payment is None:
        kind = Finding.Kind.UNKNOWN_AT_STRIPE
        report(kind=kind, object_id=intent.id, status=intent.status, amount=intent.received, now=now)
        return
    if payment.settled_at is None or total(payment, Kind.CAPTURE) != intent.received:
        settle(payment=payment, now=now)
    taken = total(payment, Kind.CAPTURE)
    if intent.status == "succeeded" and intent.currency == payment.currency and taken != intent.received:
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
