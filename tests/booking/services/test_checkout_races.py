"""Processes that do things to one payment at once, or die in the middle: each movement happens once."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection, transaction

from booking.errors import BookingError, NotPossibleNow, StripeUnavailable, TryAgain
from booking.models import Appointment
from booking.payments import commands
from booking.payments.models import GatewayCommand, Payment
from booking.payments.services import want_refund, want_void
from booking.rules.settlement import Step
from booking.services import convergence, settlement
from booking.services.appointments import cancel_appointment, undo_cancellation
from booking.services.checkout import reconcile, settle, sweep_checkouts
from config.invariants import broken_promises
from tests.factories.payments import Till, ledger_of, ledger_sums, payment_now, state_of, visit_now
from tests.simulators.stripe import DECLINED_CARD, pay

PAID = [("charge", 3000), ("authorisation", 3000), ("capture", 3000)]
BACK = "/v1/refunds"


class Died(BaseException):
    """A kill -9, as far as one process is concerned."""


def at_once(*things: Callable[[], object]) -> list[object]:
    """Each in a connection of its own, at the same time; what can't be done now is an answer too."""

    def apart(do: Callable[[], object]) -> object:
        try:
            return do()
        except (StripeUnavailable, TryAgain, NotPossibleNow) as failure:
            return failure
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as pool:
        return [future.result() for future in [pool.submit(apart, do) for do in things]]


def refund_in_a_race(till: Till) -> int:
    """Six processes carry out one refund of 5.00; how many refunds there are at Stripe."""
    payment = till.taken()
    with transaction.atomic():
        want_refund(payment=payment, amount=500, now=till.now)
    before = len(till.stripe.store.find("refund"))
    at_once(*[lambda: settle(payment=payment, now=till.now)] * 6)
    return len(till.stripe.store.find("refund")) - before


def test_one_refund_by_six_processes(till: Till) -> None:
    assert [refund_in_a_race(till) for _ in range(5)] == [1] * 5


def test_without_numbers_and_second_looks_it_would_be_several(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    number, named, ask, all_decided = count(1), settlement._named, convergence.ask, Barrier(6)

    def always_new(payment: Payment, step: Step) -> tuple[str, int]:
        return (f"refund-{next(number)}", step.amount) if step.operation == "refund" else named(payment, step)

    def ask_together(**asked: Any) -> GatewayCommand:
        if asked["command"].operation.startswith("refund-"):
            with suppress(BrokenBarrierError):  # a seventh question has nobody to wait for
                all_decided.wait(timeout=20)
        return ask(**asked)

    monkeypatch.setattr(convergence, "ask", ask_together)
    monkeypatch.setattr(settlement, "_named", always_new)
    monkeypatch.setattr(Payment, "revision", property(lambda _: 0, lambda *_: None))
    assert refund_in_a_race(till) > 1


@pytest.mark.parametrize("moment", ["before asking", "after asking"])
@pytest.mark.parametrize("operation", ["open_session", "expire_session", "capture", "refund-1"])
def test_a_process_dies_and_another_goes_on(
    till: Till, monkeypatch: pytest.MonkeyPatch, operation: str, moment: str
) -> None:
    payment = till.book()
    die_at(monkeypatch, operation, moment)
    for _ in range(2):
        _live_through(till, payment, operation)
        till.wait(seconds=61)
    till.sweep()
    assert not GatewayCommand.objects.filter(outcome="unknown").exists()
    assert ledger_sums(payment) == till.truth(payment)
    assert payment_now(payment).settled_at is not None
    assert len(till.stripe.store.find("checkout.session")) == 1
    assert len(till.stripe.store.find("refund")) <= 1
    expected = {"open_session": "captured", "expire_session": "lapsed", "capture": "captured", "refund-1": "captured"}
    assert payment_now(payment).state == expected[operation]


def _live_through(till: Till, payment: Payment, operation: str) -> None:
    """What the others do with this payment; whoever is to die, dies."""
    try:
        if payment_now(payment).state == "open" and payment_now(payment).keep_amount is None:
            url = till.open(payment)
            if operation == "expire_session":
                with transaction.atomic():
                    want_void(payment=payment, now=till.now)
            else:
                pay(url)
        settle(payment=payment, now=till.now)
        if operation == "refund-1" and payment_now(payment).keep_amount == 3000:
            with transaction.atomic():
                want_void(payment=payment, now=till.now)
            settle(payment=payment, now=till.now)
    except Died:
        connection.close()


def die_at(monkeypatch: pytest.MonkeyPatch, operation: str, moment: str) -> None:
    name = "_send" if moment == "before asking" else "_write_down"
    real, lives = getattr(commands, name), [1]

    def die(command: GatewayCommand, *rest: Any) -> object:
        if command.operation == operation and lives:
            lives.pop()
            raise Died
        return real(command, *rest)

    monkeypatch.setattr(commands, name, die)


def test_paid_at_the_moment_the_time_is_let_go(till: Till) -> None:
    ends = set()
    for _ in range(8):
        payment = till.book()
        url = till.open(payment)
        till.wait(minutes=15)
        at_once(lambda url=url: pay(url), lambda: sweep_checkouts(now=till.now))
        settle(payment=payment, now=till.now)
        ends.add(state_of(payment))
        assert ledger_sums(payment) == till.truth(payment)
    assert ends <= {("captured", "booked", ""), ("lapsed", "cancelled", "")}


def test_cancelled_at_the_moment_it_is_paid(till: Till) -> None:
    for _ in range(8):
        payment = till.book()
        url = till.open(payment)
        visit = visit_now(payment)
        at_once(
            lambda url=url: pay(url),
            lambda payment=payment: settle(payment=payment, now=till.now),
            lambda visit=visit: cancel_appointment(
                appointment=visit, by=None, reason=Appointment.CancelReason.PATIENT, now=till.now
            ),
        )
        till.sweep(2)
        assert visit_now(payment).status == "cancelled"
        truth = till.truth(payment)
        assert ledger_sums(payment) == truth
        assert (truth["held"], truth["taken"] - truth["sent back"]) == (0, 0)


class Wanderer:
    """One payment and everything that can happen to it."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till, self.chance = till, chance
        self.payment = till.book()
        self.url = ""

    def open(self) -> None:
        self.url = self.till.open(self.payment)

    def pay(self) -> None:
        if self.url:
            pay(self.url)

    def decline(self) -> None:
        if self.url:
            pay(self.url, card=DECLINED_CARD)

    def settle(self) -> None:
        settle(payment=self.payment, now=self.till.now)

    def sweep(self) -> None:
        self.till.sweep(1)
        sweep_checkouts(now=self.till.now)

    def cancel(self) -> None:
        reason = Appointment.CancelReason.PATIENT
        cancel_appointment(appointment=visit_now(self.payment), by=None, reason=reason, now=self.till.now)

    def undo(self) -> None:
        undo_cancellation(appointment=visit_now(self.payment), by=None, now=self.till.now)

    def refund(self) -> None:
        with transaction.atomic():
            want_refund(payment=self.payment, amount=self.chance.choice((100, 1000, 2900)), now=self.till.now)

    def fault(self) -> None:
        kinds = ("drop_before", "drop_after", "error_before", "error_after", "rate_limit")
        self.till.fault(self.chance.choice(kinds), self.chance.choice(("*", BACK, "*/capture", "*/cancel", "*/expire")))

    def wait(self) -> None:
        self.till.wait(minutes=self.chance.choice((1, 6, 16)))

    def event(self) -> None:
        told = self.till.events(self.payment)
        self.till.tell_all(self.chance.sample(told, k=min(2, len(told))))


HAPPENINGS = ("open", "pay", "decline", "settle", "sweep", "cancel", "undo", "refund", "fault", "wait", "event")


def wander(till: Till, chance: random.Random) -> None:
    """Let anything happen, in any order, while Stripe misbehaves; then it must add up."""
    one = Wanderer(till, chance)
    for _ in range(chance.randrange(4, 12)):
        with suppress(BookingError):  # a clear no is a good answer
            getattr(one, chance.choice(HAPPENINGS))()
    till.stripe.post_control("reset", {"keep_objects": True})
    for _ in range(4):
        till.wait(minutes=21)
        one.sweep()
        reconcile(now=till.now)
    _judge(till, one.payment)


def _judge(till: Till, payment: Payment) -> None:
    now, visit, truth = payment_now(payment), visit_now(payment), till.truth(payment)
    assert now.settled_at is not None, now.__dict__
    assert ledger_sums(payment) == truth
    assert truth["taken"] - truth["sent back"] == now.keep_amount == (now.keep_amount if now.state == "captured" else 0)
    assert truth["held"] == 0
    sums = dict.fromkeys(("charge", "credit"), 0)
    for kind, amount in ledger_of(payment):
        sums[kind] = sums.get(kind, 0) + amount
    assert sums["charge"] - sums["credit"] == now.keep_amount
    assert (now.state == "captured") == (visit.status == "booked") or visit.status == "cancelled"
    assert visit.awaiting == ""
    assert not GatewayCommand.objects.filter(payment=payment, outcome="unknown").exists()


def test_whatever_happens_it_adds_up(till: Till) -> None:
    _wander_with(till, range(12))
    nobody_delivers_here = "sent-in-time"
    assert {one.name for one in broken_promises(now=till.now)} - {nobody_delivers_here} == set()


@pytest.mark.chaos
def test_whatever_happens_it_adds_up_often(till: Till) -> None:
    _wander_with(till, range(1000, 1250))


def _wander_with(till: Till, seeds: range) -> None:
    for seed in seeds:
        try:
            wander(till, random.Random(seed))
        except Exception as error:
            raise AssertionError(f"with seed {seed}") from error
