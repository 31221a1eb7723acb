"""The control interface under `/_control/`: faults, webhooks, time, the bank's answers, and what was seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.simulators.stripe import checkout, disputes, faults, refunds, timers
from tests.simulators.stripe.api import Api
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.web import Answer, Request, json_answer
from tests.simulators.stripe.webhooks import Deliverer
from tests.simulators.stripe.world import World

_SETTINGS = {"search_lag": float, "webhook_tries": int, "webhook_backoff": float}


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
            ("POST", "approve"): self._approve,
            ("POST", "dispute"): self._dispute,
            ("POST", "dispute/close"): self._close_dispute,
            ("POST", "refund/fail"): self._fail_refund,
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
        copies = int(body.get("copies", 1))
        return {"delivered": self.deliverer.release(reverse=body.get("order") == "reverse", copies=copies)}

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

    def _approve(self, body: Body) -> Body:
        """The bank's answer to a payment that waits for it: `intent` or `session`, `outcome` succeed or decline."""
        intent_id = body.get("intent")
        if intent_id is None:
            session = self.world.need("checkout.session", body["session"])
            intent_id = session["payment_intent"] or session["setup_intent"]
        intent = self.world.store.get(intent_id)
        if intent is None:
            raise ValueError(f"no intent {intent_id}")
        with self.world.store.transaction():
            try:
                checkout.approve(self.world, intent, success=body.get("outcome", "succeed") == "succeed")
            except StripeError as refused:
                if refused.status != 402:
                    raise
        return {"status": self.world.need(intent["object"], intent["id"])["status"]}

    def _dispute(self, body: Body) -> Body:
        charge_id = body.get("charge") or self.world.need("payment_intent", body["payment_intent"])["latest_charge"]
        with self.world.store.transaction():
            charge = self.world.need("charge", charge_id)
            if not charge["captured"]:
                raise ValueError("only a captured charge can be disputed")
            return disputes.open_dispute(self.world, charge, reason=body.get("reason", "product_not_received"))

    def _close_dispute(self, body: Body) -> Body:
        if body["status"] not in ("won", "lost"):
            raise ValueError("status must be won or lost")
        with self.world.store.transaction():
            return disputes.decide(self.world, self.world.need("dispute", body["dispute"]), body["status"])

    def _fail_refund(self, body: Body) -> Body:
        with self.world.store.transaction():
            refund = self.world.need("refund", body["refund"])
            if refund["status"] == "failed" or refund["balance_transaction"] is None:
                raise ValueError("this refund cannot fail")
            return refunds.fail(self.world, refund)


def violations(world: World) -> list[Body]:
    """Every breach of Stripe's description so far: `side` says whose (request: ours, response: the simulator's)."""
    return [
        {"side": row["side"], "request": row["request"], "problems": json.loads(row["problems"])}
        for row in world.store.rows("SELECT * FROM violations ORDER BY id")
    ]
