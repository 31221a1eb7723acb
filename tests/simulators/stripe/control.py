"""The control interface under `/_control/`: faults, webhooks, time, and what was seen; money is in `control_money`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.simulators.stripe import faults, forgeries, timers
from tests.simulators.stripe.api import Api
from tests.simulators.stripe.control_money import MoneyControl
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.web import Answer, Request, json_answer
from tests.simulators.stripe.webhooks import Deliverer
from tests.simulators.stripe.world import World

_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "search_lag": float,
    "webhook_tries": int,
    "webhook_backoff": float,
    "timeout_seconds": float,
    "fee_percent": float,
    "fee_fixed": int,
    "dispute_fee": int,
    "matures_days": float,
    "payouts": str,
}


class Control:
    """Each address is one method; bodies and answers are JSON."""

    def __init__(self, world: World, api: Api, deliverer: Deliverer, refuse: Callable[[float], None]) -> None:
        self.world = world
        self.api = api
        self.deliverer = deliverer
        self.refuse = refuse
        self._routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("GET", "health"): lambda _: {"ok": True},
            ("GET", "state"): self._state,
            ("GET", "violations"): lambda _: {"violations": violations(self.world)},
            ("POST", "faults"): self._faults,
            ("POST", "reset"): self._reset,
            ("POST", "advance"): self._advance,
            ("POST", "settings"): self._settings,
            ("POST", "refuse"): self._refuse,
            ("POST", "webhooks/hold"): self._hold,
            ("POST", "webhooks/release"): self._release,
            ("POST", "webhooks/drop"): self._drop,
            ("POST", "webhooks/resend"): self._resend,
            ("POST", "webhooks/spoil"): self._spoil,
            ("POST", "webhooks/random"): lambda body: world.events_chance.set(body),
            ("POST", "faults/random"): lambda body: world.requests_chance.set(body),
            **MoneyControl(world).routes,
        }

    def answer(self, request: Request) -> Answer:
        name = request.path.removeprefix("/_control/").rstrip("/")
        if (request.method, name) not in self._routes:
            return json_answer(404, {"error": f"no {request.method} {name}", "routes": sorted(self._routes)})
        try:
            body = json.loads(request.body or "{}")
            return json_answer(200, self._routes[request.method, name](body))
        except StripeError as error:
            return json_answer(error.status, error.body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return json_answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _state(self, _: Body) -> Body:
        store = self.world.store
        kinds = store.rows("SELECT kind, count(*) AS n FROM objects GROUP BY kind")
        tables = {
            name: [dict(row) for row in store.rows(f"SELECT * FROM {name} ORDER BY id")]
            for name in ("faults", "deliveries")
        }
        for row in tables["deliveries"]:
            del row["secret"]
        return {
            "now": self.world.now(),
            "objects": {row["kind"]: row["n"] for row in kinds},
            "violations": violations(self.world),
            "requests": list(self.api.log),
            "webhooks_held": store.setting("webhooks_held", False),
            **tables,
        }

    def _faults(self, body: Any) -> Body:
        wanted = body if isinstance(body, list) else [body]
        return {"faults": [faults.add(self.world.store, one) for one in wanted]}

    def _reset(self, body: Body) -> Body:
        """Forget everything; with `{"keep_objects": true}` only faults, held webhooks, settings and violations."""
        store = self.world.store
        if body.get("keep_objects"):
            for name in ("faults", "violations", "settings"):
                store.run(f"DELETE FROM {name}")
            store.run("UPDATE deliveries SET state = 'dropped' WHERE state = 'held'")
        else:
            store.clear()
        self.world.clock.own_offset = 0.0
        self.api.log.clear()
        return {"ok": True}

    def _advance(self, body: Body) -> Body:
        self.world.clock.own_offset += float(body["seconds"])
        self.world.store.set("own_offset", self.world.clock.own_offset)
        timers.run_due(self.world)
        return {"now": self.world.now()}

    def _settings(self, body: Body) -> Body:
        if body.get("payouts", "daily") not in ("daily", "manual"):
            raise ValueError("payouts are daily or manual")
        for name, value in body.items():
            self.world.store.set(name, _SETTINGS[name](value))
        return body

    def _refuse(self, body: Body) -> Body:
        self.refuse(float(body["seconds"]))
        return body

    def _hold(self, _: Body) -> Body:
        self.world.store.set("webhooks_held", True)
        self.world.store.run("UPDATE deliveries SET state = 'held' WHERE state = 'waiting'")
        return {"held": True}

    def _release(self, body: Body) -> Body:
        copies, order = int(body.get("copies", 1)), body.get("order", "forward")
        if order not in ("forward", "reverse", "random"):
            raise ValueError("order must be forward, reverse or random")
        return {"delivered": self.deliverer.release(order, copies=copies, seed=body.get("seed", 0))}

    def _spoil(self, body: Body) -> Body:
        """A webhook that must be refused: `how` one of `forgeries.HOWS`, a copy of `event` or of the newest."""
        return forgeries.send(self.world, how=body["how"], event_id=body.get("event"))

    def _drop(self, _: Body) -> Body:
        """Lose every delivery that is held or waiting; the events themselves stay listed."""
        done = "UPDATE deliveries SET state = 'dropped' WHERE state IN ('held', 'waiting')"
        return {"dropped": self.world.store.run(done)}

    def _resend(self, body: Body) -> Body:
        """Send an event (`event`) again, or all events (`all`)."""
        rows = self.world.store.rows(
            "SELECT * FROM deliveries WHERE event = ? OR ? ORDER BY id", body.get("event", ""), bool(body.get("all"))
        )
        return {"delivered": [{"event": row["event"], "result": self.deliverer.deliver(row)} for row in rows]}


def violations(world: World) -> list[Body]:
    """Every breach of Stripe's description so far: `side` says whose (request: ours, response: the simulator's)."""
    return [
        {"side": row["side"], "request": row["request"], "problems": json.loads(row["problems"])}
        for row in world.store.rows("SELECT * FROM violations ORDER BY id")
    ]
