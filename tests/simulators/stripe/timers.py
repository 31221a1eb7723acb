"""What happens at the simulated Stripe by itself when its time has come."""

from __future__ import annotations

from tests.simulators.stripe import intents, refunds, sessions
from tests.simulators.stripe.world import World

_WHAT = {"checkout.session": sessions.close, "payment_intent": intents.lapse, "refund": refunds.follow}


def run_due(world: World) -> None:
    """Expire sessions, let authorisations lapse, settle or fail refunds, whose moment has passed."""
    due = world.store.rows(
        "SELECT id, kind FROM objects WHERE json_extract(private, '$.due') <= ? ORDER BY seq", world.now()
    )
    for row in due:
        with world.store.transaction():
            _WHAT[row["kind"]](world, world.need(row["kind"], row["id"]))
