"""Stripe answers late, wrongly or not at all: everything is done once all the same."""

import time

import pytest
from django.db import transaction

from booking.errors import StripeUnavailable
from booking.payments import stripe_gateway
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import want_void
from booking.services.checkout import carry_out_wanted, handle_events, settle
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import Till, ledger_of, ledger_sums, payment_now, state_of

FAULTS = ["drop_before", "drop_during", "drop_after", "error_before", "error_after", "rate_limit"]
FAULTS += ["timeout_before", "timeout_after"]
SESSIONS, EXPIRE = "/v1/checkout/sessions", "/v1/checkout/sessions/*/expire"
CAPTURE, VOID, REFUND = "/v1/payment_intents/*/capture", "/v1/payment_intents/*/cancel", "/v1/refunds"
PAID = [("charge", 3000), ("authorisation", 3000), ("capture", 3000)]

faulty = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture(autouse=True)
def _silence_is_short(till: Till) -> None:
    till.stripe.post_control("settings", {"timeout_seconds": 0.05})


def open_in_spite(till: Till, payment: Payment) -> None:
    """The patient presses the button again until there is a page."""
    for _ in range(3):
        try:
            till.open(payment)
        except StripeUnavailable:
            till.wait(seconds=20)
        else:
            return


def settle_in_spite(till: Till, payment: Payment) -> None:
    try:
        settle(payment=payment, now=till.now)
    except StripeUnavailable:
        till.sweep()


@faulty
def test_opening_the_page(till: Till, fault: str) -> None:
    payment = till.book()
    till.fault(fault, SESSIONS)
    open_in_spite(till, payment)
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID
    assert len(till.stripe.store.find("checkout.session")) == 1
    assert keys(till, SESSIONS) == [f"v1:{payment.pk}:open_session:{n}" for n in attempts(fault, absent="error_before")]


@faulty
def test_taking_the_money(till: Till, fault: str) -> None:
    payment = till.book()
    till.pay(payment)
    till.fault(fault, CAPTURE)
    settle_in_spite(till, payment)
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID
    assert ledger_sums(payment) == till.truth(payment)
    assert payment_now(payment).settled_at is not None
    assert not GatewayCommand.objects.filter(outcome="unknown").exists()


@faulty
def test_giving_it_back(till: Till, fault: str) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault(fault, REFUND)
    till.sweep()
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}
    assert len(till.stripe.store.find("refund")) == 1
    assert payment_now(payment).settled_at is not None
    assert not GatewayCommand.objects.filter(outcome="unknown").exists()


@faulty
def test_releasing_it(till: Till, fault: str) -> None:
    screening = make_screening(review_line(), now=till.now).screening
    payment = till.book(service=till.make_service(screening="full", modality="manual"), screening=screening)
    till.pay(payment)
    settle(payment=payment, now=till.now)
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault(fault, VOID)
    till.sweep()
    assert payment_now(payment).state == "voided"
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 0, "sent back": 0}
    assert payment_now(payment).settled_at is not None
    assert not Finding.objects.exists()


@faulty
def test_ending_the_page(till: Till, fault: str) -> None:
    payment = till.book()
    till.open(payment)
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault(fault, EXPIRE)
    till.sweep()
    assert payment_now(payment).state == "lapsed"
    assert [session["status"] for session in till.stripe.store.find("checkout.session")] == ["expired"]


def test_a_failure_that_stripe_repeats_for_its_key_is_looked_into_before_a_new_key_is_used(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault("error_before", REFUND)
    till.sweep()
    assert keys(till, REFUND) == [f"v1:{payment.pk}:refund-1:1", f"v1:{payment.pk}:refund-1:2"]
    first, second = GatewayCommand.objects.filter(operation="refund-1").order_by("attempt")
    assert (first.outcome, second.outcome) == ("refused", "done")


def test_a_done_refund_behind_a_failure_is_recognised(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault("error_after", REFUND)
    till.sweep()
    assert keys(till, REFUND) == [f"v1:{payment.pk}:refund-1:1"]


def test_after_a_lost_answer_the_same_key_is_used(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault("drop_before", REFUND, count=3)
    till.sweep(5)
    assert keys(till, REFUND) == [f"v1:{payment.pk}:refund-1:1"] * 4


def test_a_key_is_used_for_23_hours_at_most(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.fault("drop_before", REFUND)
    till.sweep(1)
    till.wait(hours=24)
    till.sweep(1)
    assert keys(till, REFUND) == [f"v1:{payment.pk}:refund-1:1", f"v1:{payment.pk}:refund-1:2"]
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}


def test_stripe_away_for_a_while_and_everything_drains_when_it_is_back(till: Till) -> None:
    payments = [till.taken() for _ in range(5)]
    for payment in payments:
        with transaction.atomic():
            want_void(payment=payment, now=till.now)
    waiting = till.book()
    till.pay(waiting)
    events = till.events(waiting)
    till.stripe.hang_up()
    assert carry_out_wanted(now=till.now) == 3  # then it is taken to be down
    till.tell_all(events)
    assert state_of(waiting) == ("open", "pending", "payment")
    till.stripe.listen()
    till.sweep(2)
    handle_events(now=till.now)
    assert state_of(waiting) == ("captured", "booked", "")
    for payment in payments:
        assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}


def test_a_slow_answer_is_not_waited_for(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = till.book()
    till.pay(payment)
    monkeypatch.setattr(stripe_gateway, "READ_SECONDS", 0.2)
    stripe_gateway._connect.cache_clear()
    till.fault("delay_after", CAPTURE, seconds=0.4)
    with pytest.raises(StripeUnavailable):
        settle(payment=payment, now=till.now)
    stripe_gateway._connect.cache_clear()
    time.sleep(0.3)  # its late answer finds nobody
    till.sweep(1)
    assert ledger_of(payment) == PAID


def keys(till: Till, path: str) -> list[str]:
    """The keys of the requests that were sent to a path, each time it was sent."""
    return [entry["key"] for entry in till.stripe.api.log if entry["method"] == "POST" and entry["path"] == path]


def attempts(fault: str, *, absent: str) -> list[int]:
    """Which attempts a fault costs: a kept failure that left nothing needs a second one."""
    return {absent: [1, 2], "error_after": [1]}.get(fault, [1, 1])
