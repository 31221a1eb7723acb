"""Random deposits, fees on kept cards, packages and links, while Stripe misbehaves, events are lost and workers are
killed; then an onlooker who compares the ledger with Stripe's own books, to the cent.
"""

import json
import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from random import Random
from statistics import median
from typing import Any
from unittest import mock
from uuid import uuid4

from django.db import connections

from booking.models import Appointment, FeeCase, KeptCard, Package
from booking.payments import commands, stripe_gateway
from booking.payments.ledger import balance_of
from booking.payments.models import GatewayCommand, Payment
from booking.services import checkout, convergence
from booking.services.cancellations import settle_cancellations
from booking.services.card_settlement import card_until, sweep_cards
from booking.services.cards import forget_needless_cards
from booking.services.checkout import carry_out_wanted, checkout_until, handle_events, reconcile, sweep_checkouts
from booking.services.fee_taking import take_due_fees
from booking.services.stripe_pages import SESSION_ENDS
from intake import clock
from intake.errors import DrypointError
from intake.models import Role
from tests.booking.services.fee_stories import FEES, PACKAGES_AND_LINKS
from tests.booking.services.money_stories import DEPOSITS, House, Life, Story
from tests.factories.booking import NOW, at, make_staff, make_terms
from tests.factories.packages import make_offer
from tests.factories.payments import Till, account_of, ledger_account, ledger_sums
from tests.races.crowd import forget_inherited
from tests.simulators.stripe.store import Body

TROUBLE = ("rate_limit", "error_before", "drop_before", "timeout_before", "error_after", "drop_after", "timeout_after")
SWEEPS = (settle_cancellations, sweep_checkouts, carry_out_wanted, handle_events, sweep_cards, take_due_fees)
NOW_AND_THEN = (reconcile, forget_needless_cards)
STORIES = DEPOSITS | FEES | PACKAGES_AND_LINKS
SOON = timedelta(minutes=15)
A_TICK = timedelta(seconds=30)
TEN_MINUTES = timedelta(minutes=10)
UNDO = timedelta(minutes=3)
AT_ONCE = 25  # lives that go on together
FEES_OF = {"late_fee_amount": 4000, "no_show_fee_amount": 6000}
LATE_CANCEL = {"way": "keep-card", "deposit_amount": None, "free_cancel_hours": 24 * 45, **FEES_OF}
OWED = {FeeCase.State.PROPOSED, FeeCase.State.APPROVED, FeeCase.State.DECLINED}
_fork = get_context("fork")


@dataclass
class Storm:
    """`broken` says in words what must not be; `waited` how long each payment took after the last deed."""

    till: Till
    seed: int
    workers: int = 2
    rate: float = 0.12
    stories: Mapping[Story, int] = field(default_factory=lambda: STORIES)
    broken: list[str] = field(default_factory=list)
    waited: list[timedelta] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        carded = self.till.make_service()
        make_terms(carded, **LATE_CANCEL)  # whoever cancels at all is late
        self.house = House(
            self.till,
            self.chance,
            reviewed=self.till.make_service(screening="full", modality="manual"),
            carded=carded,
            offer=make_offer(self.till.clinic),
            manager=make_staff(Role.MANAGER),
        )
        self.starts = self._starts()
        self.crew: list[BaseProcess] = []
        self.seen_events = 0
        self.beaten = dict.fromkeys((A_TICK, TEN_MINUTES), self.till.now)

    def blow(self, lives: int) -> None:
        """So many lives, some at a time; each crowd is judged when nothing more can happen to it."""
        post = self.till.stripe.post_control
        post("settings", {"timeout_seconds": 0.02})
        post("faults/random", {"seed": self.seed, "rate": self.rate, "actions": TROUBLE})
        self._hire()
        try:
            while self.told["lives"] < lives:
                self._one_crowd(min(AT_ONCE, lives - self.told["lives"]))
        finally:
            self._end_crew()
            post("faults/random", {"rate": 0})

    def figures(self) -> str:
        minutes = sorted(one.total_seconds() / 60 for one in self.waited)
        states = Counter(Payment.objects.filter(gateway="stripe").values_list("state", flat=True))
        fees = Counter(FeeCase.objects.values_list("state", flat=True))
        causes = Counter(FeeCase.objects.values_list("cause", flat=True))
        packages = Counter(Package.objects.values_list("state", flat=True))
        again = GatewayCommand.objects.filter(attempt__gt=1).count()
        return (
            f"{self.told['lives']} lives with {sum(states.values())} payments, {self.told['killed']} workers killed,"
            f" {self.told['failed requests']} of {self.told['requests']} requests failed,"
            f" {self.told['events']} events told and {self.told['events lost']} lost"
            f" ({self.told['silent crowds']} crowds without any); states {dict(states)},"
            f" fees {dict(fees)} for {dict(causes)}, packages {dict(packages)};"
            f" {again} commands under a new key; settled after {median(minutes):.1f} minutes in the middle,"
            f" {minutes[-1]:.1f} at most; {len(self.broken)} rules broken"
        )

    def _one_crowd(self, size: int) -> None:
        silent = self.chance.random() < 0.5  # every webhook of this crowd is lost
        self.told["silent crowds"] += silent
        began = self.till.now
        lives: dict[Life, Iterator[None]] = {}
        for _ in range(size):
            [story] = self.chance.choices(list(self.stories), weights=list(self.stories.values()))
            life = Life(self.house, story.__name__, start=next(self.starts))
            lives[life] = _told_to_the_end(story, life)
        waiting, over = list(lives), list[Life]()
        while waiting:
            life = self.chance.choice(waiting)
            if next(lives[life], "over") == "over":
                waiting.remove(life)
                over.append(life)
            self._time_passes(seconds=self.chance.choice((0, 1, 5)) + (30 if len(waiting) < 4 else 0), silent=silent)
            over = [*over[1:], *(one for one in over[:1] if not self._agrees(one, began))]  # one look at a time
        self.told["lives"] += size
        self._calm(over, began)
        for life in lives:
            self._judge(life)
        self.till.wait(days=5)  # other times are free then

    def _calm(self, left: list[Life], began: datetime) -> None:
        """Only the sweeps go on, and Stripe's bad days: until everything agrees, or for too long."""
        until = max([self.till.now, *(_due(life, began) for life in left)]) + SOON
        while left and self.till.now <= until:
            self._time_passes(seconds=A_TICK.total_seconds(), silent=True)
            left = [life for life in left if not self._agrees(life, began)]
        self.broken += [f"{life.names()} is not settled in time: {_standing(life)}" for life in left]

    def _agrees(self, life: Life, began: datetime) -> bool:
        """Whether all of this life is settled as Stripe has it; then it is noted how long that took."""
        payments = life.payments
        if not _is_at_rest(life, self.till.now) or any(
            payment.settled_at is None or ledger_account(payment) != account_of(self.till, payment)
            for payment in payments
        ):
            return False
        lapsed = [card for card in life.cards if card.state == KeptCard.State.LAPSED]
        ends = [*(one.settled_at for one in (*payments, *lapsed)), life.fee and life.fee.closed_at]
        took = max([timedelta(), *(end - _due(life, began) for end in ends if end)])
        self.waited.append(took)
        if took > SOON:
            self.broken.append(f"{life.names()} took {took}")
        return True

    def _judge(self, life: Life) -> None:
        for payment in life.payments:
            self._say(f"{life.names()}, {payment.pk} ({_commands_of(payment)})", self._promises_of(payment))
        visit, fee = life.visit, life.fee
        taken_for_fees = [payment for payment in life.payments if payment.card_id and payment.purpose == "fee"]
        self._say(
            life.names(),
            {
                "the time is held for nothing": visit is None or visit.awaiting != "payment",
                "the card was asked twice for a fee": len(taken_for_fees) <= 1,
                "a package was paid and not bought": _is_as_paid(life),
                "too much or too little is due": fee is None or visit is None or _due_of(fee, life) == 0,
                "Stripe keeps another card than we": all(self._is_kept_there(card) for card in life.cards),
            },
        )

    def _promises_of(self, payment: Payment) -> dict[str, bool]:
        truth = self.till.truth(payment)
        ours = self.till.stripe.store.find("payment_intent", **{"metadata.payment": str(payment.pk)})
        back = self.till.stripe.store.find("refund", payment_intent=payment.intent_id or "none")
        ordered = [one["metadata"]["command"] for one in back if one["metadata"].get("command")]
        return {
            "a refund was made twice": max(Counter(ordered).values(), default=1) == 1,
            "charged twice": sum(one["amount_received"] > 0 for one in ours) <= 1,
            "something is still held": sum(one["amount_capturable"] for one in ours) == 0,
            "the ledger says otherwise": ledger_sums(payment) == truth,
            "the account says otherwise": ledger_account(payment) == account_of(self.till, payment),
            "more was given back than taken": truth["sent back"] <= truth["taken"],
            "more was taken than asked": truth["taken"] <= payment.amount,
            "a command has no outcome": not payment.commands.filter(outcome="unknown").exists(),
        }

    def _is_kept_there(self, card: KeptCard) -> bool:
        """Stripe keeps what we keep. One that was found needless a moment ago is on its way out."""
        method = self.till.stripe.store.get(card.method_id) if card.method_id else None
        agrees = (method is not None and method["customer"] is not None) == (card.state == KeptCard.State.KEPT)
        current = KeptCard.objects.get(pk=card.pk)
        leaving = current.state == KeptCard.State.REMOVED and current.settled_at is None
        return agrees or leaving or current.state != card.state

    def _say(self, who: str, rules: Mapping[str, bool]) -> None:
        self.broken += [f"{who}: {rule}" for rule, kept in rules.items() if not kept]

    def _time_passes(self, *, seconds: float, silent: bool) -> None:
        self.till.wait(seconds=seconds)
        self.till.stripe.post_control("advance", {"seconds": 0})
        self._tell_events(silent)
        self._beat()
        self._count_requests()
        if self.chance.random() < 0.15:
            self._kill_one()

    def _tell_events(self, silent: bool) -> None:
        """Stripe posts what is new: some of it never, some twice, some in another order."""
        rows = self.till.stripe.store.rows(
            "SELECT seq, body FROM objects WHERE kind = 'event' AND seq > ? ORDER BY seq", self.seen_events
        )
        self.seen_events = rows[-1]["seq"] if rows else self.seen_events
        events: list[Body] = [json.loads(row["body"]) for row in rows]
        copies = [] if silent else [one for one in events for _ in range(self.chance.choice((0, 1, 1, 1, 2)))]
        self.chance.shuffle(copies)
        for event in copies:
            self.till.tell(event)
        self.told["events"] += len(copies)
        self.told["events lost"] += len(events) - len({event["id"] for event in copies})

    def _beat(self) -> None:
        """By the simulated clock, however slow the workers are on this machine."""
        for sweeps, pause in ((SWEEPS, A_TICK), (NOW_AND_THEN, TEN_MINUTES)):
            if self.till.now - self.beaten[pause] >= pause:
                self.beaten[pause] = self.till.now
                for sweep in sweeps:
                    with suppress(DrypointError):
                        sweep(now=self.till.now)

    def _hire(self) -> None:
        connections.close_all()  # each process opens its own
        while len(self.crew) < self.workers:
            worker = _fork.Process(target=_work, args=(self.chance.random(),), daemon=True)
            worker.start()
            self.crew.append(worker)

    def _kill_one(self) -> None:
        """As the kernel would: in the middle of whatever it does."""
        worker = self.crew.pop(self.chance.randrange(len(self.crew)))
        assert worker.pid is not None
        if worker.exitcode is not None:
            self.broken.append(f"a worker ended by itself with {worker.exitcode}")
        else:
            os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        self.told["killed"] += 1
        self._hire()

    def _end_crew(self) -> None:
        for worker in self.crew:
            worker.kill()
            worker.join()

    def _count_requests(self) -> None:
        log = self.till.stripe.api.log
        self.told["requests"] += len(log)
        self.told["failed requests"] += sum(entry.get("status") in ("dropped", 429, 500) for entry in log)
        log.clear()

    def _starts(self) -> Iterator[datetime]:
        """Times that are a day or more ahead of the clock, wherever it stands."""
        given: dict[datetime, bool] = defaultdict(bool)
        while True:
            today = (self.till.now - NOW).days
            for days in range(today + 2, today + 30):
                for hour in range(9, 16):
                    start = at(hour, days=days)
                    if days % 7 < 5 and not given[start]:
                        given[start] = True
                        yield start


def _is_at_rest(life: Life, now: datetime) -> bool:
    """Whether nothing is left to do, but for what a person must decide."""
    fee, package, visit = life.fee, life.package, life.visit
    being_taken = fee is not None and (fee.state == "taking" or (fee.state == "approved" and fee.take_at <= now))
    undecided = visit is not None and (visit.awaiting == "payment" or visit.cancel_settles_at is not None)
    waits = package is not None and package.state == Package.State.WAITING
    cards = all(card.settled_at or card.state == KeptCard.State.KEPT for card in life.cards)
    return cards and not being_taken and not undecided and not waits


def _due(life: Life, began: datetime) -> datetime:
    """From when on everything must come to rest: somebody acted last, or can't act any more."""
    due, visit = max(life.acted_at, began), life.visit
    if visit is not None and visit.cancelled_at and visit.cancel_reason == Appointment.CancelReason.PATIENT:
        due = max(due, visit.cancelled_at + UNDO)
    nobody_paid = visit is None or visit.awaiting == "payment" or visit.cancel_reason == "payment-lapsed"
    for payment in life.payments:
        if payment.state == Payment.State.OPEN or (payment.state == Payment.State.LAPSED and nobody_paid):
            due = max(due, checkout_until(payment))
        if payment.session_created_at and payment.purpose in ("balance", "fee") and _is_unpaid(payment):
            due = max(due, payment.session_created_at + SESSION_ENDS)
    if nobody_paid:
        due = max([due, *(card_until(card) for card in life.cards if card.state != KeptCard.State.KEPT)])
    return due


def _is_unpaid(payment: Payment) -> bool:
    """Asked for by a link, and still owed: its page stands open until Stripe ends it."""
    assert payment.appointment is not None
    return payment.state in ("open", "lapsed") and balance_of(payment.appointment).due > 0


def _is_as_paid(life: Life) -> bool:
    """A package is there if it was paid, and only then. Given back before it was taken, its money was only released."""
    package = life.package
    if package is None:
        return True
    states = {payment.state for payment in life.payments}
    if package.state == Package.State.REFUNDED:
        return bool(states & {Payment.State.CAPTURED, Payment.State.VOIDED})
    return (package.state == Package.State.ACTIVE) == (Payment.State.CAPTURED in states)


def _due_of(fee: FeeCase, life: Life) -> int:
    """By how much more than its fee is due for a visit. What a bank or the dashboard took back is another matter."""
    visit = life.visit
    assert visit is not None
    beside = any(one.entries.filter(kind__in=["disputed", "refund"]).exists() for one in life.payments)
    due = balance_of(visit).due
    if fee.state in OWED:
        return 0 if 0 < due <= fee.amount else due
    return 0 if beside else due


def _standing(life: Life) -> str:
    rows = [life.visit, life.package, life.fee, *life.cards, *life.payments]
    return "; ".join(str({name: value for name, value in vars(row).items() if value}) for row in rows if row)


def _commands_of(payment: Payment) -> str:
    rows = payment.commands.order_by("first_asked_at", "attempt")
    return ", ".join(f"{one.idempotency_key} {one.outcome} {one.problem}".strip() for one in rows)


def _told_to_the_end(story: Story, life: Life) -> Iterator[None]:
    yield from story(life)


def _work(seed: float) -> None:
    """A worker: one sweep after the other, until somebody kills it."""
    forget_inherited()
    stripe_gateway._connect.cache_clear()
    chance = Random(seed)
    while True:
        with suppress(DrypointError):
            chance.choice((*SWEEPS * 2, *NOW_AND_THEN))(now=clock.now())
        time.sleep(0.05)


@contextmanager
def unguarded() -> Iterator[None]:
    """Each question has a key of its own, nobody notices that somebody else was there, and questions take a while."""

    def slowly(**asked: Any) -> GatewayCommand:
        time.sleep(0.1)
        return commands.ask(**asked)

    with (
        mock.patch.object(checkout, "RETRY_AFTER", timedelta()),
        mock.patch.object(GatewayCommand, "idempotency_key", property(lambda _: str(uuid4()))),
        mock.patch.object(Payment, "revision", property(lambda _: 0, lambda *_: None)),
        mock.patch.object(convergence, "ask", slowly),
    ):
        yield
