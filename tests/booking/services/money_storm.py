"""Random payments while Stripe misbehaves, events are lost and workers are killed; then an onlooker who compares the
ledger with Stripe's own books, to the cent.
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

from booking.errors import DrypointError
from booking.payments import commands, stripe_gateway
from booking.payments.models import GatewayCommand, Payment
from booking.services import checkout, settlement
from booking.services.cancellations import settle_cancellations
from booking.services.checkout import carry_out_wanted, checkout_until, handle_events, reconcile, sweep_checkouts
from intake import clock
from tests.booking.services.money_stories import STORIES, Life, Story
from tests.factories.booking import NOW, at
from tests.factories.payments import Till, account_of, ledger_account, ledger_sums, visit_now
from tests.simulators.stripe.store import Body

TROUBLE = ("rate_limit", "error_before", "drop_before", "timeout_before", "error_after", "drop_after", "timeout_after")
SWEEPS = (settle_cancellations, sweep_checkouts, carry_out_wanted, handle_events)
SOON = timedelta(minutes=15)
A_TICK = timedelta(seconds=30)
TEN_MINUTES = timedelta(minutes=10)
UNDO = timedelta(minutes=3)
AT_ONCE = 25  # deposits that are alive together
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
        self.reviewed = self.till.make_service(screening="full", modality="manual")
        self.starts = self._starts()
        self.crew: list[BaseProcess] = []
        self.seen_events = 0
        self.beaten = dict.fromkeys((A_TICK, TEN_MINUTES), self.till.now)

    def blow(self, payments: int) -> None:
        """So many deposits, some at a time; each crowd is judged when nothing more can happen to it."""
        post = self.till.stripe.post_control
        post("settings", {"timeout_seconds": 0.02})
        post("faults/random", {"seed": self.seed, "rate": self.rate, "actions": TROUBLE})
        self._hire()
        try:
            while self.told["payments"] < payments:
                self._one_crowd(min(AT_ONCE, payments - self.told["payments"]))
        finally:
            self._end_crew()
            post("faults/random", {"rate": 0})

    def figures(self) -> str:
        minutes = sorted(one.total_seconds() / 60 for one in self.waited)
        states = Counter(Payment.objects.values_list("state", flat=True))
        again = GatewayCommand.objects.filter(attempt__gt=1).count()
        return (
            f"{self.told['payments']} payments, {self.told['killed']} workers killed,"
            f" {self.told['failed requests']} of {self.told['requests']} requests failed,"
            f" {self.told['events']} events told and {self.told['events lost']} lost"
            f" ({self.told['silent crowds']} crowds without any); states {dict(states)};"
            f" {again} commands under a new key; settled after {median(minutes):.1f} minutes in the middle,"
            f" {minutes[-1]:.1f} at most; {len(self.broken)} rules broken"
        )

    def _one_crowd(self, size: int) -> None:
        silent = self.chance.random() < 0.5  # every webhook of this crowd is lost
        self.told["silent crowds"] += silent
        began = self.till.now
        lives: dict[Life, Iterator[None]] = {}
        for _ in range(size):
            life = Life(self.till, self.chance, start=next(self.starts), reviewed=self.reviewed)
            [story] = self.chance.choices(list(self.stories), weights=list(self.stories.values()))
            lives[life] = _told_to_the_end(story, life)
        waiting, over = list(lives), list[Life]()
        while waiting:
            life = self.chance.choice(waiting)
            if next(lives[life], "over") == "over":
                waiting.remove(life)
                over.append(life)
            self._time_passes(seconds=self.chance.choice((0, 1, 5)) + (30 if len(waiting) < 4 else 0), silent=silent)
            over = [*over[1:], *(one for one in over[:1] if not self._agrees(one, began))]  # one look at a time
        self.told["payments"] += size
        self._calm(over, began)
        for life in lives:
            self._judge(life)
        self.till.wait(days=5)  # other times are free then

    def _calm(self, left: list[Life], began: datetime) -> None:
        """Only the sweeps go on, and Stripe's bad days: until everything agrees, or for too long."""
        for _ in range(2 * int((SOON + UNDO) / A_TICK)):
            left = [life for life in left if not self._agrees(life, began)]
            if not left:
                return
            self._time_passes(seconds=A_TICK.total_seconds(), silent=True)
        self.broken += [f"{life.payment.pk} is not settled in time: {vars(life.now)}" for life in left]

    def _agrees(self, life: Life, began: datetime) -> bool:
        """Whether this payment is settled as Stripe has it; then it is noted how long that took."""
        payment = life.now
        if payment.settled_at is None or ledger_account(payment) != account_of(self.till, payment):
            return False
        due = max(life.acted_at, visit_now(payment).cancelled_at or began)
        if payment.state == Payment.State.LAPSED and visit_now(payment).cancel_reason == "payment-lapsed":
            due = max(due, checkout_until(payment))  # until then somebody may still pay
        took = max(self.till.now, payment.settled_at) - due
        self.waited.append(max(took, timedelta()))
        if took > SOON + (UNDO if visit_now(payment).cancelled_at else timedelta()):
            self.broken.append(f"{payment.pk} took {took}")
        return True

    def _judge(self, life: Life) -> None:
        payment, truth = life.now, self.till.truth(life.payment)
        ours = self.till.stripe.store.find("payment_intent", **{"metadata.payment": str(payment.pk)})
        back = self.till.stripe.store.find("refund", payment_intent=payment.intent_id or "none")
        ordered = [one["metadata"]["command"] for one in back if one["metadata"].get("command")]
        rules = {
            "a refund was made twice": max(Counter(ordered).values(), default=1) == 1,
            "charged twice": sum(one["amount_received"] > 0 for one in ours) <= 1,
            "something is still held": sum(one["amount_capturable"] for one in ours) == 0,
            "the ledger says otherwise": ledger_sums(payment) == truth,
            "the account says otherwise": ledger_account(payment) == account_of(self.till, payment),
            "more was given back than taken": truth["sent back"] <= truth["taken"],
            "more was taken than asked": truth["taken"] <= payment.amount,
            "a command has no outcome": not payment.commands.filter(outcome="unknown").exists(),
            "the time is held for nothing": visit_now(payment).awaiting != "payment",
        }
        self.broken += [f"{payment.pk}: {rule}" for rule, kept in rules.items() if not kept]

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
        for sweeps, pause in (((*SWEEPS,), A_TICK), ((reconcile,), TEN_MINUTES)):
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


def _told_to_the_end(story: Story, life: Life) -> Iterator[None]:
    yield from story(life)


def _work(seed: float) -> None:
    """A worker: one sweep after the other, until somebody kills it."""
    for inherited in connections.all(initialized_only=True):
        inherited.connection = None  # forgotten, not closed: the parent may still hold it
    stripe_gateway._connect.cache_clear()
    chance = Random(seed)
    while True:
        with suppress(DrypointError):
            chance.choice((*SWEEPS * 2, reconcile))(now=clock.now())
        time.sleep(0.02)


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
        mock.patch.object(settlement, "ask", slowly),
    ):
        yield
