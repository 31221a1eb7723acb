"""Stripe's fees and the way of the money to the clinic's bank, so that a month can be closed against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import Clinic
from tests.simulators.stripe import StripeSimulator

DAY = 86400


@pytest.fixture
def charge(client: stripe.StripeClient) -> Callable[[int], Any]:
    wanted = {"currency": "cad", "payment_method": "pm_card_visa", "confirm": True}
    return lambda amount: client.v1.payment_intents.create(
        {**wanted, "amount": amount, "return_url": "http://clinic.test/"}
    )


def test_each_capture_pays_a_fee_and_is_available_two_days_later(
    simulator: StripeSimulator, client: stripe.StripeClient, charge: Callable[[int], Any]
) -> None:
    charge(10000)
    moved = client.v1.balance_transactions.list({"type": "charge"}).data[0]
    assert (moved.fee, moved.net, moved.available_on - moved.created) == (320, 9680, 2 * DAY)
    assert [(part.type, part.amount) for part in moved.fee_details] == [("stripe_fee", 320)]
    assert _balance(client) == (0, 9680)
    simulator.post_control("advance", {"seconds": 2 * DAY})
    assert _balance(client) == (9680, 0)
    assert client.v1.balance_transactions.retrieve(moved.id).status == "available"

    simulator.post_control("settings", {"fee_percent": 2.4, "fee_fixed": 25, "matures_days": 0})
    charge(1050)
    assert [move.fee for move in client.v1.balance_transactions.list().data] == [50, 320]
    assert simulator.violations == []


def test_a_payout_takes_what_is_available_and_names_what_was_in_it(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic, charge: Callable[[int], Any]
) -> None:
    intent = charge(10000)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    simulator.post_control("advance", {"seconds": 2 * DAY})
    charge(5000)
    (payout,) = simulator.post_control("payout")["payouts"]
    assert payout["amount"] == 9680 - 1000
    inside = client.v1.balance_transactions.list({"payout": payout["id"]}).data
    assert [(move.type, move.net) for move in inside] == [("payout", -8680), ("refund", -1000), ("charge", 9680)]
    assert _balance(client) == (0, 5000 - 175)
    moved = client.v1.balance_transactions.list({"type": "payout", "expand": ["data.source"]}).data
    assert [(move.amount, move.source.status) for move in moved] == [(-8680, "in_transit")]
    assert simulator.post_control("payout") == {"payouts": []}

    simulator.post_control("advance", {"seconds": DAY})
    clinic.wait_for("payout.created", "payout.paid")
    simulator.post_control("payout/fail", {"payout": payout["id"]})
    clinic.wait_for("payout.failed")
    assert client.v1.balance_transactions.list({"type": "payout_failure"}).data[0].amount == 8680
    assert simulator.violations == []


def test_with_daily_payouts_every_midnight_that_passes_pays_out_once(
    simulator: StripeSimulator, client: stripe.StripeClient, charge: Callable[[int], Any]
) -> None:
    simulator.post_control("settings", {"payouts": "daily"})
    simulator.post_control("advance", {"seconds": 0})
    charge(10000)
    simulator.post_control("advance", {"seconds": DAY})
    charge(10000)
    simulator.post_control("advance", {"seconds": 5 * DAY})
    paid = client.v1.balance_transactions.list({"type": "payout"}).data
    assert [move.amount for move in paid] == [-9680, -9680]
    assert [move.created % DAY for move in paid] == [0, 0]
    assert paid[0].created - paid[1].created == DAY
    between = {"gte": paid[1].created, "lt": paid[0].created}
    assert [move.id for move in client.v1.balance_transactions.list({"created": between}).data] == [paid[1].id]
    assert _balance(client) == (0, 0)
    assert simulator.violations == []


def _balance(client: stripe.StripeClient) -> tuple[int, int]:
    """Available and pending."""
    told = client.v1.balance.retrieve()
    return told.available[0].amount, told.pending[0].amount
