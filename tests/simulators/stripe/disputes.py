"""Disputes: a patient asks the bank for the money back. They are opened by a test card or by the control interface."""

from __future__ import annotations

from tests.simulators.stripe import balance, charges
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

_DAYS_TO_ANSWER = 20
_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def follow(world: World, charge: Body) -> None:
    """The test card that is disputed as soon as it is charged."""
    if charges.card_of(world, charge).later == "dispute":
        open_dispute(world, charge, reason="fraudulent")


def open_dispute(world: World, charge: Body, *, reason: str) -> Body:
    """Take back what was not refunded of a charge, with a fee, and ask the clinic for evidence."""
    amount = charge["amount"] - charge["amount_refunded"]
    if not charge["captured"] or amount <= 0 or world.store.find("dispute", charge=charge["id"]):
        raise StripeError("Only a captured charge, not refunded in full, can be disputed, and once.")
    dispute_id = world.new_id("du")
    moved = _move(world, dispute_id, -amount, charge["currency"], "dispute")
    dispute = _build(world, charge, dispute_id, moved, reason)
    charge["disputed"] = True
    world.store.put(charge)
    world.store.put(dispute)
    world.emit("charge.dispute.created", dispute)
    world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move(world: World, dispute_id: str, amount: int, currency: str, category: str) -> Body:
    """The money and the fee go together, and come back together."""
    fee = int(world.store.setting("dispute_fee", 1500))
    return balance.make_transaction(
        world,
        dispute_id,
        amount,
        currency,
        kind="adjustment",
        fee=fee if amount < 0 else -fee,
        fee_text="Dispute fee",
        category=category,
    )


def _build(world: World, charge: Body, dispute_id: str, moved: Body, reason: str) -> Body:
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "id": dispute_id,
        "object": "dispute",
        "amount": -moved["amount"],
        "balance_transactions": [moved],
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.now() + _DAYS_TO_ANSWER * 86400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": "83"},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }


def update(world: World, form: Body, dispute_id: str) -> Body:
    dispute = world.need("dispute", dispute_id)
    for name, value in (form.get("evidence") or {}).items():
        dispute["evidence"][name] = value
        dispute["evidence_details"]["has_evidence"] = True
    world.update_metadata(dispute, form)
    if form.get("submit", "evidence" in form):
        dispute["status"] = "under_review"
        dispute["evidence_details"]["submission_count"] += 1
    world.store.put(dispute)
    world.emit("charge.dispute.updated", dispute)
    return dispute


def review(world: World, dispute: Body) -> Body:
    """The bank looks at it; the clinic can only wait."""
    dispute["status"] = "under_review"
    world.store.put(dispute)
    world.emit("charge.dispute.updated", dispute)
    return dispute


def close(world: World, _: Body, dispute_id: str) -> Body:
    """The clinic accepts the loss."""
    return decide(world, world.need("dispute", dispute_id), "lost")


def decide(world: World, dispute: Body, status: str) -> Body:
    """The bank's word: `won` gives the money back, `lost` doesn't."""
    if dispute["status"] in ("won", "lost"):
        raise StripeError(f"This dispute is already closed ({dispute['status']}).")
    dispute["status"] = status
    if status == "won":
        back = _move(world, dispute["id"], dispute["amount"], dispute["currency"], "dispute_reversal")
        dispute["balance_transactions"].append(back)
        dispute["is_charge_refundable"] = True
    world.store.put(dispute)
    world.emit("charge.dispute.closed", dispute)
    if status == "won":
        world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute
