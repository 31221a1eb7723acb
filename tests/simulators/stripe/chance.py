"""Random trouble from a seed: which request and which event is struck, and by what.

The draws follow the order of arrival: one client alone meets the same trouble for the same seed, many at once meet as
much of it in another order.
"""

from __future__ import annotations

import random
import threading
from typing import NamedTuple

from tests.simulators.stripe.store import Body, Store

REQUEST_ACTIONS = (
    "rate_limit",
    "error_before",
    "drop_before",
    "timeout_before",
    "error_after",
    "drop_after",
    "drop_during",
    "timeout_after",
)
EVENT_ACTIONS = ("webhook_drop", "webhook_duplicate", "webhook_delay")
_KNOWN = {"seed", "rate", "actions", "seconds"}


class Drawn(NamedTuple):
    """What strikes, and how long a delay is."""

    action: str
    seconds: float


class Chance:
    """One row of draws for one kind of thing; its `rate`, `seed`, `actions` and `seconds` are a setting."""

    def __init__(self, store: Store, name: str, actions: tuple[str, ...]) -> None:
        self._store = store
        self._name = f"random_{name}"
        self._actions = actions
        self._lock = threading.Lock()
        self._dice = random.Random()

    def set(self, wanted: Body) -> Body:
        """From now on strike with this `rate` (0 ends it), beginning anew with the `seed`."""
        actions = wanted.get("actions", list(self._actions))
        rate = float(wanted.get("rate", 0.1))
        if not set(actions) <= set(self._actions) or set(wanted) - _KNOWN:
            raise ValueError(f"only {sorted(_KNOWN)}, and actions of {list(self._actions)}")
        if not 0 <= rate <= 1:
            raise ValueError("rate is between 0 and 1")
        with self._lock:
            self._dice.seed(wanted.get("seed", 0))
        chosen: Body = {"rate": rate, "actions": actions, "seconds": float(wanted.get("seconds", 0.5))}
        self._store.set(self._name, chosen)
        return {"seed": wanted.get("seed", 0), **chosen}

    def draw(self) -> Drawn | None:
        setting = self._store.setting(self._name, None)
        if not setting or not setting["actions"]:
            return None
        with self._lock:
            struck, which, how_long = (self._dice.random() for _ in range(3))
        if struck >= setting["rate"]:
            return None
        return Drawn(setting["actions"][int(which * len(setting["actions"]))], how_long * setting["seconds"])
