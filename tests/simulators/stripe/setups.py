"""SetupIntents: a card kept for later without taking money."""

from __future__ import annotations

from tests.simulators.stripe import cards, customers
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World, first_metadata

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(world: World, form: Body) -> Body:
    customers.require_customer(world, form.get("customer"))
    intent = build(world, form)
    if form.get("payment_method"):
        intent["payment_method"] = customers.find_method(world, form["payment_method"])["id"]
        intent["status"] = "requires_confirmation"
        world.store.put(intent)
    world.emit("setup_intent.created", intent)
    return confirm(world, {}, intent["id"]) if form.get("confirm") else intent


def build(world: World, form: Body, *, session: str | None = None) -> Body:
    intent_id = world.new_id("seti")
    intent: Body = {
        "id": intent_id,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": world.new_id(f"{intent_id}_secret"),
        "created": world.now(),
        "customer": form.get("customer") or None,
        "customer_account": None,
        "description": form.get("description") or None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": first_metadata(form),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": form.get("payment_method_types") or ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": form.get("usage", "off_session"),
    }
    return world.store.put(intent, session=session)


def update(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("setup_intent", intent_id)
    for name in ("customer", "description"):
        if name in form:
            intent[name] = form[name] or None
    if form.get("payment_method"):
        intent["payment_method"] = customers.find_method(world, form["payment_method"])["id"]
        intent["status"] = "requires_confirmation"
    world.update_metadata(intent, form)
    return world.store.put(intent)


def confirm(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("setup_intent", intent_id)
    named = form.get("payment_method") or intent["payment_method"]
    if intent["status"] not in _CONFIRMABLE or not named:
        raise _unexpected(intent, "confirm")
    return attempt(world, intent, customers.find_method(world, named), return_url=form.get("return_url"))


def attempt(world: World, intent: Body, method: Body, *, return_url: str | None = None, hang: bool = False) -> Body:
    """Try to keep a card. Ends succeeded, waiting for the bank's approval, or raises 402."""
    card = customers.card_of(world, method)
    intent["payment_method"] = method["id"]
    if card.decline and not card.attaches:
        raise decline(world, intent, method, card.decline)
    if card.secure in ("once", "always") or hang:
        address = f"{world.public_url}/c/authenticate/{intent['id']}"
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "redirect_to_url": {"return_url": return_url, "url": address},
            "type": "redirect_to_url",
        }
        world.store.put(intent, hang=hang)
        world.emit("setup_intent.requires_action", intent)
        return intent
    return succeed(world, intent, method)


def decline(world: World, intent: Body, method: Body, reason: str) -> StripeError:
    return _fail(world, intent, method, cards.decline_error(reason))


def _fail(world: World, intent: Body, method: Body, because: Body) -> StripeError:
    error = {**because, "payment_method": method}
    intent.update(status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=dict(error))
    world.store.put(intent)
    world.emit("setup_intent.setup_failed", intent)
    return cards.refuse({**error, "setup_intent": intent})


def refuse_approval(world: World, intent: Body, method: Body) -> StripeError:
    """Record that the payer did not pass 3-D Secure and give the error to raise."""
    return _fail(world, intent, method, cards.authentication_failure("setup_intent"))


def succeed(world: World, intent: Body, method: Body) -> Body:
    world.store.put(method, set_up=True)
    if intent["customer"] and method["customer"] is None:
        customers.join(world, method, intent["customer"])
    intent.update(status="succeeded", payment_method=method["id"], next_action=None, last_setup_error=None)
    world.store.put(intent)
    world.emit("setup_intent.succeeded", intent)
    return intent


def cancel(world: World, form: Body, intent_id: str) -> Body:
    intent = world.need("setup_intent", intent_id)
    if intent["status"] not in _CONFIRMABLE:
        raise _unexpected(intent, "cancel")
    intent.update(status="canceled", cancellation_reason=form.get("cancellation_reason"), next_action=None)
    world.store.put(intent)
    world.emit("setup_intent.canceled", intent)
    return intent


def _unexpected(intent: Body, verb: str) -> StripeError:
    return StripeError(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}"
        f"{'' if intent['payment_method'] else ' and no payment method'}.",
        code="setup_intent_unexpected_state",
        setup_intent=intent,
    )
