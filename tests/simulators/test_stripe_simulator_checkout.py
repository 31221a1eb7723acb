"""The road of a deposit: a session, its page, the held money, and each way it can end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import Clinic
from tests.simulators.stripe import DECLINED_CARD, POOR_CARD, SECURE_CARD, StripeSimulator, pay
from tests.simulators.stripe.payer import fetch

Order = Callable[..., dict[str, Any]]
DAY = 86400


def test_a_deposit_is_held_captured_and_refunded(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)

    shown = pay(session.url)
    assert (shown.status, shown.location) == (303, f"http://clinic.test/paid/?session={session.id}")

    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent = session.payment_intent
    assert (session.status, session.payment_status, session.url) == ("complete", "unpaid", None)
    assert (intent.status, intent.amount_capturable, intent.latest_charge.captured) == ("requires_capture", 3000, False)
    assert intent.metadata.to_dict() == session.metadata.to_dict() == {"payment": "p-1"}

    captured = client.v1.payment_intents.capture(intent.id)
    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 3000, 0)

    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    charge = client.v1.charges.retrieve(captured.latest_charge)
    assert (refund.status, charge.amount_refunded, charge.refunded) == ("succeeded", 1000, False)
    clinic.wait_for(
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
        "charge.captured",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.created",
    )
    assert simulator.violations == []


def test_without_manual_capture_the_money_is_taken_at_once(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order(payment_intent_data={"metadata": {"payment": "p-1"}}))
    pay(session.url)
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.payment_status, session.payment_intent.status) == ("paid", "succeeded")
    assert simulator.violations == []


def test_part_of_the_held_money_is_taken_and_the_rest_goes_back(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    intent = _held(client, order)
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1800})
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (1800, 1200, False)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1801})
    assert refused.value.param == "amount"
    assert "is greater than unrefunded amount on charge ($18.00)" in str(refused.value)

    client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    assert simulator.violations == []


def test_held_money_is_released_by_cancelling_and_not_refundable_before(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    intent = _held(client, order)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        client.v1.refunds.create({"payment_intent": intent.id})
    cancelled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "requested_by_customer"})
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (cancelled.status, cancelled.amount_capturable) == ("canceled", 0)
    assert (charge.captured, charge.refunded, charge.amount_refunded) == (False, True, 3000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.json_body["error"]["payment_intent"]["status"] == "canceled"
    assert simulator.violations == []


def test_an_open_session_can_be_expired_once_and_a_complete_one_never(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    session = client.v1.checkout.sessions.create(order())
    url = session.url
    expired = client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert "expired" in fetch(url).text
    assert pay(url).status == 410
    paid = client.v1.checkout.sessions.create(order())
    pay(paid.url)
    for session_id, status in ((session.id, "expired"), (paid.id, "complete")):
        with pytest.raises(stripe.InvalidRequestError, match=f"This Checkout Session has a status of `{status}`"):
            client.v1.checkout.sessions.expire(session_id)
    clinic.wait_for("checkout.session.expired", "checkout.session.completed")
    assert simulator.violations == []


@pytest.mark.parametrize(("card", "reason"), [(DECLINED_CARD, "generic_decline"), (POOR_CARD, "insufficient_funds")])
def test_after_a_declined_card_another_one_pays_the_same_intent(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic, card: str, reason: str
) -> None:
    session = client.v1.checkout.sessions.create(order())
    shown = pay(session.url, card=card)
    assert shown.status == 402
    assert "role='alert'" in shown.text
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_intent.status) == ("open", "requires_payment_method")
    assert session.payment_intent.last_payment_error.decline_code == reason

    assert pay(session.url).status == 303
    intent = client.v1.payment_intents.retrieve(session.payment_intent.id)
    assert (intent.status, intent.last_payment_error) == ("requires_capture", None)
    clinic.wait_for("payment_intent.payment_failed", "charge.failed", "checkout.session.completed")
    assert simulator.violations == []


def test_a_secure_card_is_approved_or_refused_at_the_bank(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert pay(session.url, card=SECURE_CARD, approve=False).status == 402
    assert pay(session.url, card=SECURE_CARD).location.startswith("http://clinic.test/paid/")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert simulator.violations == []


def test_a_bank_that_does_not_answer_leaves_the_session_open_until_it_does_or_time_is_up(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    simulator.post_control("faults", {"action": "approval_hangs", "count": 2})
    first, second = (client.v1.checkout.sessions.create(order()) for _ in range(2))
    for session in (first, second):
        shown = pay(session.url)
        assert shown.status == 200
        assert "Waiting for your bank" in shown.text
    assert simulator.post_control("approve", {"session": first.id}) == {"status": "requires_capture"}
    assert client.v1.checkout.sessions.retrieve(first.id).status == "complete"

    intent_id = client.v1.checkout.sessions.retrieve(second.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session instead"):
        client.v1.payment_intents.cancel(intent_id)
    client.v1.checkout.sessions.expire(second.id)
    assert simulator.post_control("approve", {"session": second.id}) == {"status": "canceled"}
    assert simulator.violations == []


def test_a_card_is_kept_in_setup_mode_and_charged_later_without_the_patient(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    customer = client.v1.customers.create({"metadata": {"patient": "x"}})
    session = client.v1.checkout.sessions.create(
        order(mode="setup", currency="cad", customer=customer.id, line_items=None, payment_intent_data=None)
    )
    assert (session.payment_status, session.amount_total) == ("no_payment_required", None)
    assert pay(session.url, card=SECURE_CARD).status == 303
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (session.status, session.setup_intent.status) == ("complete", "succeeded")
    kept = client.v1.customers.payment_methods.list(customer.id).data
    assert [method.id for method in kept] == [session.setup_intent.payment_method]

    fee = {"amount": 4000, "currency": "cad", "customer": customer.id, "payment_method": kept[0].id}
    intent = client.v1.payment_intents.create({**fee, "off_session": True, "confirm": True})
    assert intent.status == "succeeded"
    clinic.wait_for("setup_intent.succeeded", "payment_method.attached", "payment_intent.succeeded")
    assert simulator.violations == []


def test_a_kept_card_may_be_declined_when_nobody_is_there_to_approve(
    simulator: StripeSimulator, client: stripe.StripeClient
) -> None:
    customer = client.v1.customers.create({})
    card = client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    fee = {"amount": 4000, "currency": "cad", "customer": customer.id, "payment_method": card.id}
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create({**fee, "off_session": True, "confirm": True})
    assert (refused.value.code, refused.value.http_status) == ("authentication_required", 402)
    failed = client.v1.payment_intents.list({"customer": customer.id}).data
    assert [intent.status for intent in failed] == ["requires_payment_method"]
    assert simulator.violations == []


def test_a_session_lives_at_least_half_an_hour_and_ends_when_its_clock_passes(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="at least 30 minutes") as refused:
        client.v1.checkout.sessions.create(order(expires_at=simulator.clock.now() + 29 * 60))
    assert refused.value.param == "expires_at"
    session = client.v1.checkout.sessions.create(order())
    simulator.post_control("advance", {"seconds": 30 * 60})
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    simulator.post_control("advance", {"seconds": 61})
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    clinic.wait_for("checkout.session.expired")
    assert simulator.violations == []


def test_held_money_that_nobody_takes_lapses_after_seven_days(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    intent = _held(client, order)
    simulator.post_control("advance", {"seconds": 7 * DAY - 60})
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    simulator.post_control("advance", {"seconds": 120})
    lapsed = client.v1.payment_intents.retrieve(intent.id)
    assert (lapsed.status, lapsed.cancellation_reason) == ("canceled", "automatic")
    clinic.wait_for("charge.expired", "payment_intent.canceled")
    assert simulator.violations == []


def test_a_refund_may_come_back_later_and_a_charge_may_be_disputed(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    intent = _held(client, order)
    client.v1.payment_intents.capture(intent.id)
    simulator.post_control("faults", {"action": "refund_fails", "after": 3600})
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    simulator.post_control("advance", {"seconds": 3601})
    failed = client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "unknown")
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 0

    dispute = simulator.post_control("dispute", {"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    simulator.post_control("dispute/close", {"dispute": dispute["id"], "status": "won"})
    assert client.v1.disputes.retrieve(dispute["id"]).status == "won"
    moved = client.v1.balance_transactions.list({"limit": 100}).data
    assert sum(move.amount for move in moved) == 3000
    clinic.wait_for("refund.failed", "charge.dispute.created", "charge.dispute.closed")
    assert simulator.violations == []


def test_the_page_speaks_of_the_simulator_and_refuses_other_cards(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    text = fetch(session.url).text
    for words in ("This is a simulator", "4242 4242 4242 4242", "CAD 30.00", "http://clinic.test/back/"):
        assert words in text
    for form, words in (
        ({"card_number": "1234", "expiry": "12/34", "cvc": "123"}, "not one of the test cards"),
        ({"card_number": "4242424242424242", "expiry": "13/34", "cvc": "123"}, "month and a year"),
        ({"card_number": "4242424242424242", "expiry": "12/34", "cvc": "x"}, "three or four digits"),
        ({}, "not one of the test cards"),
        ({"card_number": "<b>", "expiry": "\x00"}, "not one of the test cards"),
    ):
        shown = fetch(session.url, form)
        assert shown.status == 422
        assert words in shown.text
        assert "<b>" not in shown.text
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None
    assert fetch(f"{simulator.base_url}/c/pay/cs_test_none").status == 404


def _held(client: stripe.StripeClient, order: Order) -> Any:
    session = client.v1.checkout.sessions.create(order())
    pay(session.url)
    return client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent


@pytest.mark.parametrize(
    ("outcome", "intent_status", "payment_status"),
    [("succeed", "succeeded", "paid"), ("decline", "requires_payment_method", "unpaid")],
)
def test_a_payment_that_takes_days_completes_its_session_first(
    simulator: StripeSimulator,
    client: stripe.StripeClient,
    order: Order,
    clinic: Clinic,
    outcome: str,
    intent_status: str,
    payment_status: str,
) -> None:
    simulator.post_control("faults", {"action": "settles_later"})
    session = client.v1.checkout.sessions.create(order(payment_intent_data=None))
    assert pay(session.url).status == 303
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert session.payment_intent.status == "processing"
    assert simulator.post_control("approve", {"session": session.id, "outcome": outcome}) == {"status": intent_status}
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == payment_status
    clinic.wait_for(f"checkout.session.async_payment_{'succeeded' if outcome == 'succeed' else 'failed'}")
    assert simulator.violations == []
