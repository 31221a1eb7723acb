"""What nobody told us is found by asking."""

from datetime import timedelta

import pytest

from booking.errors import StripeUnavailable
from booking.payments.findings import open_findings, resolve_finding
from booking.payments.models import Finding, GatewayCommand, LedgerEntry, Payment
from booking.payments.stripe_gateway import connect
from booking.services.checkout import reconcile, reconcile_nightly, settle
from intake.models import Role
from tests.factories.booking import make_staff
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import RETURN, Till, ledger_of, ledger_sums, payment_now, state_of
from tests.simulators.stripe import pay


def findings() -> list[tuple[str, str]]:
    return list(Finding.objects.order_by("kind").values_list("kind", "object_id"))


def test_a_night_without_differences_finds_nothing(till: Till) -> None:
    payment = till.taken()
    assert reconcile_nightly(now=till.now) == 0
    assert ledger_sums(payment) == till.truth(payment)
    assert findings() == []


def test_the_night_settles_what_is_still_open(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    assert reconcile_nightly(now=till.now) == 0
    assert state_of(payment) == ("captured", "booked", "")


def test_a_payment_with_our_mark_that_we_do_not_know(till: Till) -> None:
    ghost = "5b6f3a52-6d6f-4a4f-9d0e-000000000000"
    session = connect().open_session(
        order={
            "payment": ghost,
            "amount": 3000,
            "currency": "CAD",
            "description": "Appointment deposit",
            "locale": "en",
            "expires_at": int((till.now + timedelta(minutes=31)).timestamp()),
            **RETURN,
        },
        key="ghost",
    )
    pay(session.url)
    [intent] = till.stripe.store.find("payment_intent")
    assert reconcile_nightly(now=till.now) == 2
    assert set(findings()) == {("unknown-at-stripe", session.id), ("unknown-at-stripe", intent["id"])}
    assert reconcile_nightly(now=till.now) == 0  # the same finding is open already


def test_what_others_do_with_the_same_account_is_not_ours(till: Till) -> None:
    payment = till.taken()
    for kind in ("payment_intent", "checkout.session"):
        [one] = till.stripe.store.find(kind)
        till.stripe.store.put(one | {"metadata": {}})
    Payment.objects.filter(pk=payment.pk).update(session_created_at=till.now - timedelta(days=30))
    assert reconcile_nightly(now=till.now) == 0


def test_a_sum_that_differs(till: Till) -> None:
    payment = till.taken()
    [intent] = till.stripe.store.find("payment_intent")
    till.stripe.store.put(intent | {"amount_received": 2500})
    assert reconcile_nightly(now=till.now) == 1
    assert findings() == [("amount", intent["id"])]
    assert LedgerEntry.objects.filter(payment=payment, kind="capture").count() == 1


def test_money_of_another_currency_is_not_ours_to_write_or_take(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    [intent] = till.stripe.store.find("payment_intent")
    till.stripe.store.put(intent | {"currency": "jpy"})
    till.wait(minutes=10)
    reconcile(now=till.now)
    assert ledger_of(payment) == [("charge", 3000)]
    assert payment_now(payment).state == "open"
    assert [finding.details["currency"] for finding in Finding.objects.all()] == ["JPY"]
    reconcile_nightly(now=till.now)
    [intent] = till.stripe.store.find("payment_intent")
    assert (intent["status"], Finding.objects.count()) == ("requires_capture", 1)


def test_a_payment_that_stripe_lost(till: Till) -> None:
    payment = till.taken()
    session = payment_now(payment).session_id
    till.stripe.store.run("DELETE FROM objects WHERE kind IN ('payment_intent', 'checkout.session')")
    assert reconcile_nightly(now=till.now) == 1
    assert findings() == [("missing-at-stripe", session)]


def test_a_page_opened_without_our_knowing_is_found(till: Till) -> None:
    payment = till.book()
    till.fault("drop_after", "/v1/checkout/sessions")
    with pytest.raises(StripeUnavailable):
        till.open(payment)
    assert payment_now(payment).session_id == ""
    till.wait(minutes=2)
    reconcile(now=till.now)
    [session] = till.stripe.store.find("checkout.session")
    assert payment_now(payment).session_id == session["id"]
    assert till.open(payment) == session["url"]


def test_an_authorisation_that_waits_for_four_days_is_told_to_staff(till: Till) -> None:
    screening = make_screening(review_line(), now=till.now).screening
    payment = till.book(service=till.make_service(screening="full", modality="manual"), screening=screening)
    till.pay(payment)
    settle(payment=payment, now=till.now)
    till.wait(days=4, seconds=1)
    reconcile(now=till.now)
    assert findings() == [("authorisation-ageing", str(payment.pk))]


def test_stripe_is_down_at_night(till: Till) -> None:
    till.taken()
    till.stripe.hang_up()
    with pytest.raises(StripeUnavailable):
        reconcile_nightly(now=till.now)
    till.stripe.listen()


def test_one_payment_that_fails_does_not_stop_the_others(till: Till) -> None:
    payments = [till.book() for _ in range(3)]
    for payment in payments:
        till.pay(payment)
    till.wait(minutes=2)
    till.stripe.post_control("faults", {"action": "rate_limit", "method": "GET", "count": 1})
    reconcile(now=till.now)
    reconcile(now=till.now)
    assert {state_of(payment) for payment in payments} == {("captured", "booked", "")}


def test_staff_resolve_a_finding(till: Till) -> None:
    payment = till.taken()
    till.stripe.post_control("dispute", {"payment_intent": payment_now(payment).intent_id})
    till.tell_all(till.events())
    manager = make_staff(Role.MANAGER)
    [finding] = open_findings()
    resolve_finding(finding=finding, by=manager, now=till.now)
    assert list(open_findings()) == []
    assert not GatewayCommand.objects.filter(outcome="unknown").exists()
