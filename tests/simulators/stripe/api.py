"""The way of one interface request: key, contract, idempotency, faults, the work, and the check of the answer."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.simulators.stripe import checkout, contract, faults, listing, timers
from tests.simulators.stripe.errors import StripeError, api_error
from tests.simulators.stripe.forms import decode
from tests.simulators.stripe.routes import ROUTES
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.web import Answer, DropError, Request, json_answer
from tests.simulators.stripe.world import World

_KEY_SECONDS = 24 * 3600


class Api:
    """Answers `/v1/...` as Stripe would."""

    def __init__(self, world: World, *, strict: bool) -> None:
        self.world = world
        self.strict = strict
        self.log: deque[Body] = deque(maxlen=1000)
        self._busy: set[str] = set()
        self._busy_lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        request_id = self.world.new_id("req", 14)
        key = request.headers.get("Idempotency-Key") if request.method in ("POST", "DELETE") else None
        self.world.request.id, self.world.request.key = request_id, key
        headers = {"Request-Id": request_id, "Stripe-Version": contract.VERSION}
        if key:
            headers["Idempotency-Key"] = key
        entry: Body = {
            "method": request.method,
            "path": request.path,
            "form": request.body or request.query,
            "key": key,
        }
        self.log.append(entry)
        trouble = faults.Trouble(self.world.store, self.world.requests_chance.draw(), request.method, request.path)
        try:
            status, body = self._guarded(request, key, headers, trouble)
        except StripeError as error:
            status, body = error.status, error.body
        except DropError:
            entry["status"] = "dropped"
            raise
        entry.update(status=status, replayed="Idempotent-Replayed" in headers)
        self._judge_answer(request, status, body)
        return json_answer(status, body, headers)._replace(cut=trouble.strikes("drop_during"))

    def _guarded(
        self, request: Request, key: str | None, headers: dict[str, str], trouble: faults.Trouble
    ) -> tuple[int, Body]:
        self._authenticate(request)
        if trouble.strikes("rate_limit"):
            raise StripeError("Request rate limit exceeded.", status=429, code="rate_limit")
        operation, ids, form = self._read(request)
        with self._alone(key):
            self._hinder(trouble, "delay", "timeout_before", "drop_before")
            kept = self._kept(key, request, headers) if key else None
            answer = kept or self._work(request, operation, ids, form, key, trouble)
            self._hinder(trouble, "delay_after", "timeout_after", "drop_after")
            return answer

    def _hinder(self, trouble: faults.Trouble, slow: str, silent: str, gone: str) -> None:
        """The network's part: a slow answer, silence until the asker gives up, or a connection that ends."""
        if (delay := trouble.take(slow)) is not None:
            time.sleep(delay.get("seconds", 1))
        if trouble.strikes(silent):
            time.sleep(self.world.store.setting("timeout_seconds", 11.0))
            raise DropError
        if trouble.strikes(gone):
            raise DropError

    def _authenticate(self, request: Request) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            given = base64.b64decode(given, validate=False).decode("latin-1").partition(":")[0]
        if not given:
            raise StripeError("You did not provide an API key.", status=401)
        if not given.startswith("sk_test_"):
            raise StripeError(f"Invalid API Key provided: {given[:8]}****", status=401)

    def _read(self, request: Request) -> tuple[contract.Operation, tuple[str, ...], Body]:
        found = contract.find(request.method, request.path)
        if found is None:
            told = f"Unrecognized request URL ({request.method}: {request.path})."
            raise StripeError(told, status=404)
        form, problems = contract.read_request(found[0], decode(request.body or request.query))
        version = request.headers.get("Stripe-Version", contract.VERSION)
        if version != contract.VERSION:
            problems.append(contract.Problem("version", "", f"Invalid Stripe API version: {version}"))
        if problems and self.strict:
            self.world.store.violate("request", f"{request.method} {request.path}", problems)
        if problems:
            first = problems[0]
            raise StripeError(first.message, code=first.code, param=first.param)
        return (*found, form)

    @contextmanager
    def _alone(self, key: str | None) -> Iterator[None]:
        if key is None:
            yield
            return
        with self._busy_lock:
            if key in self._busy:
                raise StripeError(
                    "There is currently another in-progress request using this Idempotent Key (that probably "
                    f"means you submitted twice, and the other request is still going through): {key}.",
                    status=409,
                    code="idempotency_key_in_use",
                )
            self._busy.add(key)
        try:
            yield
        finally:
            with self._busy_lock:
                self._busy.discard(key)

    def _kept(self, key: str, request: Request, headers: dict[str, str]) -> tuple[int, Body] | None:
        oldest = self.world.now() - _KEY_SECONDS
        for row in self.world.store.rows("SELECT * FROM answers WHERE key = ? AND created > ?", key, oldest):
            if row["fingerprint"] != _fingerprint(request):
                raise StripeError(
                    "Keys for idempotent requests can only be used with the same parameters they were first used "
                    f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                    kind="idempotency_error",
                )
            headers.update({"Idempotent-Replayed": "true", "Original-Request": row["request_id"]})
            return row["status"], json.loads(row["body"])
        return None

    def _work(
        self,
        request: Request,
        operation: contract.Operation,
        ids: tuple[str, ...],
        form: Body,
        key: str | None,
        trouble: faults.Trouble,
    ) -> tuple[int, Body]:
        with self.world.store.transaction():
            timers.run_due(self.world)
            if operation.template.endswith("/expire") and trouble.strikes("payer_is_faster"):
                checkout.overtake(self.world, ids[0])
            if trouble.strikes("error_before"):
                status, body = 500, api_error().body
            else:
                status, body = self._execute(request, operation, ids, form)
                if trouble.strikes("error_after"):
                    status, body = 500, api_error().body
            if key:
                self._keep(key, request, status, body)
        return status, body

    def _execute(
        self, request: Request, operation: contract.Operation, ids: tuple[str, ...], form: Body
    ) -> tuple[int, Body]:
        paths: list[Any] = form.pop("expand", [])
        with self.world.store.undoable() as undo:
            try:
                body = ROUTES[request.method, operation.template](self.world, form, *ids)
                return 200, listing.expand(self.world, body, paths)
            except StripeError as error:
                # A declined card leaves a failed charge and its events; every other refusal changes nothing.
                if error.status != 402:
                    undo()
                return error.status, error.body

    def _keep(self, key: str, request: Request, status: int, body: Body) -> None:
        self.world.store.run(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
            key,
            _fingerprint(request),
            self.world.now(),
            status,
            json.dumps(body),
            self.world.request.id,
        )

    def _judge_answer(self, request: Request, status: int, body: Body) -> None:
        if self.strict and (problems := contract.check_response(request.method, request.path, status, body)):
            self.world.store.violate("response", f"{request.method} {request.path} {status}", problems)


def _fingerprint(request: Request) -> str:
    return hashlib.sha256(f"{request.method} {request.path} {request.body}".encode()).hexdigest()
