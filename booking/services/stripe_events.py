"""Events from Stripe: a signed hint is kept and answered at once, and looked into later."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from booking.errors import EventRefused, StripeUnavailable, TryAgain
from booking.models import KeptCard
from booking.payments.findings import report
from booking.payments.models import Finding, Payment, WebhookEvent
from booking.payments.signatures import is_signed
from booking.services.batches import work_off
from booking.services.card_settlement import settle_card
from booking.services.settlement import settle

LEASE: Final = timedelta(seconds=60)
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=3)  # as long as Stripe itself would go on
BATCH: Final = 50
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
# Of these the PaymentIntent they belong to is looked at; other kinds of object are no payment.
_LOOKED_AT: Final = {"checkout.session": "id", "payment_intent": "id"}
_BELONGS: Final = {"charge": "payment_intent", "refund": "payment_intent", "dispute": "payment_intent"}


@dataclass(frozen=True, slots=True)
class _Hint:
    id: str
    type: str
    object_id: str
    payment_ref: str
    livemode: bool


def store_event(*, payload: bytes, signature: str, now: datetime) -> None:
    """Keep a signed event, once.

    :raises EventRefused: not signed by Stripe, not readable, or of the other mode (live, test) than our key
    """
    if not is_signed(payload=payload, header=signature, secrets=settings.STRIPE_WEBHOOK_SECRETS, now=now):
        raise EventRefused
    hint = _read(payload)
    if hint.livemode != settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
        raise EventRefused
    event = WebhookEvent(
        id=hint.id,
        type=hint.type,
        object_id=hint.object_id,
        payment_ref=hint.payment_ref,
        livemode=hint.livemode,
        received_at=now,
        handled_at=None if hint.object_id else now,
        problem="" if hint.object_id else "Not about a payment.",
    )
    WebhookEvent.objects.bulk_create([event], ignore_conflicts=True)


def handle_events(*, now: datetime) -> int:
    """Look into the events that wait; one whose payment we don't know (yet) is tried again. How many were taken."""
    return work_off(islice(iter(partial(_take_one, now), None), BATCH), lambda event: _handle(event, now))


def _take_one(now: datetime) -> WebhookEvent | None:
    """Lease the oldest event that waits; whoever dies with it leaves it to the next."""
    with transaction.atomic(durable=True):
        waiting = WebhookEvent.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), handled_at=None)
        event = waiting.order_by("received_at", "id").select_for_update(skip_locked=True).first()
        if event is not None:
            event.attempts += 1
            event.next_try_at = now + max(LEASE, _pause(event))
            event.save(update_fields=["attempts", "next_try_at"])
        return event


def _handle(event: WebhookEvent, now: datetime) -> None:
    payment, card = payment_of(event), KeptCard.objects.filter(session_id=event.object_id).first()
    if payment is None and card is None:
        _keep_unknown(event, now)
        return
    try:
        if payment is not None:
            settle(payment=payment, now=now)
        elif card is not None:
            settle_card(card=card, now=now)
    except (StripeUnavailable, TryAgain) as failure:
        _try_later(event, failure.code, now)
        raise
    _done(event, "", now)


def payment_of(event: WebhookEvent) -> Payment | None:
    """The payment that an event is about, by our id in its metadata or by Stripe's ids."""
    about = Q(session_id=event.object_id) | Q(intent_id=event.object_id)
    with suppress(ValueError):  # metadata of somebody else, or none
        about |= Q(pk=UUID(event.payment_ref))
    return Payment.objects.filter(about, gateway=Payment.Gateway.STRIPE).first()


def _keep_unknown(event: WebhookEvent, now: datetime) -> None:
    if now - event.received_at < GIVE_UP_AFTER:
        _try_later(event, "We don't know this payment.", now)
        return
    report(kind=Finding.Kind.UNKNOWN_AT_STRIPE, object_id=event.object_id, type=event.type, now=now)
    _done(event, "We don't know this payment; a finding tells of it.", now)


def _try_later(event: WebhookEvent, problem: str, now: datetime) -> None:
    WebhookEvent.objects.filter(pk=event.pk).update(next_try_at=now + _pause(event), problem=problem)


def _pause(event: WebhookEvent) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(event.attempts - 1, 20)), LONGEST_PAUSE)


def _done(event: WebhookEvent, problem: str, now: datetime) -> None:
    WebhookEvent.objects.filter(pk=event.pk).update(handled_at=now, next_try_at=None, problem=problem)


def _read(payload: bytes) -> _Hint:
    try:
        body = json.loads(payload)
        about = body["data"]["object"]
        livemode = body["livemode"]
        hint = _Hint(
            id=_checked(body["id"]),
            type=_checked(body["type"].replace(".", "_")) and body["type"][:80],
            object_id=_object_id(about),
            payment_ref=_payment_ref(about),
            livemode=livemode,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EventRefused from error
    if not isinstance(livemode, bool):
        raise EventRefused
    return hint


def _object_id(about: dict[str, Any]) -> str:
    """The session or intent to look at; empty if the event is about neither."""
    kind = str(about.get("object"))
    member = _LOOKED_AT.get(kind) or _BELONGS.get(kind)
    return _checked(about[member]) if member and about.get(member) else ""


def _payment_ref(about: dict[str, Any]) -> str:
    reference = (about.get("metadata") or {}).get("payment", "")
    return reference if isinstance(reference, str) and _ID.fullmatch(reference.replace("-", "")) else ""


def _checked(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("not an id of Stripe's")
    return value
