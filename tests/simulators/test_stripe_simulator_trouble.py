"""Trouble on demand and at random: on the wire, in Stripe's answers, with webhooks, and in races with the payer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import SECRET, Clinic, wait_until
from tests.simulators.stripe import StripeSimulator, pay
from tests.simulators.stripe.contract import VERSION
from tests.simulators.stripe.payer import fetch

Order = Callable[..., dict[str, Any]]
DAY = 86400


@pytest.mark.parametrize(
    ("action", "done"),
    [
        ("drop_before", False),
        ("timeout_before", False),
        ("drop_during", True),
        ("drop_after", True),
        ("timeout_after", True),
        ("delay_after", True),
    ],
)
@pytest.mark.parametrize("operation", ["capture", "cancel"])
def test_a_call_is_lost_before_or_after_its_work_and_the_same_key_ends_it(
    simulator: StripeSimulator, order: Order, action: str, operation: str, *, done: bool
) -> None:
    hasty = _client(simulator, timeout=0.4)
    session = hasty.v1.checkout.sessions.create(order())
    pay(session.url)
    intent = hasty.v1.checkout.sessions.retrieve(session.id).payment_intent
    simulator.post_control("settings", {"timeout_seconds": 0.6})
    simulator.post_control("faults", {"action": action, "path": f"/v1/payment_intents/*/{operation}", "seconds": 0.6})
    call = getattr(hasty.v1.payment_intents, operation)
    with pytest.raises(stripe.APIConnectionError):
        call(intent, {}, {"idempotency_key": "k"})
    assert (hasty.v1.payment_intents.retrieve(intent).status != "requires_capture") == done
    wait_until(lambda: simulator.api.log[-2].get("status") is not None)
    ended = call(intent, {}, {"idempotency_key": "k"})
    assert ended.status == ("succeeded" if operation == "capture" else "canceled")
    assert ("Idempotent-Replayed" in ended.last_response.headers) == done
    assert simulator.violations == []


def test_random_trouble_is_the_same_for_the_same_seed(simulator: StripeSimulator) -> None:
    simulator.post_control("settings", {"timeout_seconds": 0.01})
    client = _client(simulator, timeout=1)

    def play(seed: int) -> list[str]:
        simulator.post_control("faults/random", {"seed": seed, "rate": 0.5})
        return [_outcome(lambda: client.v1.customers.create({})) for _ in range(25)]

    first = play(7)
    assert play(7) == first != play(8)
    assert {"fine", "APIConnectionError", "RateLimitError", "APIError"} == set(first + play(8))
    simulator.post_control("faults/random", {"rate": 0})
    assert [_outcome(lambda: client.v1.customers.create({})) for _ in range(10)] == ["fine"] * 10
    assert simulator.violations == []


def test_random_trouble_can_be_of_one_kind_only(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    simulator.post_control("faults/random", {"rate": 1, "actions": ["rate_limit"]})
    assert _outcome(lambda: client.v1.balance.retrieve()) == "RateLimitError"
    with pytest.raises(ValueError, match="actions of"):
        simulator.post_control("faults/random", {"actions": ["colour"]})
    with pytest.raises(ValueError, match="between 0 and 1"):
        simulator.post_control("faults/random", {"rate": 2})


def test_webhooks_are_lost_doubled_and_late_at_random(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    simulator.post_control("webhooks/random", {"seed": 3, "rate": 0.7, "seconds": 0.3})
    made = [client.v1.customers.create({}).id for _ in range(30)]
    wait_until(lambda: all(row["state"] == "delivered" for row in simulator.store.rows("SELECT * FROM deliveries")))
    got = [event.data.object.id for event in clinic.events]
    assert set(got) < set(made)
    assert len(got) > len(set(got))
    assert list(dict.fromkeys(got)) != [one for one in made if one in got]


def test_one_event_is_late_on_demand_and_held_events_come_in_any_order(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    simulator.post_control("faults", {"action": "webhook_delay", "path": "customer.created", "seconds": 0.3})
    customer = client.v1.customers.create({})
    client.v1.customers.update(customer.id, {"metadata": {"a": "b"}})
    clinic.wait_for("customer.created")
    assert clinic.types() == ["customer.updated", "customer.created"]
    clinic.events.clear()
    simulator.post_control("webhooks/hold")
    made = [client.v1.customers.create({}).id for _ in range(8)]
    simulator.post_control("webhooks/release", {"order": "random", "seed": 1, "copies": 2})
    got = [event.data.object.id for event in clinic.events]
    assert sorted(got) == sorted(made * 2)
    assert got != [one for one in made for _ in range(2)]


@pytest.mark.parametrize("how", ["stale", "reserialised", "forged", "truncated", "unsigned"])
def test_a_spoilt_webhook_does_not_pass_stripes_own_check(
    simulator: StripeSimulator, client: stripe.StripeClient, post_box: list[tuple[bytes, str | None]], how: str
) -> None:
    client.v1.customers.create({})
    assert simulator.post_control("webhooks/spoil", {"how": how})["result"] == 200
    payload, header = post_box[-1]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, header or "", SECRET)


def test_an_event_of_the_other_mode_is_well_signed(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    customer = client.v1.customers.create({})
    clinic.wait_for("customer.created")
    sent = simulator.post_control("webhooks/spoil", {"how": "other_mode", "event": clinic.events[0].id})
    event = clinic.events[-1]
    assert (event.id, event.livemode, event.data.object.id) == (sent["event"], True, customer.id)
    with pytest.raises(ValueError, match="how must be one of"):
        simulator.post_control("webhooks/spoil", {"how": "politely"})


def test_the_payer_is_faster_than_the_clinic_that_expires_the_session(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    session = client.v1.checkout.sessions.create(order())
    simulator.post_control("faults", {"action": "payer_is_faster"})
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `complete`"):
        client.v1.checkout.sessions.expire(session.id)
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (paid.status, paid.payment_intent.status) == ("complete", "requires_capture")
    clinic.wait_for("checkout.session.completed")
    assert simulator.violations == []


def test_a_payer_who_is_too_late_is_told_and_not_charged(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    late = client.v1.checkout.sessions.create(order())
    url = late.url
    client.v1.checkout.sessions.expire(late.id)
    assert pay(url).status == 410
    with pytest.raises(ValueError, match="the session is expired"):
        simulator.post_control("pay", {"session": late.id})
    assert client.v1.payment_intents.list().data == []
    in_time = client.v1.checkout.sessions.create(order())
    declined = simulator.post_control("pay", {"session": in_time.id, "card": "4000 0000 0000 9995"})
    assert declined == {"status": "open"}
    assert simulator.post_control("pay", {"session": in_time.id}) == {"status": "complete"}
    assert "You have already paid" in fetch(in_time.url).text


def test_an_authorisation_lapses_at_the_second_its_charge_names(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    simulator.post_control("pay", {"session": session.id})
    expand = {"expand": ["payment_intent.latest_charge"]}
    intent = client.v1.checkout.sessions.retrieve(session.id, expand).payment_intent
    lapses = intent.latest_charge.payment_method_details.card.capture_before
    assert lapses == intent.latest_charge.created + 7 * DAY
    simulator.post_control("advance", {"seconds": lapses - simulator.clock.now() - 3})
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    simulator.post_control("advance", {"seconds": 3})
    assert client.v1.payment_intents.retrieve(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.fixture
def post_box(simulator: StripeSimulator) -> Iterator[list[tuple[bytes, str | None]]]:
    """Takes every webhook as it comes, unchecked: body and signature."""
    taken: list[tuple[bytes, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    simulator.world.webhook_url = f"http://127.0.0.1:{server.server_address[1]}/"
    simulator.post_control("webhooks/hold")
    yield taken
    server.shutdown()
    server.server_close()


def _client(simulator: StripeSimulator, *, timeout: float) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_clinic",
        base_addresses={"api": simulator.base_url},
        stripe_version=VERSION,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


def _outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except stripe.StripeError as error:
        return type(error).__name__
    return "fine"
