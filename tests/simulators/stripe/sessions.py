"""Checkout Sessions as the clinic's code opens them; what becomes of them stands in `checkout`."""

from __future__ import annotations

from tests.simulators.stripe import customers, setups
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World, first_metadata

_SHORTEST_SECONDS = 30 * 60
_LONGEST_SECONDS = 24 * 3600


def create(world: World, form: Body) -> Body:
    mode = form.get("mode", "payment")
    _judge(world, form, mode)
    session_id = world.new_id("cs_test", 58)
    items = [_item(world, line, index) for index, line in enumerate(form.get("line_items", []))]
    currency = items[0]["currency"] if items else form.get("currency")
    total = sum(item["amount_total"] for item in items)
    if mode == "payment":
        _judge_total(items, total)
    expires_at = _expiry(world, form)
    session = _build(world, form, session_id, mode, currency=currency, total=total, expires_at=expires_at)
    world.store.put(
        session,
        due=expires_at,
        line_items=items,
        payment_intent_data=form.get("payment_intent_data", {}),
    )
    if mode == "setup":
        data = form.get("setup_intent_data", {})
        intent = setups.build(world, {**data, "customer": form.get("customer")}, session=session_id)
        session["setup_intent"] = intent["id"]
        world.store.put(session)
        world.emit("setup_intent.created", intent)
    return session


def _judge(world: World, form: Body, mode: str) -> None:
    if mode == "subscription":
        raise StripeError("Subscriptions are not simulated.", param="mode")
    if form.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("Only the hosted page is simulated.", param="ui_mode")
    _judge_addresses(form)
    _judge_mode(form, mode)
    if form.get("customer") and form.get("customer_email"):
        raise StripeError("You may only specify one of these parameters: customer, customer_email.", param="customer")
    customers.require_customer(world, form.get("customer"))


def _judge_addresses(form: Body) -> None:
    if not form.get("success_url"):
        raise _missing("success_url")
    for name in ("success_url", "cancel_url"):
        if form.get(name) and not form[name].startswith(("http://", "https://")):
            raise StripeError(f"Not a valid URL: {form[name][:200]}", code="url_invalid", param=name)


def _judge_mode(form: Body, mode: str) -> None:
    """Each mode needs its own parameters and refuses the other's."""
    if mode == "payment" and not form.get("line_items"):
        raise _missing("line_items")
    if mode == "setup" and not (form.get("currency") or form.get("payment_method_types")):
        raise _missing("currency")
    foreign = ("setup_intent_data",) if mode == "payment" else ("line_items", "payment_intent_data")
    for name in foreign:
        if name in form:
            raise StripeError(f"You can not pass `{name}` in `{mode}` mode.", param=name)


def _missing(name: str) -> StripeError:
    return StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)


def _judge_total(items: list[Body], total: int) -> None:
    if len({item["currency"] for item in items}) > 1:
        raise StripeError("All prices on a Checkout Session must use the same currency.", param="line_items")
    if total < 50:
        raise StripeError(
            "The Checkout Session's total amount due must add up to at least $0.50 " + items[0]["currency"],
            code="amount_too_small",
            param="line_items",
        )


def _expiry(world: World, form: Body) -> int:
    expires_at: int = form.get("expires_at", world.now() + _LONGEST_SECONDS)
    if expires_at < world.now() + _SHORTEST_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if expires_at > world.now() + _LONGEST_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    return expires_at


def _item(world: World, line: Body, index: int) -> Body:
    data = line.get("price_data")
    if data is None:
        name = line.get("price")
        told = f"No such price: '{name}'" if name else "One of `price` and `price_data` is needed."
        raise StripeError(
            told, code="resource_missing" if name else "parameter_missing", param=f"line_items[{index}][price]"
        )
    if "unit_amount" not in data or "product_data" not in data:
        where = f"line_items[{index}][price_data]"
        raise StripeError(
            f"`unit_amount` and `product_data` are needed in {where}.", code="parameter_missing", param=where
        )
    quantity = line.get("quantity", 1)
    amount = data["unit_amount"] * quantity
    if data["unit_amount"] < 0 or quantity < 1:
        raise StripeError(
            "This value must be positive.", code="parameter_invalid_integer", param=f"line_items[{index}]"
        )
    return {
        "id": world.new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": data["currency"].lower(),
        "description": data["product_data"]["name"],
        "metadata": first_metadata(line),
        "price": _price(world, data),
        "quantity": quantity,
    }


def _price(world: World, data: Body) -> Body:
    return {
        "id": world.new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": world.now(),
        "currency": data["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": world.new_id("prod", 14),
        "recurring": None,
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }


def _build(
    world: World, form: Body, session_id: str, mode: str, *, currency: str | None, total: int, expires_at: int
) -> Body:
    paying = mode == "payment"
    customer = world.store.get(form["customer"]) if form.get("customer") else None
    email = customer["email"] if customer else form.get("customer_email")
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False} if paying else None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total if paying else None,
        "amount_total": total if paying else None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": form.get("billing_address_collection"),
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0b5c4a",
            "display_name": "Simulated clinic",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "cancel_url": form.get("cancel_url"),
        "client_reference_id": form.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": world.now(),
        "currency": currency.lower() if currency else None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": form.get("customer"),
        "customer_account": None,
        "customer_creation": None if customer else form.get("customer_creation", "if_required" if paying else None),
        "customer_details": shown_customer(email, None) if email else None,
        "customer_email": form.get("customer_email"),
        "discounts": [] if paying else None,
        "expires_at": expires_at,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": form.get("locale"),
        "managed_payments": None,
        "metadata": first_metadata(form),
        "mode": mode,
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if paying else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": form.get("payment_method_types") or ["card"],
        "payment_status": "unpaid" if paying else "no_payment_required",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": form.get("submit_type"),
        "subscription": None,
        "success_url": form["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if paying else None,
        "ui_mode": "hosted_page",
        "url": f"{world.public_url}/c/pay/{session_id}",
        "wallet_options": None,
    }


def shown_customer(email: str | None, name: str | None) -> Body:
    """What a session tells about who paid."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def update(world: World, form: Body, session_id: str) -> Body:
    session = world.need("checkout.session", session_id)
    world.update_metadata(session, form)
    return world.store.put(session)
