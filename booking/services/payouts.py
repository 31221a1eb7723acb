"""Stripe's payouts, read by asking: what lies at Stripe, what went to the bank, and whether our ledger knows of it.

Nothing is moved here. What does not agree becomes a finding for a manager.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min, Sum

from booking.errors import NotPossibleNow, StripeUnavailable
from booking.models import Location, Payout, StripeMovement
from booking.payments.findings import report
from booking.payments.gateway import MovementSeen, PayoutSeen, Unknown
from booking.payments.models import Finding, LedgerEntry, Payment
from booking.payments.stripe_gateway import connect
from booking.rules.months import cash
from booking.selectors.locations import the_clinic
from booking.selectors.payouts import TO_THE_BANK
from intake.access import manages
from intake.errors import NotAllowed
from intake.models import User
from intake.services.audit import record_event

BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
LOOKS_BACK: Final = timedelta(days=3)  # a movement can be older than one that was seen before
LEDGER_HAS_TIME: Final = timedelta(hours=1)  # for the webhook, or the reconciler, to write what Stripe moved
# Categories of movements that are no patient's money: the way to the bank, and what Stripe asks of the clinic itself.
NOT_OURS: Final = (*TO_THE_BANK, "fee", "network_cost", "topup")


def read_payouts(*, now: datetime) -> int:
    """Write down what has moved at Stripe since the last look, and compare it with the ledger; how many were new.

    :raises StripeUnavailable: Stripe could not be asked; the next sweep looks at the same time again
    """
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    if not settings.STRIPE_SECRET_KEY or not Location.objects.exists():
        return 0
    gateway = connect()
    try:
        seen = list(gateway.movements_since(_since()))
        inside = {payout: list(gateway.movements_of(payout)) for payout in _not_yet_complete(seen)}
    except Unknown as failure:
        raise StripeUnavailable from failure
    with transaction.atomic(durable=True):
        new = _write([*seen, *(moved for parts in inside.values() for moved in parts)], now)
        for payout, parts in inside.items():
            _complete(Payout.objects.get(pk=payout), parts, now)
    _compare(now)
    return new


def note_on_statement(*, payout: Payout, by: User, now: datetime) -> Payout:
    """A manager has found it on the bank's statement. Pressed twice it is the same.

    :raises NotAllowed: not a manager
    :raises NotPossibleNow: the bank has sent it back
    """
    clinic = the_clinic()
    if not manages(by) or clinic is None:
        raise NotAllowed
    with transaction.atomic(durable=True):
        locked = Payout.objects.select_for_update(no_key=True).get(pk=payout.pk)
        if locked.seen_at is not None:
            return locked
        if locked.state in (Payout.State.FAILED, Payout.State.CANCELED):
            raise NotPossibleNow
        locked.seen_at, locked.seen_by = now, by
        locked.save(update_fields=["seen_at", "seen_by"])
        details = {"payout": locked.pk, "sum": locked.amount}
        record_event(action="payout-seen-at-bank", entity=clinic, by=by, details=details, now=now)
        return locked


def _since() -> datetime:
    """From where to read on: payouts that are under way are looked at again."""
    last = StripeMovement.objects.aggregate(last=Max("created_at"))["last"]
    open_since = Payout.objects.exclude(state__in=Payout.OVER).aggregate(first=Min("created_at"))["first"]
    return min(last - LOOKS_BACK, open_since or last) if last else BEGINNING


def _not_yet_complete(seen: Iterable[MovementSeen]) -> list[str]:
    """The payouts whose movements we don't know yet."""
    complete = set(Payout.objects.filter(complete=True).values_list("pk", flat=True))
    ids = dict.fromkeys(moved.payout.id for moved in seen if moved.payout)
    return [one for one in ids if one not in complete]


def _write(seen: Iterable[MovementSeen], now: datetime) -> int:
    """Rows for what is new, each payout as it is now, and the payment of each movement once that is known."""
    known = {moved.id: moved for moved in seen}
    before = StripeMovement.objects.count()
    for payout in {moved.payout.id: moved.payout for moved in known.values() if moved.payout}.values():
        _keep(payout, now)
    rows = [_row(moved) for moved in sorted(known.values(), key=lambda moved: (moved.created_at, moved.id))]
    StripeMovement.objects.bulk_create(rows, ignore_conflicts=True)
    unknown = StripeMovement.objects.filter(payment=None).exclude(intent_id="")
    ours = Payment.objects.filter(intent_id__in=unknown.values("intent_id"))
    for intent, payment in ours.values_list("intent_id", "pk"):
        unknown.filter(intent_id=intent).update(payment=payment)
    return StripeMovement.objects.count() - before


def _row(moved: MovementSeen) -> StripeMovement:
    return StripeMovement(
        id=moved.id,
        kind=moved.category,
        amount=moved.amount,
        fee=moved.fee,
        currency=moved.currency,
        created_at=moved.created_at,
        source_id=moved.source_id,
        intent_id=moved.intent_id,
    )


def _keep(seen: PayoutSeen, now: datetime) -> None:
    """A payout as it is now. That the bank sent it back is told once."""
    now_true = {"state": seen.status, "arrives_on": seen.arrives_on}
    fixed = {"amount": seen.amount, "currency": seen.currency, "created_at": seen.created_at}
    was = Payout.objects.filter(pk=seen.id).values_list("state", flat=True).first()
    Payout.objects.update_or_create(pk=seen.id, defaults=now_true, create_defaults=now_true | fixed)
    if seen.status == Payout.State.FAILED and was != seen.status:
        report(kind=Finding.Kind.PAYOUT_FAILED, object_id=seen.id, amount=seen.amount, now=now)


def _complete(payout: Payout, parts: Iterable[MovementSeen], now: datetime) -> None:
    """Note what went out with a payout, once it is all there; a finding if it adds up to another sum."""
    sent = [moved for moved in parts if moved.payout is None]
    StripeMovement.objects.filter(pk__in=[moved.id for moved in sent]).update(payout=payout)
    total = sum(moved.amount - moved.fee for moved in sent)
    if total != payout.amount:
        report(kind=Finding.Kind.PAYOUT, object_id=payout.pk, ours=total, seen=payout.amount, now=now)
        return
    payout.complete = True
    payout.save(update_fields=["complete"])


def _compare(now: datetime) -> None:
    """Movements of no payment of ours, and payments of which Stripe moved another sum than the ledger says."""
    fresh = StripeMovement.objects.filter(created_at__gt=now - LOOKS_BACK, created_at__lte=now - LEDGER_HAS_TIME)
    fresh = fresh.exclude(kind__in=NOT_OURS)
    for moved in fresh.filter(payment=None):
        report(kind=Finding.Kind.PAYOUT, object_id=moved.pk, type=moved.kind, seen=moved.amount, now=now)
    for payment in Payment.objects.filter(pk__in=fresh.filter(payment__isnull=False).values("payment")):
        _compare_payment(payment, now)


def _compare_payment(payment: Payment, now: datetime) -> None:
    moved = StripeMovement.objects.filter(payment=payment).aggregate(sum=Sum("amount"))["sum"] or 0
    written = LedgerEntry.objects.filter(payment=payment).values_list("kind", "amount")
    ours = sum(cash(kind) * amount for kind, amount in written)
    if moved != ours:
        report(kind=Finding.Kind.PAYOUT, object_id=payment.intent_id, payment=payment, ours=ours, seen=moved, now=now)
