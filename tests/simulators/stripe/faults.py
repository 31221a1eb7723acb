"""Switches that make the simulated Stripe misbehave, each for its next N matching requests or events.

Before anything is done: `rate_limit` (429), `delay` (`seconds`), `error_before` (500, kept for the idempotency key),
`drop_before` (the connection ends), `timeout_before` (silence, then the connection ends). After it is done:
`delay_after`, `error_after` (500, kept for the key), `drop_after`, `timeout_after`, and `drop_during` (half an answer).
On the payment page: `approval_hangs` (the bank doesn't answer) and `settles_later` (a payment that takes days; not with
manual capture). When the clinic expires a session: `payer_is_faster` (the patient pays just before).
For refunds: `refund_pending` and `refund_fails` (`after` seconds; together: first this, then that).
For events, matched by their type: `webhook_drop`, `webhook_duplicate`, `webhook_delay` (`seconds`).
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from tests.simulators.stripe.chance import Drawn
from tests.simulators.stripe.store import Body, Store

ACTIONS = {
    "rate_limit",
    "delay",
    "error_before",
    "drop_before",
    "delay_after",
    "error_after",
    "drop_after",
    "drop_during",
    "timeout_before",
    "timeout_after",
    "payer_is_faster",
    "approval_hangs",
    "settles_later",
    "refund_fails",
    "refund_pending",
    "webhook_drop",
    "webhook_duplicate",
    "webhook_delay",
}


def add(store: Store, wanted: Body) -> Body:
    """Set one switch: `action`, `method` and `path` (shell patterns, default all), `count` (default 1), options."""
    known = {"action", "method", "path", "count", "seconds", "after"}
    if wanted.get("action") not in ACTIONS or set(wanted) - known:
        raise ValueError(f"action must be one of {sorted(ACTIONS)}, further keys {sorted(known - {'action'})}")
    count = int(wanted.get("count", 1))
    options = {name: float(wanted[name]) for name in ("seconds", "after") if name in wanted}
    store.run(
        "INSERT INTO faults (action, method, path, remaining, options) VALUES (?, ?, ?, ?, ?)",
        wanted["action"],
        wanted.get("method", "*").upper(),
        wanted.get("path", "*"),
        count,
        json.dumps(options),
    )
    return {"action": wanted["action"], "count": count}


def take(store: Store, action: str, method: str, path: str) -> Body | None:
    """Use up one matching switch and give its options; None if there is none."""
    with store.transaction():
        for row in store.rows("SELECT * FROM faults WHERE action = ? AND remaining > 0 ORDER BY id", action):
            if fnmatchcase(method, row["method"]) and fnmatchcase(path, row["path"]):
                store.run("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", row["id"])
                options: Body = json.loads(row["options"])
                return options
    return None


class Trouble:
    """What goes wrong with one request or one event: what chance drew for it, and the switches that match."""

    def __init__(self, store: Store, drawn: Drawn | None, method: str, path: str) -> None:
        self._store = store
        self._drawn = drawn
        self._method, self._path = method, path

    def take(self, action: str) -> Body | None:
        if self._drawn and self._drawn.action == action:
            return {"seconds": self._drawn.seconds}
        return take(self._store, action, self._method, self._path)

    def strikes(self, action: str) -> bool:
        return self.take(action) is not None
