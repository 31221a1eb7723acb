"""Customers and their payment methods."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.simulators.stripe import cards
from tests.simulators.stripe.errors import StripeError, missing
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World, first_metadata

_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def create_customer(world: World, form: Body) -> Body:
    customer: Body = {
        "id": world.new_id("cus", 14),
        "object": "customer",
        "address": {**_ADDRESS, **form["address"]} if form.get("address") else None,
        "balance": 0,
        "created": world.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": form.get("description") or None,
        "discount": None,
        "email": form.get("email") or None,
        "invoice_prefix": world.new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": first_metadata(form),
        "name": form.get("name") or None,
        "next_invoice_sequence": 1,
        "phone": form.get("phone") or None,
        "preferred_locales": form.get("preferred_locales", []),
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    world.store.put(customer)
    if form.get("payment_method"):
        attach(world, {"customer": customer["id"]}, form["payment_method"])
    world.emit("customer.created", customer)
    return customer


def update_customer(world: World, form: Body, customer_id: str) -> Body:
    customer = world.need("customer", customer_id)
    for name in ("description", "email", "name", "phone"):
        if name in form:
            customer[name] = form[name] or None
    settings = form.get("invoice_settings", {})
    if settings.get("default_payment_method"):
        world.need("payment_method", settings["default_payment_method"], "invoice_settings[default_payment_method]")
        customer["invoice_settings"]["default_payment_method"] = settings["default_payment_method"]
    world.update_metadata(customer, form)
    world.store.put(customer)
    world.emit("customer.updated", customer)
    return customer


def get_customer(world: World, _: Body, customer_id: str) -> Body:
    deleted = world.store.get(customer_id, "deleted_customer")
    return _gone(customer_id) if deleted else world.need("customer", customer_id)


def delete_customer(world: World, _: Body, customer_id: str) -> Body:
    customer = world.need("customer", customer_id)
    for method in world.store.find("payment_method", customer=customer_id):
        method["customer"] = None
        world.store.put(method, detached=True)
    world.store.run("UPDATE objects SET kind = 'deleted_customer' WHERE id = ?", customer_id)
    world.emit("customer.deleted", customer)
    return _gone(customer_id)


def _gone(customer_id: str) -> Body:
    return {"id": customer_id, "object": "customer", "deleted": True}


def create_method(world: World, form: Body) -> Body:
    """A card from a test number or one of Stripe's test tokens."""
    if form.get("type", "card") != "card" or not isinstance(form.get("card"), dict):
        raise StripeError("Only cards are simulated.", code="parameter_missing", param="card")
    card = form["card"]
    number = cards.number_of_token(card.get("token", "")) or card.get("number", "").replace(" ", "")
    if cards.known(number) is None:
        raise cards.invalid_number()
    return keep_method(
        world,
        number,
        exp_month=card.get("exp_month", 12),
        exp_year=card.get("exp_year", 2034),
        billing=form.get("billing_details", {}),
        metadata=first_metadata(form),
    )


def keep_method(
    world: World,
    number: str,
    *,
    exp_month: int = 12,
    exp_year: int = 2034,
    billing: Body | None = None,
    metadata: Body | None = None,
) -> Body:
    given = billing or {}
    method: Body = {
        "id": world.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": {**_ADDRESS, **(given.get("address") or {})},
            "email": given.get("email") or None,
            "name": given.get("name") or None,
            "phone": given.get("phone") or None,
            "tax_id": None,
        },
        "card": cards.shown(number, exp_month=exp_month, exp_year=exp_year),
        "created": world.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": metadata or {},
        "type": "card",
    }
    return world.store.put(method, number=number, set_up=False)


def find_method(world: World, method_id: str, param: str = "payment_method") -> Body:
    """A payment method by id; naming a test token such as `pm_card_visa` makes a fresh one, as in test mode."""
    number = cards.number_of_token(method_id)
    if number:
        return keep_method(world, number)
    return world.need("payment_method", method_id, param)


def update_method(world: World, form: Body, method_id: str) -> Body:
    method = world.need("payment_method", method_id)
    for name, value in form.get("billing_details", {}).items():
        method["billing_details"][name] = value or None
    if "allow_redisplay" in form:
        method["allow_redisplay"] = form["allow_redisplay"]
    world.update_metadata(method, form)
    return world.store.put(method)


def card_of(world: World, method: Body) -> cards.Card:
    """How this card behaves today: what it was turned into, expired when its month is over, or as its number says."""
    private, shown = world.store.private(method["id"]), method["card"]
    today = datetime.fromtimestamp(world.now(), UTC)
    if (shown["exp_year"], shown["exp_month"]) < (today.year, today.month):
        return cards.TURNS["expired_card"]
    turned = private.get("turned")
    return cards.TURNS[turned] if turned else cards.CARDS[private["number"]]


def turn(world: World, method: Body, into: str) -> Body:
    """From now on the card behaves otherwise: its funds ran out, its bank wants to see the payer, ..."""
    if into not in cards.TURNS:
        raise ValueError(f"a card can turn into {sorted(cards.TURNS)}")
    return world.store.put(method, turned=into)


def attach(world: World, form: Body, method_id: str) -> Body:
    if not form.get("customer"):
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    method = find_method(world, method_id, "id")
    world.need("customer", form["customer"], "customer")
    if method["customer"] not in (None, form["customer"]):
        raise StripeError("The payment method you provided has already been attached to a customer.")
    refuse_used(world, method)
    card = card_of(world, method)
    if card.decline and not card.attaches:
        raise cards.refuse(cards.decline_error(card.decline))
    return join(world, method, form["customer"])


def join(world: World, method: Body, customer_id: str) -> Body:
    method["customer"] = customer_id
    world.store.put(method)
    world.emit("payment_method.attached", method)
    return method


def refuse_used(world: World, method: Body) -> None:
    """A card that was detached, or used once without a customer, is of no more use."""
    private = world.store.private(method["id"])
    if private.get("detached") or (private.get("used") and method["customer"] is None):
        raise StripeError(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment or was "
            "detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must "
            "attach it to a Customer first."
        )


def detach(world: World, _: Body, method_id: str) -> Body:
    method = world.need("payment_method", method_id)
    if method["customer"] is None:
        raise StripeError("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    world.store.put(method, detached=True)
    world.emit("payment_method.detached", method)
    return method


def require_customer(world: World, customer_id: str | None) -> None:
    if customer_id and world.store.get(customer_id, "customer") is None:
        raise missing("customer", customer_id, "customer")
