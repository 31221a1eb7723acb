"""PaymentIntents: created, changed, confirmed, captured and cancelled by the clinic's code."""

from __future__ import annotations

from tests.simulators.stripe import attempts, customers, disputes, refunds
from tests.simulators.stripe.charges import capture_charge
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World, first_metadata

_MINIMUM = 50
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_PAST = {"capture": "captured", "cancel": "canceled", "update": "updated", "confirm": "confirmed"}


def create(world: World, form: Body) -> Body:
    if form.get("confirm") and not form.get("payment_method"):
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    customers.require_customer(world, form.get("customer"))
    method = _usable_method(world, form) if form.get("payment_method") else None
    intent = build(world, form)
    if method:
        intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    world.store.put(intent)
    world.emit("payment_intent.created", intent)
    if form.get("confirm"):
        return confirm(
            world, {"off_session": form.get("off_session"), "return_url": form.get("return_url")}, intent["id"]
        )
    return intent


def build(world: World, form: Body, *, session: str | None = None) -> Body:
    """A new intent as Stripe shows it; `session` is the Checkout Session it belongs to."""
    if form["amount"] < _MINIMUM:
        raise StripeError(
            "Amount must be at least $0.50 " + form["currency"].lower(), code="amount_too_small", param="amount"
        )
    intent_id = world.new_id("pi")
    types = form.get("payment_method_types") or ["card"]
    automatic = {"allow_redirects": "always", "enabled": True} if "payment_method_types" not in form else None
    intent: Body = {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": form["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None if session else automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": form.get("capture_method", "automatic_async"),
        "client_secret": world.new_id(f"{intent_id}_secret"),
        "confirmation_method": form.get("confirmation_method", "automatic"),
        "created": world.now(),
        "currency": form["currency"].lower(),
        "customer": form.get("customer") or None,
        "customer_account": None,
        "description": form.get("description") or None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": first_metadata(form),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": types,
        "processing": None,
        "receipt_email": form.get("receipt_email") or None,
        "review": None,
        "setup_future_usage": form.get("setup_future_usage") or None,
        "shipping": None,
        "statement_descriptor": form.get("statement_descriptor") or None,
        "statement_descriptor_suffix": form.get("statement_descriptor_suffix") or None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": form.get("transfer_group") or None,
    }
    return world.store.put(intent, session=session)


def _usable_method(world: World, form: Body, customer: str | None = None) -> Body:
    method = customers.find_method(world, form["payment_method"])
    owner = customer or form.get("customer")
    if method["customer"] and method["customer"] != owner:
        raise StripeError(
            f"The payment method {method['id']} belongs to a customer. Please include the customer in the "
            "`customer` parameter on the PaymentIntent.",
            code="payment_method_customer_mismatch" if owner else None,
            param="payment_method",
        )
    customers.refuse_used(world, method)
    return method


def update(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("payment_intent", intent_id)
    changing = {"amount", "currency", "customer", "payment_method"} & set(form)
    if changing and intent["status"] not in _CONFIRMABLE:
        raise unexpected(intent, "update", param=min(changing))
    for name in ("amount", "currency", "customer", "description", "receipt_email", "setup_future_usage"):
        if name in form:
            intent[name] = form[name] or None
    if form.get("payment_method"):
        intent["payment_method"] = _usable_method(world, form, intent["customer"])["id"]
        intent["status"] = "requires_confirmation"
    world.update_metadata(intent, form)
    return world.store.put(intent)


def confirm(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("payment_intent", intent_id)
    if world.store.private(intent_id).get("session"):
        raise StripeError(
            "You cannot confirm a PaymentIntent that was created by Checkout. The customer confirms it on its page.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    if intent["status"] not in _CONFIRMABLE:
        raise unexpected(intent, "confirm")
    named = form.get("payment_method") or intent["payment_method"]
    if not named:
        raise unexpected(intent, "confirm", because="because it's missing a payment method")
    method = _usable_method(world, {"payment_method": named}, intent["customer"])
    return attempts.attempt(
        world, intent, method, off_session=bool(form.get("off_session")), return_url=form.get("return_url")
    )


def capture(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("payment_intent", intent_id)
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "capture")
    amount: int = form["amount_to_capture"] if "amount_to_capture" in form else intent["amount_capturable"]
    if not 0 < amount <= intent["amount_capturable"]:
        raise StripeError(
            "The amount to capture must be positive and at most the amount capturable "
            f"({intent['amount_capturable']}).",
            code="amount_too_large" if amount > 0 else "parameter_invalid_integer",
            param="amount_to_capture",
        )
    world.update_metadata(intent, form)
    charge = world.need("charge", intent["latest_charge"])
    rest = intent["amount_capturable"] - amount
    charge = capture_charge(world, charge, amount)
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    world.store.put(intent, due=None)
    if rest:
        refunds.release(world, charge, rest, reason=None)
    world.emit("charge.captured", charge)
    world.emit("payment_intent.succeeded", intent)
    disputes.follow(world, charge)
    return intent


def cancel(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("payment_intent", intent_id)
    session_id = world.store.private(intent_id).get("session")
    session = world.store.get(session_id) if session_id else None
    if session and session["status"] == "open":
        raise StripeError(
            "You cannot cancel a PaymentIntent of an open Checkout Session. Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    if intent["status"] not in (*_CONFIRMABLE, "requires_capture"):
        raise unexpected(intent, "cancel")
    return attempts.void(world, intent, form.get("cancellation_reason"))


def unexpected(intent: Body, verb: str, *, because: str | None = None, param: str | None = None) -> StripeError:
    why = because or f"because it has a status of {intent['status']}"
    return StripeError(
        f"This PaymentIntent could not be {_PAST[verb]} {why}.",
        code="payment_intent_unexpected_state",
        param=param,
        payment_intent=intent,
    )
