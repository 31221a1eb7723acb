"""Events in every order, doubled and lost: the ledger and the booking end the same, and equal to Stripe."""

import random
from typing import Any
from uuid import uuid4

import pytest

from booking.payments.ledger import write_entry
from booking.payments.models import Payment, WebhookEvent
from booking.services import movements_in
from booking.services.checkout import handle_events, reconcile, settle, sweep_checkouts
from tests.booking.services.event_orders import MOST, SCENARIOS, Walk, arrivals, play
from tests.factories.payments import Till, ledger_of, ledger_sums, payment_now, state_of
from tests.simulators.stripe import DECLINED_CARD, pay
from tests.simulators.stripe.store import Body

PAID = [("charge", 3000), ("authorisation", 3000), ("capture", 3000)]


def one_story(till: Till, chance: random.Random) -> list[Body]:
    """A deposit is paid while its events arrive as chance has it; returns them as they arrived."""
    payment = till.book()
    url = till.open(payment)
    if chance.random() < 0.3:
        pay(url, card=DECLINED_CARD)
    pay(url)
    arrived: list[Body] = []
    told: set[str] = set()
    for _ in range(4):
        fresh = [event for event in till.events(payment) if event["id"] not in told]
        told |= {event["id"] for event in fresh}
        arriving = [event for event in fresh for _ in range(chance.choice((0, 1, 1, 2)))] + chance.sample(
            arrived, k=min(len(arrived), chance.randrange(2))
        )
        chance.shuffle(arriving)
        for event in arriving[: MOST - len(arrived)]:
            assert till.tell(event) == 200
            arrived.append(event)
            if chance.random() < 0.5:
                handle_events(now=till.now)
        if chance.random() < 0.3:
            settle(payment=payment, now=till.now)
        handle_events(now=till.now)
    till.wait(minutes=chance.choice((2, 10, 16)))
    for last in chance.sample((reconcile, sweep_checkouts, handle_events), k=3):
        last(now=till.now)
    _judge(till, payment)
    return arrived


def _judge(till: Till, payment: Payment) -> None:
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 0}
    assert payment_now(payment).settled_at is not None
    assert not WebhookEvent.objects.filter(handled_at=None).exists()


def tell_stories(till: Till, seeds: range) -> None:
    for seed in seeds:
        try:
            one_story(till, random.Random(seed))
        except AssertionError as error:
            raise AssertionError(f"with seed {seed}") from error


def test_up_to_six_events_in_any_order_doubled_or_lost(till: Till) -> None:
    tell_stories(till, range(8))


@pytest.mark.parametrize("name", SCENARIOS)
def test_however_it_is_told_it_ends_the_same(till: Till, name: str) -> None:
    expected, events = play(till, SCENARIOS[name], None)
    assert 0 < events <= MOST
    for arrival in [(), *random.Random(name).sample(list(arrivals(events)), k=2)]:
        assert play(till, SCENARIOS[name], arrival) == (expected, events), arrival


@pytest.mark.chaos
@pytest.mark.parametrize("name", SCENARIOS)
def test_in_every_order_with_every_loss_and_every_doubling(
    till: Till, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Walk(till, SCENARIOS[name])
    with capsys.disabled():
        print(f"\n{name}: {walk.ways} ways, {walk.most} events at most, {walk.again} told again; all end the same")


def test_one_scenario_in_every_order(till: Till) -> None:
    walk = Walk(till, SCENARIOS["given back in the dashboard"])
    assert (walk.ways, walk.most) == (5, 2)


def test_and_it_is_noticed_if_an_event_does_something_twice(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: movements without a name of their own."""

    def nameless(*, reference: str, **movement: Any) -> bool:
        return write_entry(reference=f"{reference} {uuid4()}", **movement)

    monkeypatch.setattr(movements_in, "write_entry", nameless)
    with pytest.raises(AssertionError):
        Walk(till, SCENARIOS["given back in the dashboard"])
