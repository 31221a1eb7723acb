"""What becomes of a Checkout Session: paid on its page, approved by the bank, expired by the clinic or by time."""

from __future__ import annotations

from tests.simulators.stripe import attempts, cards, customers, intents, setups
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.sessions import shown_customer
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World


def expire(world: World, _: Body, session_id: str) -> Body:
    session = world.need("checkout.session", session_id)
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    return close(world, session)


def overtake(world: World, session_id: str) -> None:
    """The race that a clinic can lose: the patient pays while it asks to expire the session."""
    session = world.store.get(session_id, "checkout.session")
    if session and session["status"] == "open":
        pay(world, session, customers.keep_method(world, cards.GOOD))


def close(world: World, session: Body) -> Body:
    """End an open session unpaid; an intent that its page began ends with it."""
    session.update(status="expired", url=None)
    world.store.put(session, due=None)
    if session["payment_intent"]:
        intent = world.need("payment_intent", session["payment_intent"])
        if intent["status"] != "canceled":
            attempts.void(world, intent, "expired")
    if session["setup_intent"]:
        setups.cancel(world, {"cancellation_reason": "abandoned"}, session["setup_intent"])
    world.emit("checkout.session.expired", session)
    return session


def pay(world: World, session: Body, method: Body, *, hang: bool = False, later: bool = False) -> Body:
    """The patient's card meets an open session. Gives the intent; raises 402 when the card is refused."""
    back = f"{world.public_url}/c/pay/{session['id']}"
    _make_customer(world, session)
    if session["mode"] == "setup":
        intent = world.need("setup_intent", session["setup_intent"])
        intent["customer"] = session["customer"]
        intent = setups.attempt(world, intent, method, return_url=back, hang=hang)
    else:
        intent = _intent(world, session)
        if later and intent["capture_method"] != "manual":
            intent = attempts.process(world, intent, method)
        else:
            intent = attempts.attempt(world, intent, method, return_url=back, hang=hang)
    if intent["status"] in ("succeeded", "requires_capture", "processing"):
        complete(world, session, intent, method)
    return intent


def _make_customer(world: World, session: Body) -> None:
    if session["customer"] is None and session["customer_creation"] == "always":
        session["customer"] = customers.create_customer(world, {"email": session["customer_email"]})["id"]
        world.store.put(session)


def _intent(world: World, session: Body) -> Body:
    """The session's intent: recent versions make it when the patient first pays, not with the session."""
    if session["payment_intent"]:
        return world.need("payment_intent", session["payment_intent"])
    data = world.store.private(session["id"])["payment_intent_data"]
    wanted = {
        **data,
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"],
        "payment_method_types": session["payment_method_types"],
    }
    intent = intents.build(world, wanted, session=session["id"])
    session["payment_intent"] = intent["id"]
    world.store.put(session)
    world.emit("payment_intent.created", intent)
    return intent


def complete(world: World, session: Body, intent: Body, method: Body) -> None:
    """Tell the clinic. With manual capture `payment_status` stays `unpaid`: the money is held, not taken."""
    billing = method["billing_details"]
    session.update(status="complete", url=None, customer_details=shown_customer(billing["email"], billing["name"]))
    if session["mode"] == "payment" and intent["status"] == "succeeded":
        session["payment_status"] = "paid"
    world.store.put(session, due=None)
    world.emit("checkout.session.completed", session)


def approve(world: World, intent: Body, *, success: bool) -> Body:
    """The bank's answer to 3-D Secure. Raises 402 when it says no; nothing happens to an intent that ended."""
    if intent["status"] == "processing":
        return _settle_later(world, intent, success=success)
    if intent["status"] != "requires_action":
        return intent
    method = world.need("payment_method", intent["payment_method"])
    part = attempts if intent["object"] == "payment_intent" else setups
    if not success:
        raise part.refuse_approval(world, intent, method)
    card = customers.card_of(world, method)
    if card.decline and not (card.attaches and part is setups):
        raise part.decline(world, intent, method, card.decline)
    if intent["object"] == "payment_intent":
        intent = attempts.authorise(world, intent, method, approved=True)
    else:
        intent = setups.succeed(world, intent, method)
    session_id = world.store.private(intent["id"]).get("session")
    if session_id:
        complete(world, world.need("checkout.session", session_id), intent, method)
    return intent


def _settle_later(world: World, intent: Body, *, success: bool) -> Body:
    """The end of a payment that took days: its session was complete, and unpaid, all the while."""
    method = world.need("payment_method", intent["payment_method"])
    session = world.need("checkout.session", world.store.private(intent["id"])["session"])
    if success:
        attempts.authorise(world, intent, method)
        session["payment_status"] = "paid"
        world.store.put(session)
    else:
        attempts.decline(world, intent, method, "generic_decline")
    world.emit(f"checkout.session.async_payment_{'succeeded' if success else 'failed'}", session)
    return intent
