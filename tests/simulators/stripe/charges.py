"""Charges: what a card was asked for, and what came of it."""

from __future__ import annotations

from tests.simulators.stripe import balance, cards
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

AUTHORISATION_SECONDS = 7 * 24 * 3600
_APPROVED = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": "3d5ecbb0-5a1f-4d9e-a5c2-000000000000",
    "version": "2.2.0",
}


def make_charge(
    world: World, intent: Body, method: Body, *, decline: Body | None = None, approved: bool = False
) -> Body:
    """The attempt to charge a card: authorised (not captured), or failed with `decline`."""
    charge: Body = {
        "id": world.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SIMULATED CLINIC",
        "captured": False,
        "created": world.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline["code"] if decline else None,
        "failure_message": decline["message"] if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(world, intent, method, decline, approved=approved),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None if decline else f"{world.public_url}/receipts/{intent['id']}",
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if decline else "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }
    world.store.put(charge)
    return charge


def _outcome(decline: Body | None) -> Body:
    return {
        "advice_code": cards.advice(decline["decline_code"]) if decline else None,
        "network_advice_code": None,
        "network_decline_code": cards.network_code(decline["decline_code"]) if decline else None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline["decline_code"] if decline else None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": (
            "The bank did not return any further details with this decline." if decline else "Payment complete."
        ),
        "type": "issuer_declined" if decline else "authorized",
    }


def _details(world: World, intent: Body, method: Body, decline: Body | None, *, approved: bool) -> Body:
    shown = method["card"]
    details: Body = {
        "amount_authorized": None if decline else intent["amount"],
        "authorization_code": None if decline else "123456",
        "brand": shown["brand"],
        "checks": shown["checks"],
        "country": shown["country"],
        "exp_month": shown["exp_month"],
        "exp_year": shown["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": shown["fingerprint"],
        "funding": shown["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": shown["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": shown["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None if decline else "976910110049114",
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "regulated_status": shown["regulated_status"],
        "three_d_secure": _APPROVED if approved else None,
        "wallet": None,
    }
    if not decline and intent["capture_method"] == "manual":
        details["capture_before"] = world.now() + AUTHORISATION_SECONDS
    return {"type": "card", "card": details}


def capture_charge(world: World, charge: Body, amount: int) -> Body:
    """Take `amount` minor units of an authorised charge; the rest is given back to the card."""
    charge["captured"] = True
    charge["amount_captured"] = amount
    charge["amount_refunded"] = charge["amount"] - amount
    fee = balance.fee_of(world, amount)
    moved = balance.make_transaction(world, charge["id"], amount, charge["currency"], kind="charge", fee=fee)
    charge["balance_transaction"] = moved["id"]
    return world.store.put(charge)


def update_charge(world: World, form: Body, charge_id: str) -> Body:
    charge = world.need("charge", charge_id)
    for name in ("description", "receipt_email"):
        if name in form:
            charge[name] = form[name] or None
    world.update_metadata(charge, form)
    world.store.put(charge)
    world.emit("charge.updated", charge)
    return charge


def card_of(world: World, charge: Body) -> cards.Card:
    return cards.CARDS[world.store.private(charge["payment_method"])["number"]]
