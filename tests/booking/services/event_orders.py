"""Scenarios with a handful of events, and every way in which these can arrive."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import permutations
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock
from uuid import uuid4

from django.db import transaction

from booking.models import Appointment, FeeCase, KeptCard, Package
from booking.payments.models import GatewayCommand, LedgerEntry, Payment, WebhookEvent
from booking.payments.services import want_capture, want_refund, want_void
from booking.services.cancellations import cancel_appointment
from booking.services.checkout import handle_events, reconcile, settle
from booking.services.fee_cases import approve_fee
from booking.services.fee_taking import take_due_fees
from booking.services.packages import buy_package, checkout_for_package
from intake.models import Role
from tests.booking.services.life_of_a_clinic import ASKING
from tests.clock import set_ahead
from tests.factories.cards import card_of, charge_of, manager, missed_visit
from tests.factories.intake import make_patient, make_screening, make_user, review_line
from tests.factories.packages import make_offer
from tests.factories.payments import (
    Till,
    account_of,
    ledger_account,
    ledger_of,
    ledger_sums,
    payment_now,
    visit_now,
)
from tests.simulators.stripe import DECLINED_CARD
from tests.simulators.stripe.store import Body

MOST = 6
Arrival = tuple[int, ...]  # the events that arrive, by their number, in this order
WRITTEN = (Payment, LedgerEntry, GatewayCommand, WebhookEvent, Appointment, KeptCard, FeeCase, Package)


class Scenario(NamedTuple):
    """`begins` is settled and told; what `happens` at Stripe after it is told in some order, or not at all."""

    begins: Callable[[Till], Payment]
    happens: Callable[[Till, Payment], None]


class End(NamedTuple):
    """What must be the same however it was told."""

    ledger: list[tuple[str, int]]
    stands: tuple[str, ...]


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
    end = _end(till, payment)
    events = [event for event in till.events(payment) if event["id"] not in old]
    return end, min(len(events), MOST)


class Walk:
    """Every way through a scenario, each told from the last fork on: what is told next is any event that is there and
    was not told, or none any more. Where there is none yet, because we must act first, we do.

    At each step the event comes twice at once, and everything told before comes again: that must change nothing, so
    however often events are doubled, it ends the same.
    """

    def __init__(self, till: Till, scenario: Scenario) -> None:
        self.till, self.ways, self.again, self.most = till, 0, 0, 0
        with as_one_history():
            self.payment = scenario.begins(till)
            self.old = {event["id"] for event in till.events(self.payment)}
            scenario.happens(till, self.payment)
            with taken_back(till):
                self.expected = _end(till, self.payment)
            self._go_on((), acted=False)

    def _go_on(self, told: tuple[str, ...], *, acted: bool) -> None:
        self.ways += 1
        self.most = max(self.most, len(told))
        with taken_back(self.till):
            assert _end(self.till, self.payment) == self.expected, told
        fresh = [event for event in self.till.events(self.payment) if event["id"] not in self.old]
        for event in fresh[:MOST]:
            if event["id"] not in told:
                with taken_back(self.till):
                    self._tell(event, [one for one in fresh if one["id"] in told])
                    self._go_on((*told, event["id"]), acted=acted)
        if not fresh and not acted:
            with taken_back(self.till):
                settle(payment=self.payment, now=self.till.now)
                self._go_on(told, acted=True)

    def _tell(self, event: Body, before: list[Body]) -> None:
        self.till.tell(event)
        self.till.tell_all([event])
        books, requests = _books(), len(self.till.stripe.api.log)
        for one in (event, *before):
            assert self.till.tell(one) == 200
            self.again += 1
        assert handle_events(now=self.till.now) == 0
        assert (_books(), len(self.till.stripe.api.log)) == (books, requests)


@contextmanager
def as_one_history() -> Iterator[None]:
    """Everything happens in one transaction, to be taken back; Stripe is asked inside it all the same."""
    with ExitStack() as patches:
        for module in ASKING:
            patches.enter_context(mock.patch(f"{module}.connection", SimpleNamespace(in_atomic_block=False)))
        patches.enter_context(_a_fork())
        yield


@contextmanager
def taken_back(till: Till) -> Iterator[None]:
    """What happens in here did not happen: neither here, nor at Stripe, nor on the clock."""
    ahead = float(till._clock_file.read_text())
    with till.stripe.store.forgetting(), _a_fork():
        yield
    set_ahead(till._clock_file, ahead)


@contextmanager
def _a_fork() -> Iterator[None]:
    block: Any = transaction.atomic()
    block._from_testcase = True  # blocks that must be outermost may stand in it
    with block:
        yield
        transaction.set_rollback(True)


def _books() -> list[Any]:
    return [list(table.objects.order_by("pk").values()) for table in WRITTEN]


def _end(till: Till, payment: Payment) -> End:
    """Ten minutes later, when the sweeps have run."""
    till.wait(minutes=10)
    reconcile(now=till.now)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment)
    assert ledger_account(payment) == account_of(till, payment)
    assert payment_now(payment).settled_at is not None
    assert not WebhookEvent.objects.filter(handled_at=None).exists()
    return End(sorted(ledger_of(payment)), _stands(payment_now(payment)))


def _stands(payment: Payment) -> tuple[str, ...]:
    if payment.package is not None:
        return payment.state, payment.package.state
    visit = visit_now(payment)
    fees = visit.fee_cases.order_by("created_at").values_list("state", flat=True)
    return payment.state, visit.status, visit.awaiting, *fees


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


def _fee(till: Till) -> Payment:
    """The card is about to be asked; what was asked is this payment."""
    case = approve_fee(case=missed_visit(till), by=manager(), now=till.now)
    till.wait(hours=24)
    till.fault("drop_before", "/v1/payment_intents")
    take_due_fees(now=till.now)
    till.wait(minutes=2)
    return charge_of(case)


def _take_fee(till: Till, payment: Payment) -> None:
    settle(payment=payment, now=till.now)


def _decline_fee(till: Till, payment: Payment) -> None:
    turned = {"payment_method": card_of(visit_now(payment)).method_id, "into": "insufficient_funds"}
    till.stripe.post_control("card", turned)
    settle(payment=payment, now=till.now)


def _ordered(till: Till) -> Payment:
    patient, offer = make_patient(now=till.now, user=make_user(Role.PATIENT)), make_offer(till.clinic)
    package = buy_package(
        offer=offer, patient=patient, price=27000, request_key=uuid4(), by=patient.user, now=till.now
    )  # fmt: skip
    checkout_for_package(package=package, now=till.now)
    return package.payments.get()


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
    "a package": Scenario(_ordered, _pay),
    "a fee from a card": Scenario(_fee, _take_fee),
    "a fee that the bank refuses": Scenario(_fee, _decline_fee),
}
