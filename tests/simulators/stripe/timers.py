"""What happens at the simulated Stripe by itself when its time has come."""

from __future__ import annotations

from tests.simulators.stripe import attempts, balance, checkout, payouts, refunds
from tests.simulators.stripe.world import World

_WHAT = {
    "balance_transaction": balance.mature,
    "checkout.session": checkout.close,
    "payment_intent": attempts.lapse,
    "payout": payouts.arrive,
    "refund": refunds.follow,
}
# The plus leaves the choice of the index to the condition.
_DUE = "SELECT id, kind FROM objects WHERE json_extract(private, '$.due') <= ? ORDER BY +seq"


def run_due(world: World) -> None:
    """Expire sessions, let authorisations lapse, settle or fail refunds, pay out: all whose moment has passed."""
    payouts.run_daily(world)
    if not world.store.rows(_DUE, world.now()):
        return
    with world.store.transaction():
        # Asked again under the lock: another thread may just have done it.
        for row in world.store.rows(_DUE, world.now()):
            _WHAT[row["kind"]](world, world.need(row["kind"], row["id"]))
