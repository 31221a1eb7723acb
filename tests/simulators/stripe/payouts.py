"""Payouts: what is available goes to the clinic's bank, on demand or each midnight (UTC) as the clock moves."""

from __future__ import annotations

import json
from collections import defaultdict

from tests.simulators.stripe import balance
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

_DAY = 24 * 3600
_ARRIVES_SECONDS = _DAY
_READY = """SELECT body FROM objects WHERE kind = 'balance_transaction' AND json_extract(private, '$.payout') IS NULL
    AND json_extract(body, '$.available_on') <= ? ORDER BY seq"""


def pay_out(world: World, moment: int) -> list[Body]:
    """One payout for each currency that has something to pay; what is owed waits for the next."""
    ready: dict[str, list[Body]] = defaultdict(list)
    for row in world.store.rows(_READY, moment):
        moved = json.loads(row["body"])
        ready[moved["currency"]].append(moved)
    return [
        _send(world, moved, currency, moment)
        for currency, moved in sorted(ready.items())
        if sum(one["net"] for one in moved) > 0
    ]


def _send(world: World, paid: list[Body], currency: str, moment: int) -> Body:
    """The payout, its own movement, and the mark on every movement that is in it."""
    amount = sum(one["net"] for one in paid)
    payout = _build(world, amount, currency, moment)
    moved = balance.make_transaction(world, payout["id"], -amount, currency, kind="payout", moment=moment)
    balance.mature(world, moved)
    for one in [*paid, moved]:
        world.store.put(one, payout=payout["id"])
    payout["balance_transaction"] = moved["id"]
    world.store.put(payout, due=payout["arrival_date"])
    world.emit("payout.created", payout)
    return payout


def _build(world: World, amount: int, currency: str, moment: int) -> Body:
    return {
        "id": world.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": moment + _ARRIVES_SECONDS,
        "automatic": True,
        "balance_transaction": None,
        "created": moment,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": world.new_id("ba"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": None,
        "type": "bank_account",
    }


def arrive(world: World, payout: Body) -> None:
    """The money is at the bank."""
    payout["status"] = "paid"
    world.store.put(payout, due=None)
    world.emit("payout.paid", payout)


def fail(world: World, payout: Body) -> Body:
    """The bank sends the money back; the next payout takes it along."""
    if payout["status"] == "failed":
        raise StripeError(f"Payout {payout['id']} has failed before.")
    back = balance.make_transaction(world, payout["id"], payout["amount"], payout["currency"], kind="payout_failure")
    payout.update(
        status="failed",
        failure_balance_transaction=back["id"],
        failure_code="account_closed",
        failure_message="The bank account has been closed",
    )
    world.store.put(payout, due=None)
    world.emit("payout.failed", payout)
    return payout


def run_daily(world: World) -> None:
    """With the setting `payouts` on `daily`: every midnight that has passed since the last look pays out once."""
    if world.store.setting("payouts", "manual") != "daily":
        return
    midnight = world.store.setting("next_payout", None)
    if midnight is not None and midnight > world.now():
        return
    with world.store.transaction():
        midnight = world.store.setting("next_payout", None) or (world.now() // _DAY + 1) * _DAY
        while midnight <= world.now():
            pay_out(world, midnight)
            midnight += _DAY
        world.store.set("next_payout", midnight)
