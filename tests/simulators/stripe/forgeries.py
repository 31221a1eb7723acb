"""Webhooks that a clinic must refuse: of the other mode, stale, re-serialised, forged, cut off, unsigned."""

from __future__ import annotations

import http.client
import json
import time

from tests.simulators.stripe.store import Body
from tests.simulators.stripe.webhooks import post, signature
from tests.simulators.stripe.world import World

_STALE_SECONDS = 301
HOWS = ("other_mode", "stale", "reserialised", "forged", "truncated", "unsigned")


def send(world: World, *, how: str, event_id: str | None = None) -> Body:
    """Post a spoilt copy of an event (the newest, if none is named) under a new id; gives what the clinic answered."""
    if how not in HOWS:
        raise ValueError(f"how must be one of {list(HOWS)}")
    event = world.store.get(event_id, "event") if event_id else next(iter(world.store.find("event")), None)
    if event is None or world.webhook_url is None:
        raise ValueError("no such event, or nobody to send it to")
    event = {**event, "id": world.new_id("evt"), "livemode": how == "other_mode"}
    payload, header = spoil(world, json.dumps(event, indent=2), how)
    try:
        result: int | str = post(world.webhook_url, payload, header)
    except (OSError, http.client.HTTPException) as error:
        result = f"{type(error).__name__}: {error}"
    return {"event": event["id"], "result": result}


def spoil(world: World, payload: str, how: str) -> tuple[str, str | None]:
    """What is posted, and the header that is posted with it."""
    moment = max(world.now(), int(time.time()))
    if how == "unsigned":
        return payload, None
    if how == "stale":
        return payload, signature(world.webhook_secret, min(world.now(), int(time.time())) - _STALE_SECONDS, payload)
    signed = signature("whsec_of_somebody_else" if how == "forged" else world.webhook_secret, moment, payload)
    if how == "reserialised":
        return json.dumps(json.loads(payload), sort_keys=True), signed
    return (payload[: len(payload) // 2] if how == "truncated" else payload), signed
