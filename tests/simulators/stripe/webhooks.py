"""Delivery of events in the background: signed like Stripe, tried again with growing pauses until a 2xx."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.simulators.stripe import timers
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

_TICK_SECONDS = 0.2
_TIMEOUT_SECONDS = 10
_LONGEST_PAUSE = 30.0


def signature(secret: str, timestamp: int, payload: str) -> str:
    """The value of the Stripe-Signature header."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def post(url: str, payload: str, header: str | None) -> int:
    """Post one event with this Stripe-Signature (None: without); gives the answer's status."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        **({"Stripe-Signature": header} if header else {}),
    }
    try:
        connection.request("POST", parts.path or "/", payload.encode(), headers)
        return connection.getresponse().status
    finally:
        connection.close()


class Deliverer:
    """One thread that looks for what is due, a few that post it. All state is in the store: a restart goes on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._bell = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="stripe-webhooks", daemon=True)
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="stripe-webhook")
        world.wake = self._bell.set

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._bell.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        # Deliveries that a crash cut off begin again.
        self.world.store.run("UPDATE deliveries SET state = 'waiting' WHERE state = 'flying'")
        while not self._stopping:
            self._bell.wait(_TICK_SECONDS)
            self._bell.clear()
            timers.run_due(self.world)
            for row in self._claim():
                self._pool.submit(self.deliver, row)

    def _claim(self) -> list[sqlite3.Row]:
        """Take what is due, so that nobody posts it beside us."""
        with self.world.store.transaction():
            waiting = "SELECT * FROM deliveries WHERE state = 'waiting' AND due <= ? ORDER BY due, id LIMIT 50"
            rows = [] if self._stopping else self.world.store.rows(waiting, time.time())
            for row in rows:
                self.world.store.run("UPDATE deliveries SET state = 'flying' WHERE id = ?", row["id"])
        return rows

    def deliver(self, row: sqlite3.Row) -> int | str:
        """Try once, write down what came of it, and give the status or the error."""
        event = self.world.store.get(row["event"])
        if event is None:
            return "gone"
        result = self._post(row["url"], row["secret"], event)
        ok = isinstance(result, int) and 200 <= result < 300
        attempts = row["attempts"] + 1
        tries = self.world.store.setting("webhook_tries", 15)
        state = "delivered" if ok else "waiting" if attempts < tries else "failed"
        pause = min(self.world.store.setting("webhook_backoff", 1.0) * 2 ** row["attempts"], _LONGEST_PAUSE)
        with self.world.store.transaction():
            self.world.store.run(
                "UPDATE deliveries SET attempts = ?, due = ?, state = ?, last = ? WHERE id = ?",
                attempts,
                time.time() + pause,
                state,
                str(result),
                row["id"],
            )
            fresh = self.world.store.get(row["event"])
            if ok and fresh:
                fresh["pending_webhooks"] = max(0, fresh["pending_webhooks"] - 1)
                self.world.store.put(fresh)
        return result

    def _post(self, url: str, secret: str, event: Body) -> int | str:
        payload = json.dumps(event, indent=2)
        # A clock set back must not make fresh events look old to a receiver that reads the machine's clock.
        moment = max(self.world.now(), int(time.time()))
        try:
            return post(url, payload, signature(secret, moment, payload))
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"

    def release(self, order: str, *, copies: int, seed: int) -> list[Body]:
        """Post what was held back, one after the other in this order, each `copies` times; failures are retried."""
        self.world.store.set("webhooks_held", False)
        held = self.world.store.rows("SELECT * FROM deliveries WHERE state = 'held' ORDER BY id")
        self.world.store.run("UPDATE deliveries SET state = 'flying' WHERE state = 'held'")
        rows = [row for row in (held[::-1] if order == "reverse" else held) for _ in range(copies)]
        if order == "random":
            random.Random(seed).shuffle(rows)
        return [{"event": row["event"], "result": self.deliver(row)} for row in rows]
