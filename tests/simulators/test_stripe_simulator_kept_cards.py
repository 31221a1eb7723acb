"""A card kept for later: kept in two ways, charged while the patient is away, changed, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import Clinic
from tests.simulators.stripe import DECLINED_CARD, SECURE_CARD, StripeSimulator, pay
from tests.simulators.stripe.payer import SECURE_THEN_DECLINED_CARD

Order = Callable[..., dict[str, Any]]
YEAR = 366 * 86400


def test_a_card_is_kept_beside_a_payment_and_is_free_when_the_patient_is_away(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    customer = client.v1.customers.create({})
    data = {"setup_future_usage": "off_session", "capture_method": "manual"}
    session = client.v1.checkout.sessions.create(order(customer=customer.id, payment_intent_data=data))
    pay(session.url, card=SECURE_CARD)
    kept = client.v1.customers.payment_methods.list(customer.id, {"type": "card"}).data
    assert len(kept) == 1
    charged = _charge(client, customer.id, kept[0].id)
    assert (charged.status, charged.amount_received) == ("succeeded", 4000)
    clinic.wait_for("payment_method.attached", "payment_intent.succeeded")
    assert simulator.violations == []


def test_setup_mode_makes_the_customer_that_keeps_the_card_if_asked(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(_keep(order, customer_creation="always"))
    assert pay(session.url, card=DECLINED_CARD).status == 402
    assert client.v1.setup_intents.retrieve(session.setup_intent).last_setup_error.code == "card_declined"
    assert pay(session.url).status == 303
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    kept = client.v1.customers.payment_methods.list(session.customer).data
    assert [method.id for method in kept] == [session.setup_intent.payment_method]
    assert session.setup_intent.usage == "off_session"
    assert simulator.violations == []


def test_a_setup_intent_is_made_confirmed_listed_and_cancelled_by_request(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    customer = client.v1.customers.create({})
    first = client.v1.setup_intents.create({"customer": customer.id})
    done = client.v1.setup_intents.confirm(first.id, {"payment_method": "pm_card_visa"})
    second = client.v1.setup_intents.create({"customer": customer.id})
    client.v1.setup_intents.cancel(second.id)
    listed = client.v1.setup_intents.list({"customer": customer.id}).data
    assert [(intent.id, intent.status) for intent in listed] == [(second.id, "canceled"), (first.id, "succeeded")]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.setup_intents.cancel(first.id)
    assert refused.value.code == "setup_intent_unexpected_state"
    client.v1.payment_methods.detach(done.payment_method)
    assert client.v1.customers.payment_methods.list(customer.id).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        _charge(client, customer.id, done.payment_method)
    clinic.wait_for("setup_intent.succeeded", "setup_intent.canceled", "payment_method.detached")
    assert simulator.violations == []


def test_a_card_used_without_a_customer_cannot_be_used_twice(
    simulator: StripeSimulator, client: stripe.StripeClient
) -> None:
    card = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    once = {"amount": 4000, "currency": "cad", "payment_method": card.id, "confirm": True}
    client.v1.payment_intents.create({**once, "return_url": "http://clinic.test/"})
    with pytest.raises(stripe.InvalidRequestError, match="without Customer attachment"):
        client.v1.payment_intents.create({**once, "return_url": "http://clinic.test/"})
    assert simulator.violations == []


@pytest.mark.parametrize(
    ("into", "code", "reason"),
    [
        ("insufficient_funds", "card_declined", "insufficient_funds"),
        ("generic_decline", "card_declined", "generic_decline"),
        ("lost_card", "card_declined", "lost_card"),
        ("expired_card", "expired_card", "expired_card"),
        ("authentication_required", "authentication_required", "authentication_required"),
    ],
)
def test_a_kept_card_is_refused_with_its_reason_and_its_intent_waits_for_another(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic, into: str, code: str, reason: str
) -> None:
    customer, card = _kept(client)
    simulator.post_control("card", {"payment_method": card, "into": into})
    with pytest.raises(stripe.CardError) as refused:
        _charge(client, customer, card)
    error = refused.value.json_body["error"]
    assert (refused.value.http_status, error["code"], error["decline_code"]) == (402, code, reason)
    intent = client.v1.payment_intents.retrieve(error["payment_intent"]["id"])
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    told = intent.last_payment_error
    assert (told.code, told.decline_code, told.payment_method.id) == (code, reason, card)
    assert client.v1.charges.retrieve(intent.latest_charge).status == "failed"

    simulator.post_control("card", {"payment_method": card, "into": "good"})
    again = client.v1.payment_intents.confirm(intent.id, {"payment_method": card, "off_session": True})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    clinic.wait_for("payment_intent.payment_failed", "charge.failed", "payment_intent.succeeded")
    assert simulator.violations == []


def test_a_kept_card_expires_when_its_month_is_over(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    customer, card = _kept(client)
    simulator.post_control("advance", {"seconds": 12 * YEAR})
    with pytest.raises(stripe.CardError) as refused:
        _charge(client, customer, card)
    assert refused.value.code == "expired_card"


def test_some_cards_ask_for_the_payer_only_when_the_payer_is_there(
    simulator: StripeSimulator, client: stripe.StripeClient
) -> None:
    customer = client.v1.customers.create({})
    number = {"number": "4000003800000446", "exp_month": 12, "exp_year": 2034}
    card = client.v1.payment_methods.create({"type": "card", "card": number})
    client.v1.payment_methods.attach(card.id, {"customer": customer.id})
    assert _charge(client, customer.id, card.id).status == "succeeded"
    here = _charge(client, customer.id, card.id, off_session=None)
    assert here.status == "requires_action"
    assert simulator.post_control("approve", {"intent": here.id}) == {"status": "succeeded"}
    shown = client.v1.payment_intents.retrieve(here.id, {"expand": ["latest_charge"]}).latest_charge
    assert shown.payment_method_details.card.three_d_secure.result == "authenticated"
    assert simulator.violations == []


def test_a_payer_who_fails_at_the_bank_was_not_charged_and_one_who_leaves_can_come_back(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert pay(session.url, card=SECURE_CARD, approve=False).status == 402
    intent = _intent(client, session.id)
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"

    left = pay(session.url, card=SECURE_CARD, approve=None)
    assert "/c/authenticate/" in left.location
    assert _intent(client, session.id).status == "requires_action"
    assert pay(session.url).status == 303
    assert _intent(client, session.id).status == "requires_capture"
    assert simulator.violations == []


def test_a_payer_who_never_comes_back_from_the_bank_leaves_nothing_behind(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    pay(session.url, card=SECURE_CARD, approve=None)
    simulator.post_control("advance", {"seconds": 31 * 60})
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert _intent(client, session.id).status == "canceled"


def test_a_card_may_be_declined_after_the_payer_approved(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert pay(session.url, card=SECURE_THEN_DECLINED_CARD).status == 402
    intent = _intent(client, session.id)
    assert (intent.status, intent.last_payment_error.decline_code) == ("requires_payment_method", "generic_decline")
    assert simulator.violations == []


def _keep(order: Order, **changes: Any) -> dict[str, Any]:
    return order(mode="setup", currency="cad", line_items=None, payment_intent_data=None, **changes)


def _kept(client: stripe.StripeClient) -> tuple[str, str]:
    customer = client.v1.customers.create({})
    return customer.id, client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}).id


def _charge(client: stripe.StripeClient, customer: str, card: str, *, off_session: bool | None = True) -> Any:
    """A fee on a kept card; without `off_session` the payer is there."""
    fee = {"amount": 4000, "currency": "cad", "customer": customer, "payment_method": card, "confirm": True}
    where = {"off_session": True} if off_session else {"return_url": "http://clinic.test/"}
    return client.v1.payment_intents.create({**fee, **where})


def _intent(client: stripe.StripeClient, session: str) -> Any:
    return client.v1.checkout.sessions.retrieve(session, {"expand": ["payment_intent"]}).payment_intent
