"""The account's balance: every movement with Stripe's fee, when it becomes available, and the sums."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

_DAY = 24 * 3600


def fee_of(world: World, amount: int) -> int:
    """Stripe's usual 2.9 % and 30 cents; the settings `fee_percent` and `fee_fixed` change them."""
    percent = Decimal(str(world.store.setting("fee_percent", 2.9)))
    share = (amount * percent / 100).quantize(Decimal(1), ROUND_HALF_UP)
    return int(share) + int(world.store.setting("fee_fixed", 30))


def make_transaction(
    world: World,
    source: str,
    amount: int,
    currency: str,
    *,
    kind: str,
    fee: int = 0,
    fee_text: str = "Stripe processing fees",
    category: str = "",
    moment: int | None = None,
) -> Body:
    """One movement of the account's balance, in signed minor units. It is pending until its money is there."""
    created = world.now() if moment is None else moment
    ready = created if kind == "payout" else created + int(world.store.setting("matures_days", 2) * _DAY)
    transaction: Body = {
        "id": world.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": ready,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [_fee_detail(fee, currency, fee_text)] if fee else [],
        "net": amount - fee,
        "reporting_category": category or kind,
        "source": source,
        "status": "pending",
        "type": kind,
    }
    return world.store.put(transaction, due=ready)


def _fee_detail(fee: int, currency: str, text: str) -> Body:
    return {"amount": fee, "application": None, "currency": currency, "description": text, "type": "stripe_fee"}


def mature(world: World, transaction: Body) -> None:
    """Its money can be paid out from now on."""
    transaction["status"] = "available"
    world.store.put(transaction, due=None)


def get_balance(world: World, _: Body) -> Body:
    """What is there, by currency: available once two days old, pending before; a payout takes it away."""
    sums: dict[str, list[int]] = {"cad": [0, 0]}
    for moved in world.store.find("balance_transaction"):
        ready = moved["available_on"] <= world.now()
        sums.setdefault(moved["currency"], [0, 0])[0 if ready else 1] += moved["net"]

    def amounts(column: int) -> list[Body]:
        return [
            {"amount": both[column], "currency": currency, "source_types": {"card": both[column]}}
            for currency, both in sorted(sums.items())
        ]

    return {"object": "balance", "available": amounts(0), "livemode": False, "pending": amounts(1)}
