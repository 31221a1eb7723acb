"""Scenarios with a handful of events, and every way in which these can arrive."""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import NamedTuple

from django.db import transaction

from booking.models import Appointment
from booking.payments.models import Payment, WebhookEvent
from booking.payments.services import want_capture, want_refund, want_void
from booking.services.cancellations import cancel_appointment
from booking.services.checkout import reconcile, settle
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import (
    Till,
    account_of,
    ledger_account,
    ledger_of,
    ledger_sums,
    payment_now,
    state_of,
    visit_now,
)
from tests.simulators.stripe import DECLINED_CARD
from tests.simulators.stripe.store import Body

MOST = 6
Arrival = tuple[int, ...]  # the events that arrive, by their number, in this order


class Scenario(NamedTuple):
    """`begins` is settled and told; what `happens` at Stripe after it is told in some order, or not at all."""

    begins: Callable[[Till], Payment]
    happens: Callable[[Till, Payment], None]


class End(NamedTuple):
    """What must be the same however it was told."""

    ledger: list[tuple[str, int]]
    stands: tuple[str, str, str]


def arrivals(events: int) -> Iterator[Arrival]:
    """Every order of every part of them, and every order of all with one of them doubled; six at most."""
    for length in range(events + 1):
        yield from permutations(range(events), length)
    if events < MOST:
        for doubled in range(events):
            yield from sorted(set(permutations((*range(events), doubled))))


def play(till: Till, scenario: Scenario, arrival: Arrival | None) -> tuple[End, int]:
    """Play it while events arrive like this (None: each at once); how it ended, and how many events there were.

    An event that isn't there yet, because it tells of something that we do, arrives as soon as it is.
    """
    payment = scenario.begins(till)
    old = {event["id"] for event in till.events(payment)}
    scenario.happens(till, payment)
    left = list(range(MOST) if arrival is None else arrival)
    while left:
        told = [event for event in till.events(payment) if event["id"] not in old][:MOST]
        ready = [number for number in left if number < len(told)]
        if not ready:
            break
        left.remove(ready[0])
        till.tell_all([told[ready[0]]])
    till.wait(minutes=10)
    reconcile(now=till.now)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment)
    assert ledger_account(payment) == account_of(till, payment)
    assert payment_now(payment).settled_at is not None
    assert not WebhookEvent.objects.filter(handled_at=None).exists()
    events = [event for event in till.events(payment) if event["id"] not in old]
    return End(sorted(ledger_of(payment)), state_of(payment)), min(len(events), MOST)


def _reviewed(till: Till) -> Payment:
    screening = make_screening(review_line(), now=till.now).screening
    payment = till.book(service=till.make_service(screening="full", modality="manual"), screening=screening)
    till.pay(payment)
    return settle(payment=payment, now=till.now)


def _opened(till: Till) -> Payment:
    payment = till.book()
    till.open(payment)
    return payment


def _pay(till: Till, payment: Payment, *cards: str) -> None:
    session = payment_now(payment).session_id
    for card in (*cards, ""):
        till.stripe.post_control("pay", {"session": session} | ({"card": card} if card else {}))


def _pay_and_cancel(till: Till, payment: Payment) -> None:
    _pay(till, payment)
    reason = Appointment.CancelReason.PATIENT
    cancel_appointment(appointment=visit_now(payment), by=None, reason=reason, now=till.now)


def _decide(what: Callable[..., Payment], **over: int) -> Callable[[Till, Payment], None]:
    def decide(till: Till, payment: Payment) -> None:
        with transaction.atomic():
            what(payment=payment, now=till.now, **over)

    return decide


def _refund_by_hand(till: Till, payment: Payment) -> None:
    till.stripe.post_control("refund", {"payment_intent": payment_now(payment).intent_id, "amount": 1100})


def _refund_fails(till: Till, payment: Payment) -> None:
    _decide(want_refund, amount=700)(till, payment)
    settle(payment=payment, now=till.now)
    [refund] = till.stripe.store.find("refund", payment_intent=payment_now(payment).intent_id)
    till.stripe.post_control("refund/fail", {"refund": refund["id"]})


def _dispute(status: str) -> Callable[[Till, Payment], None]:
    def dispute(till: Till, payment: Payment) -> None:
        opened: Body = till.stripe.post_control("dispute", {"payment_intent": payment_now(payment).intent_id})
        till.stripe.post_control("dispute/close", {"dispute": opened["id"], "status": status})

    return dispute


SCENARIOS = {
    "paid": Scenario(_opened, _pay),
    "paid with the second card": Scenario(_opened, lambda till, payment: _pay(till, payment, DECLINED_CARD)),
    "cancelled while it is paid": Scenario(_opened, _pay_and_cancel),
    "approved": Scenario(_reviewed, _decide(want_capture)),
    "declined": Scenario(_reviewed, _decide(want_void)),
    "given back": Scenario(Till.taken, _decide(want_refund, amount=700)),
    "given back in the dashboard": Scenario(Till.taken, _refund_by_hand),
    "sent back by the bank": Scenario(Till.taken, _refund_fails),
    "disputed and won": Scenario(Till.taken, _dispute("won")),
    "disputed and lost": Scenario(Till.taken, _dispute("lost")),
}
