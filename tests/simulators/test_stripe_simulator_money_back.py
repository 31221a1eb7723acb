"""Money that goes back: refunds in parts, late, failing, cancelled or made elsewhere, and disputes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import Clinic
from tests.simulators.stripe import StripeSimulator

FEE = 117  # of 30.00: 2.9 % and 30 cents


@pytest.fixture
def paid(client: stripe.StripeClient) -> Callable[[], Any]:
    """A payment of 30.00 that was captured."""
    wanted = {"amount": 3000, "currency": "cad", "payment_method": "pm_card_visa", "confirm": True}
    return lambda: client.v1.payment_intents.create({**wanted, "return_url": "http://clinic.test/"})


def test_refunds_in_parts_stop_at_what_is_left(
    simulator: StripeSimulator, client: stripe.StripeClient, paid: Callable[[], Any]
) -> None:
    intent = paid()
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$20.01\) is greater than .* \(\$20.00\)") as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 2001})
    assert refused.value.param == "amount"
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 2000})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    assert simulator.violations == []


def test_a_refund_waits_and_then_is_there(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic, paid: Callable[[], Any]
) -> None:
    simulator.post_control("faults", {"action": "refund_pending", "after": 3600, "count": 2})
    first, second = (client.v1.refunds.create({"payment_intent": paid().id}) for _ in range(2))
    assert (first.status, first.pending_reason) == ("pending", "processing")
    simulator.post_control("refund/succeed", {"refund": second.id})
    assert client.v1.refunds.retrieve(second.id).status == "succeeded"
    simulator.post_control("advance", {"seconds": 3600})
    assert client.v1.refunds.retrieve(first.id).status == "succeeded"
    clinic.wait_for("refund.created", "refund.updated", "charge.refund.updated")
    assert simulator.violations == []


def test_a_refund_waits_fails_and_its_money_is_back_on_the_account(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic, paid: Callable[[], Any]
) -> None:
    intent = paid()
    simulator.post_control("faults", [{"action": "refund_pending"}, {"action": "refund_fails", "after": 60}])
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"
    simulator.post_control("advance", {"seconds": 60})
    failed = client.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_balance_transaction.amount) == ("failed", 3000)
    assert _moves(client) == [("charge", 3000, FEE), ("refund", -3000, 0), ("refund_failure", 3000, 0)]
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 0
    clinic.wait_for("refund.failed", "refund.updated", "charge.refund.updated")
    assert simulator.violations == []


def test_a_refund_is_made_and_cancelled_in_stripes_own_dashboard(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic, paid: Callable[[], Any]
) -> None:
    intent = paid()
    simulator.post_control("refund", {"payment_intent": intent.id, "amount": 500})
    simulator.post_control("faults", {"action": "refund_pending", "after": 86400})
    stopped = simulator.post_control("refund", {"payment_intent": intent.id, "amount": 700})
    simulator.post_control("refund/cancel", {"refund": stopped["id"]})
    shown = client.v1.refunds.list({"payment_intent": intent.id}).data
    assert [(refund.amount, refund.status) for refund in shown] == [(700, "canceled"), (500, "succeeded")]
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 500
    with pytest.raises(ValueError, match="is not pending"):
        simulator.post_control("refund/cancel", {"refund": stopped["id"]})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.cancel(shown[1].id)
    assert refused.value.code == "refund_not_cancelable"
    clinic.wait_for("refund.created", "charge.refunded")
    made = next(event for event in clinic.events if event.type == "refund.created")
    assert (made.request.id, made.request.idempotency_key) == (None, None)
    assert simulator.violations == []


@pytest.mark.parametrize(("status", "net"), [("won", 3000 - 1000 - FEE), ("lost", -1500 - FEE)])
def test_a_dispute_takes_what_was_not_refunded_and_gives_it_back_when_won(
    simulator: StripeSimulator,
    client: stripe.StripeClient,
    clinic: Clinic,
    paid: Callable[[], Any],
    status: str,
    net: int,
) -> None:
    intent = paid()
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    dispute = simulator.post_control("dispute", {"payment_intent": intent.id, "reason": "fraudulent"})
    taken = dispute["balance_transactions"][0]
    assert (taken["amount"], taken["fee"], taken["net"]) == (-2000, 1500, -3500)
    assert client.v1.charges.retrieve(intent.latest_charge).disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    assert refused.value.code == "charge_disputed"

    simulator.post_control("dispute/review", {"dispute": dispute["id"]})
    assert client.v1.disputes.retrieve(dispute["id"]).status == "under_review"
    simulator.post_control("dispute/close", {"dispute": dispute["id"], "status": status})
    closed = client.v1.disputes.retrieve(dispute["id"])
    categories = [move.reporting_category for move in closed.balance_transactions]
    assert categories == (["dispute", "dispute_reversal"] if status == "won" else ["dispute"])
    assert sum(move.net for move in client.v1.balance_transactions.list().data) == net
    told = ["created", "funds_withdrawn", "updated", "closed"] + ["funds_reinstated"] * (status == "won")
    clinic.wait_for(*(f"charge.dispute.{kind}" for kind in told))
    assert simulator.violations == []


def _moves(client: stripe.StripeClient) -> list[tuple[str, int, int]]:
    return [(move.type, move.amount, move.fee) for move in reversed(client.v1.balance_transactions.list().data)]
