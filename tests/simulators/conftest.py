"""A fresh simulated Stripe for each test, the real SDK pointed at it, and a clinic that takes its webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.simulators.stripe import StripeSimulator
from tests.simulators.stripe.contract import VERSION

SECRET = "whsec_test"


def sdk(url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_clinic", base_addresses={"api": url}, stripe_version=VERSION, max_network_retries=0
    )


class Clinic:
    """The receiving end of webhooks: verifies each with the real SDK and answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.events: list[Any] = []
        clinic = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                event = stripe.Webhook.construct_event(payload, self.headers["Stripe-Signature"], SECRET)
                status = clinic.answers.pop(0) if clinic.answers else 200
                if status == 200:
                    clinic.events.append(event)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/stripe/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def wait_for(self, *types: str) -> None:
        wait_until(lambda: set(types) <= set(self.types()))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Give background work its time; fail loudly when it never comes."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    receiver = Clinic()
    yield receiver
    receiver.close()


@pytest.fixture
def simulator(tmp_path: Path, clinic: Clinic) -> Iterator[StripeSimulator]:
    """A strict simulator that posts its events to the clinic."""
    running = StripeSimulator(state=tmp_path / "stripe.sqlite", webhook_url=clinic.url, webhook_secret=SECRET)
    with running:
        yield running


@pytest.fixture
def client(simulator: StripeSimulator) -> stripe.StripeClient:
    return sdk(simulator.base_url)


@pytest.fixture
def order(simulator: StripeSimulator) -> Callable[..., dict[str, Any]]:
    """The parameters of a deposit's Checkout Session as the clinic sends them; `changes` replace or add."""

    def build(**changes: Any) -> dict[str, Any]:
        wanted = {
            "mode": "payment",
            "success_url": "http://clinic.test/paid/?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://clinic.test/back/",
            "expires_at": simulator.clock.now() + 31 * 60,
            "metadata": {"payment": "p-1"},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {"currency": "cad", "unit_amount": 3000, "product_data": {"name": "Deposit"}},
                }
            ],
            "payment_intent_data": {"capture_method": "manual", "metadata": {"payment": "p-1"}},
        }
        return {name: value for name, value in {**wanted, **changes}.items() if value is not None}

    return build
