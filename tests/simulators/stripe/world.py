"""What every part of the simulated Stripe needs: memory, time, new ids, events and the request being answered."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.simulators.stripe.chance import EVENT_ACTIONS, REQUEST_ACTIONS, Chance
from tests.simulators.stripe.clock import Clock
from tests.simulators.stripe.contract import VERSION
from tests.simulators.stripe.errors import missing
from tests.simulators.stripe.faults import Trouble
from tests.simulators.stripe.store import Body, Store

_LETTERS = string.ascii_letters + string.digits


class World:
    """One simulated Stripe account in test mode."""

    def __init__(self, store: Store, clock: Clock, *, webhook_url: str | None, webhook_secret: str) -> None:
        self.store = store
        self.clock = clock
        self.webhook_url = webhook_url
        self.webhook_secret = webhook_secret
        self.public_url = ""
        self.wake: Callable[[], None] = lambda: None
        self.request = threading.local()
        self.requests_chance = Chance(store, "requests", REQUEST_ACTIONS)
        self.events_chance = Chance(store, "events", EVENT_ACTIONS)

    def now(self) -> int:
        return self.clock.now()

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"

    def need(self, kind: str, object_id: str, param: str = "id") -> Body:
        """The object, or Stripe's resource_missing."""
        body = self.store.get(object_id, kind)
        if body is None:
            raise missing(kind, object_id, param)
        return body

    def emit(self, kind: str, subject: Body) -> None:
        """Record an event and queue it for every endpoint that wants it, with the change that caused it."""
        key = getattr(self.request, "key", None)
        targets = [target for target in self._endpoints() if "*" in target[2] or kind in target[2]]
        event: Body = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": self.now(),
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": len(targets),
            "request": {"id": getattr(self.request, "id", None), "idempotency_key": key},
            "type": kind,
        }
        self.store.put(event)
        trouble = Trouble(self.store, self.events_chance.draw(), "EVENT", kind)
        if trouble.strikes("webhook_drop"):
            return
        copies = 2 if trouble.strikes("webhook_duplicate") else 1
        late = (trouble.take("webhook_delay") or {"seconds": 0}).get("seconds", 1)
        state = "held" if self.store.setting("webhooks_held", False) else "waiting"
        for url, secret, _ in targets * copies:
            self.store.run(
                "INSERT INTO deliveries (event, url, secret, due, state) VALUES (?, ?, ?, ?, ?)",
                event["id"],
                url,
                secret,
                time.time() + late,
                state,
            )
        self.wake()

    def _endpoints(self) -> list[tuple[str, str, list[str]]]:
        first = [(self.webhook_url, self.webhook_secret, ["*"])] if self.webhook_url else []
        made = self.store.find("webhook_endpoint")
        return first + [(end["url"], self.store.private(end["id"])["secret"], end["enabled_events"]) for end in made]

    def update_metadata(self, subject: Body, form: Body) -> None:
        """Stripe merges metadata key by key; an empty value removes the key, an empty metadata all of them."""
        if form.get("metadata") == "":
            subject["metadata"] = {}
        for name, value in (form.get("metadata") or {}).items():
            subject["metadata"][name] = value
            if value == "":
                del subject["metadata"][name]


def first_metadata(form: Body) -> dict[str, Any]:
    """Metadata at creation: empty values are left out."""
    return {name: value for name, value in (form.get("metadata") or {}).items() if value != ""}
