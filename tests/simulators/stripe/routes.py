"""Which function answers which address of the interface."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulators.stripe import (
    account,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    intents,
    listing,
    refunds,
    sessions,
    setups,
)
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

Answer = Callable[..., Body]


def _list(kind: str, url: str) -> Answer:
    return lambda world, form: listing.list_objects(world, kind, url, form)


def _get(kind: str) -> Answer:
    return lambda world, _, object_id: world.need(kind, object_id)


def _search(kind: str, url: str) -> Answer:
    return lambda world, form: listing.search(world, kind, url, form)


def _list_methods(world: World, form: Body, customer_id: str | None = None) -> Body:
    if customer_id:
        world.need("customer", customer_id)
        url = f"/v1/customers/{customer_id}/payment_methods"
        return listing.list_objects(world, "payment_method", url, form, customer=customer_id)
    return listing.list_objects(world, "payment_method", "/v1/payment_methods", form)


def _line_items(world: World, form: Body, session_id: str) -> Body:
    world.need("checkout.session", session_id)
    items = world.store.private(session_id)["line_items"]
    return listing.page_of(items, f"/v1/checkout/sessions/{session_id}/line_items", form)


def _no_direct_charge(_: World, __: Body) -> Body:
    raise StripeError("Charges are made by PaymentIntents here.", code="parameter_unknown")


ROUTES: dict[tuple[str, str], Answer] = {
    ("GET", "/v1/account"): account.get_account,
    ("GET", "/v1/balance"): balance.get_balance,
    ("GET", "/v1/balance_transactions"): _list("balance_transaction", "/v1/balance_transactions"),
    ("GET", "/v1/balance_transactions/{id}"): _get("balance_transaction"),
    ("GET", "/v1/charges"): _list("charge", "/v1/charges"),
    ("POST", "/v1/charges"): _no_direct_charge,
    ("GET", "/v1/charges/{charge}"): _get("charge"),
    ("POST", "/v1/charges/{charge}"): charges.update_charge,
    ("GET", "/v1/checkout/sessions"): _list("checkout.session", "/v1/checkout/sessions"),
    ("POST", "/v1/checkout/sessions"): sessions.create,
    ("GET", "/v1/checkout/sessions/{session}"): _get("checkout.session"),
    ("POST", "/v1/checkout/sessions/{session}"): sessions.update,
    ("POST", "/v1/checkout/sessions/{session}/expire"): checkout.expire,
    ("GET", "/v1/checkout/sessions/{session}/line_items"): _line_items,
    ("GET", "/v1/customers"): _list("customer", "/v1/customers"),
    ("POST", "/v1/customers"): customers.create_customer,
    ("GET", "/v1/customers/search"): _search("customer", "/v1/customers/search"),
    ("DELETE", "/v1/customers/{customer}"): customers.delete_customer,
    ("GET", "/v1/customers/{customer}"): customers.get_customer,
    ("POST", "/v1/customers/{customer}"): customers.update_customer,
    ("GET", "/v1/customers/{customer}/payment_methods"): _list_methods,
    ("GET", "/v1/disputes"): _list("dispute", "/v1/disputes"),
    ("GET", "/v1/disputes/{dispute}"): _get("dispute"),
    ("POST", "/v1/disputes/{dispute}"): disputes.update,
    ("POST", "/v1/disputes/{dispute}/close"): disputes.close,
    ("GET", "/v1/events"): _list("event", "/v1/events"),
    ("GET", "/v1/events/{id}"): _get("event"),
    ("GET", "/v1/payment_intents"): _list("payment_intent", "/v1/payment_intents"),
    ("POST", "/v1/payment_intents"): intents.create,
    ("GET", "/v1/payment_intents/search"): _search("payment_intent", "/v1/payment_intents/search"),
    ("GET", "/v1/payment_intents/{intent}"): _get("payment_intent"),
    ("POST", "/v1/payment_intents/{intent}"): intents.update,
    ("POST", "/v1/payment_intents/{intent}/cancel"): intents.cancel,
    ("POST", "/v1/payment_intents/{intent}/capture"): intents.capture,
    ("POST", "/v1/payment_intents/{intent}/confirm"): intents.confirm,
    ("GET", "/v1/payment_methods"): _list_methods,
    ("POST", "/v1/payment_methods"): customers.create_method,
    ("GET", "/v1/payment_methods/{payment_method}"): _get("payment_method"),
    ("POST", "/v1/payment_methods/{payment_method}"): customers.update_method,
    ("POST", "/v1/payment_methods/{payment_method}/attach"): customers.attach,
    ("POST", "/v1/payment_methods/{payment_method}/detach"): customers.detach,
    ("GET", "/v1/refunds"): _list("refund", "/v1/refunds"),
    ("POST", "/v1/refunds"): refunds.create,
    ("GET", "/v1/refunds/{refund}"): _get("refund"),
    ("POST", "/v1/refunds/{refund}"): refunds.update,
    ("POST", "/v1/refunds/{refund}/cancel"): refunds.cancel,
    ("GET", "/v1/setup_intents"): _list("setup_intent", "/v1/setup_intents"),
    ("POST", "/v1/setup_intents"): setups.create,
    ("GET", "/v1/setup_intents/{intent}"): _get("setup_intent"),
    ("POST", "/v1/setup_intents/{intent}"): setups.update,
    ("POST", "/v1/setup_intents/{intent}/cancel"): setups.cancel,
    ("POST", "/v1/setup_intents/{intent}/confirm"): setups.confirm,
    ("GET", "/v1/webhook_endpoints"): _list("webhook_endpoint", "/v1/webhook_endpoints"),
    ("POST", "/v1/webhook_endpoints"): account.create_endpoint,
}
