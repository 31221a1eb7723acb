"""The account itself: who it is, and the webhook endpoints made by request."""

from __future__ import annotations

from tests.simulators.stripe.contract import VERSION
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World, first_metadata

ACCOUNT_ID = "acct_1SimulatedClinic00"


def get_account(_: World, __: Body) -> Body:
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "CA",
        "default_currency": "cad",
        "details_submitted": True,
        "email": "clinic@example.test",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def create_endpoint(world: World, form: Body) -> Body:
    secret = world.new_id("whsec", 32)
    endpoint: Body = {
        "id": world.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": form.get("api_version", VERSION),
        "application": None,
        "created": world.now(),
        "description": form.get("description") or None,
        "enabled_events": form["enabled_events"],
        "livemode": False,
        "metadata": first_metadata(form),
        "status": "enabled",
        "url": form["url"],
    }
    world.store.put(endpoint, secret=secret)
    # The secret is shown this once.
    return {**endpoint, "secret": secret}
