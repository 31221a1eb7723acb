"""What a card does to an intent: refused, held, taken, waiting for the bank, given back, lapsed after seven days."""

from __future__ import annotations

from tests.simulators.stripe import cards, customers, disputes, refunds
from tests.simulators.stripe.charges import AUTHORISATION_SECONDS, capture_charge, make_charge
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World


def attempt(
    world: World,
    intent: Body,
    method: Body,
    *,
    off_session: bool = False,
    return_url: str | None = None,
    hang: bool = False,
) -> Body:
    """Try to charge a card. Ends authorised, paid, waiting for the bank's approval, or raises 402."""
    card, set_up = customers.card_of(world, method), world.store.private(method["id"])["set_up"]
    secure = cards.needs_approval(card, off_session=off_session, set_up=set_up)
    intent["payment_method"] = method["id"]
    if card.decline and not secure:
        raise decline(world, intent, method, card.decline)
    if secure and off_session:
        raise decline(world, intent, method, "authentication_required")
    if secure or hang:
        address = f"{world.public_url}/c/authenticate/{intent['id']}"
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "redirect_to_url": {"return_url": return_url, "url": address},
            "type": "redirect_to_url",
        }
        world.store.put(intent, hang=hang)
        world.emit("payment_intent.requires_action", intent)
        return intent
    return authorise(world, intent, method)


def process(world: World, intent: Body, method: Body) -> Body:
    """A payment whose money comes days later, if it comes."""
    intent.update(status="processing", payment_method=method["id"], last_payment_error=None)
    world.store.put(intent)
    world.emit("payment_intent.processing", intent)
    return intent


def decline(world: World, intent: Body, method: Body, reason: str) -> StripeError:
    """Record a refused attempt and give the error to raise."""
    error = cards.decline_error(reason)
    charge = make_charge(world, intent, method, decline=error)
    error["charge"] = charge["id"]
    error["payment_method"] = method
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["latest_charge"] = charge["id"]
    intent["last_payment_error"] = dict(error)
    world.store.put(intent, due=None)
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)
    return cards.refuse({**error, "payment_intent": intent})


def refuse_approval(world: World, intent: Body, method: Body) -> StripeError:
    """Record that the payer did not pass 3-D Secure and give the error to raise. Nothing was charged."""
    error = {**cards.authentication_failure("payment_intent"), "payment_method": method}
    intent.update(status="requires_payment_method", payment_method=None, next_action=None)
    intent["last_payment_error"] = dict(error)
    world.store.put(intent, due=None)
    world.emit("payment_intent.payment_failed", intent)
    return cards.refuse({**error, "payment_intent": intent})


def authorise(world: World, intent: Body, method: Body, *, approved: bool = False) -> Body:
    """The bank said yes: hold the money, and take it at once unless capture is manual."""
    if intent["setup_future_usage"]:
        world.store.put(method, set_up=True)
        if intent["customer"] and method["customer"] is None:
            customers.join(world, method, intent["customer"])
    world.store.put(method, used=True)
    charge = make_charge(world, intent, method, approved=approved)
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    intent["last_payment_error"] = None
    manual = intent["capture_method"] == "manual"
    if manual:
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        world.store.put(intent, due=world.now() + AUTHORISATION_SECONDS)
        world.emit("charge.succeeded", charge)
        world.emit("payment_intent.amount_capturable_updated", intent)
    else:
        charge = capture_charge(world, charge, intent["amount"])
        intent["status"] = "succeeded"
        intent["amount_received"] = intent["amount"]
        world.store.put(intent, due=None)
        world.emit("charge.succeeded", charge)
        world.emit("payment_intent.succeeded", intent)
        disputes.follow(world, charge)
    return intent


def void(world: World, intent: Body, reason: str | None) -> Body:
    """End an intent and give an authorised amount back."""
    held = intent["amount_capturable"]
    intent.update(
        status="canceled",
        canceled_at=world.now(),
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    world.store.put(intent, due=None)
    if held:
        charge = world.need("charge", intent["latest_charge"])
        charge.update(amount_refunded=charge["amount"], refunded=True)
        world.store.put(charge)
        lapsed = reason == "automatic"
        refunds.release(world, charge, held, reason="expired_uncaptured_charge" if lapsed else None)
        world.emit("charge.expired" if lapsed else "charge.refunded", charge)
    world.emit("payment_intent.canceled", intent)
    return intent


def lapse(world: World, intent: Body) -> None:
    """An authorisation nobody captured within its seven days ends by itself."""
    if intent["status"] == "requires_capture":
        void(world, intent, "automatic")
