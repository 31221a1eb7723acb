"""Stripe's payouts beside our ledger: what lies there, what went to the bank, and what does not agree."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from booking.errors import StripeUnavailable
from booking.models import Payout, StripeMovement
from booking.payments.models import Finding, Payment
from booking.rules.months import month_of
from booking.selectors.accounts import account_of
from booking.services.payouts import note_on_statement, read_payouts
from intake.errors import NotAllowed
from intake.models import Role
from tests.factories.booking import make_staff
from tests.factories.payments import Till
from tests.simulators.stripe.store import Body

FEE = 117  # of 30.00: 2.9 % and 30 cents


def payout(till: Till) -> Body:
    """Two days later Stripe pays out what is there."""
    till.wait(days=2, minutes=1)
    [made] = till.stripe.post_control("payout", {})["payouts"]
    return made


def findings() -> list[tuple[str, str]]:
    return list(Finding.objects.order_by("kind", "object_id").values_list("kind", "object_id"))


def stripe_in_the_books(till: Till) -> dict[str, object]:
    month = month_of(till.now.date())
    figures = account_of(location=till.clinic.location, month=month).figures["stripe"]
    return {name: figures[name] for name in ("before", "moved", "difference", "fees", "sent", "after")}


def gross(moved: Iterable[StripeMovement]) -> dict[str, tuple[int, int]]:
    return {one.kind: (one.amount, one.fee) for one in moved}


def test_a_payment_its_fee_and_its_way_to_the_bank(till: Till) -> None:
    payment = till.taken()
    assert read_payouts(now=till.now) == 1
    assert stripe_in_the_books(till) == {
        "before": 0, "moved": 3000, "difference": 0, "fees": -FEE, "sent": 0, "after": 3000 - FEE,
    }  # fmt: skip
    made = payout(till)
    assert read_payouts(now=till.now) == 1
    assert read_payouts(now=till.now) == 0
    found = Payout.objects.get()
    assert (found.pk, found.amount, found.state, found.complete) == (made["id"], 3000 - FEE, "in_transit", True)
    assert gross(found.movements.all()) == {"charge": (3000, FEE)}
    assert found.movements.get().payment == payment
    assert stripe_in_the_books(till)["after"] == 0
    assert findings() == []


def test_a_payout_under_way_is_looked_at_again_until_it_is_there(till: Till) -> None:
    till.taken()
    payout(till)
    read_payouts(now=till.now)
    till.wait(days=1, minutes=1)
    read_payouts(now=till.now)
    assert Payout.objects.get().state == "paid"


def test_a_payout_that_the_bank_sends_back_is_told_once(till: Till) -> None:
    till.taken()
    made = payout(till)
    read_payouts(now=till.now)
    till.stripe.post_control("payout/fail", {"payout": made["id"]})
    read_payouts(now=till.now)
    assert (Payout.objects.get().state, findings()) == ("failed", [("payout-failed", made["id"])])
    Finding.objects.update(resolved_at=till.now)
    read_payouts(now=till.now)
    assert findings() == [("payout-failed", made["id"])]
    assert stripe_in_the_books(till)["after"] == 3000 - FEE


def test_money_of_somebody_else_in_the_account_is_a_finding(till: Till) -> None:
    payment = till.taken()
    Payment.objects.filter(pk=payment.pk).update(intent_id="pi_of_ours")
    read_payouts(now=till.now)
    till.wait(hours=2)
    read_payouts(now=till.now)
    moved = StripeMovement.objects.get()
    assert (moved.payment, findings()) == (None, [("payout", moved.pk)])


def test_the_ledger_has_an_hour_before_a_difference_is_a_finding(till: Till) -> None:
    """Somebody refunds in Stripe's dashboard, and no webhook tells us."""
    payment = till.taken()
    read_payouts(now=till.now)
    intent = Payment.objects.get(pk=payment.pk).intent_id
    till.stripe.post_control("refund", {"payment_intent": intent, "amount": 1000})
    read_payouts(now=till.now)
    assert findings() == []
    till.wait(hours=2)
    read_payouts(now=till.now)
    assert findings() == [("payout", intent)]
    assert Finding.objects.get().details == {"ours": 3000, "seen": 2000}


def test_a_movement_is_matched_when_its_payment_is_known_later(till: Till) -> None:
    payment = till.taken()
    intent = Payment.objects.get(pk=payment.pk).intent_id
    Payment.objects.filter(pk=payment.pk).update(intent_id="")
    read_payouts(now=till.now)
    assert StripeMovement.objects.get().payment is None
    Payment.objects.filter(pk=payment.pk).update(intent_id=intent)
    read_payouts(now=till.now)
    assert StripeMovement.objects.get().payment == payment


def test_without_an_answer_nothing_is_written(till: Till) -> None:
    till.taken()
    till.stripe.post_control("faults", {"action": "error_before", "method": "GET", "path": "/v1/balance_transactions"})
    with pytest.raises(StripeUnavailable):
        read_payouts(now=till.now)
    assert not StripeMovement.objects.exists()
    assert read_payouts(now=till.now) == 1


def test_a_manager_ticks_a_payout_off(till: Till) -> None:
    till.taken()
    payout(till)
    read_payouts(now=till.now)
    manager, found = make_staff(Role.MANAGER), Payout.objects.get()
    with pytest.raises(NotAllowed):
        note_on_statement(payout=found, by=make_staff(Role.RECEPTION), now=till.now)
    ticked = note_on_statement(payout=found, by=manager, now=till.now)
    again = note_on_statement(payout=found, by=make_staff(Role.MANAGER), now=till.now + timedelta(hours=1))
    assert (ticked.seen_by, again.seen_by, again.seen_at) == (manager, manager, ticked.seen_at)
