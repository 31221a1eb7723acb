"""Refunds: what was captured goes back, never more; an authorisation's release is a refund too, as at Stripe."""

from __future__ import annotations

from tests.simulators.stripe import balance, charges, faults
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World, first_metadata

_SETTLES_SECONDS = 5


def create(world: World, form: Body) -> Body:
    charge = _charge(world, form)
    left = charge["amount"] - charge["amount_refunded"]
    if any(not dispute["is_charge_refundable"] for dispute in world.store.find("dispute", charge=charge["id"])):
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if left <= 0:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = form.get("amount", left)
    if amount <= 0:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise StripeError(
            f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge (${left / 100:.2f})",
            param="amount",
        )
    if not charge["captured"]:
        raise StripeError(
            f"Charge {charge['id']} has not been captured. Cancel its PaymentIntent to release the money.",
            code="charge_not_refundable",
        )
    return _refund(world, form, charge, amount)


def _charge(world: World, form: Body) -> Body:
    if form.get("payment_intent"):
        intent = world.need("payment_intent", form["payment_intent"], "payment_intent")
        charge = world.store.get(intent["latest_charge"] or "", "charge")
        if charge is None or charge["status"] != "succeeded" or not charge["captured"]:
            raise StripeError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        return charge
    if not form.get("charge"):
        raise StripeError(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    return world.need("charge", form["charge"], "charge")


def _refund(world: World, form: Body, charge: Body, amount: int) -> Body:
    refund = _build(world, charge, amount, reason=form.get("reason"), metadata=first_metadata(form))
    moved = balance.make_transaction(world, refund["id"], -amount, charge["currency"], kind="refund")
    refund["balance_transaction"] = moved["id"]
    _foresee(world, charge, refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.store.put(charge)
    world.store.put(refund)
    world.emit("charge.refunded", charge)
    world.emit("refund.created", refund)
    return refund


def _foresee(world: World, charge: Body, refund: Body) -> None:
    """What the card or a switch has in store for it: waiting first, failing after some time."""
    later = charges.card_of(world, charge).later
    fails = faults.take(world.store, "refund_fails", "POST", "/v1/refunds")
    waits = faults.take(world.store, "refund_pending", "POST", "/v1/refunds")
    if waits is not None or later == "refund_pending":
        refund.update(status="pending", pending_reason="processing")
    failing = fails is not None or later == "refund_fails"
    if not failing and refund["status"] == "succeeded":
        return
    seconds = (fails or waits or {}).get("after", 0 if failing else _SETTLES_SECONDS)
    world.store.put(refund, due=world.now() + seconds, then="failed" if failing else "succeeded")


def _build(world: World, charge: Body, amount: int, *, reason: str | None, metadata: Body) -> Body:
    return {
        "id": world.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def release(world: World, charge: Body, amount: int, *, reason: str | None) -> Body:
    """The part of an authorisation that is not taken: Stripe shows a refund without a balance transaction."""
    refund = _build(world, charge, amount, reason=reason, metadata={})
    refund["destination_details"]["card"] = {"type": "reversal"}
    world.store.put(refund)
    world.emit("refund.created", refund)
    return refund


def update(world: World, form: Body, refund_id: str) -> Body:
    refund = world.need("refund", refund_id)
    world.update_metadata(refund, form)
    world.store.put(refund)
    world.emit("refund.updated", refund)
    return refund


def cancel(world: World, _: Body, refund_id: str) -> Body:
    refund = world.need("refund", refund_id)
    raise StripeError(
        f"Refund {refund['id']} cannot be canceled because it has a status of {refund['status']} and is on a card.",
        code="refund_not_cancelable",
    )


def follow(world: World, refund: Body) -> None:
    """What was announced for a refund happens."""
    then = world.store.private(refund["id"]).get("then")
    if then == "succeeded":
        succeed(world, refund)
    elif then == "failed":
        fail(world, refund)


def succeed(world: World, refund: Body) -> Body:
    """The patient's bank took the money that was on its way."""
    if refund["status"] != "pending":
        raise StripeError(f"Refund {refund['id']} is not pending.")
    refund["status"] = "succeeded"
    return _end(world, refund)


def fail(world: World, refund: Body, reason: str = "unknown") -> Body:
    """The patient's bank refuses the money, perhaps days later."""
    if refund["status"] not in ("pending", "succeeded"):
        raise StripeError(f"Refund {refund['id']} has ended before.")
    _take_back(world, refund, "failed", reason)
    world.emit("refund.failed", refund)
    return refund


def withdraw(world: World, refund: Body) -> Body:
    """Somebody stops a pending refund in Stripe's dashboard."""
    if refund["status"] != "pending":
        raise StripeError(f"Refund {refund['id']} is not pending.")
    return _take_back(world, refund, "canceled", "merchant_request")


def _take_back(world: World, refund: Body, status: str, reason: str) -> Body:
    """The money returns to the account and the charge is no longer refunded by it."""
    if refund["balance_transaction"] is None:
        raise StripeError(f"Refund {refund['id']} is the release of an authorisation.")
    moved = balance.make_transaction(world, refund["id"], refund["amount"], refund["currency"], kind="refund_failure")
    refund.update(status=status, failure_reason=reason, failure_balance_transaction=moved["id"])
    charge = world.need("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.store.put(charge)
    return _end(world, refund)


def _end(world: World, refund: Body) -> Body:
    refund.pop("pending_reason", None)
    world.store.put(refund, due=None, then=None)
    world.emit("refund.updated", refund)
    world.emit("charge.refund.updated", refund)
    return refund
