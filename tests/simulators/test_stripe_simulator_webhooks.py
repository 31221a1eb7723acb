"""Webhooks as Stripe sends them: signed, repeated until a 2xx, in any order, and never lost by a crash."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import SECRET, Clinic, sdk, wait_until
from tests.simulators.stripe import StripeSimulator, pay

Order = Callable[..., dict[str, Any]]


def test_an_event_is_signed_listed_and_delivered_once(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    customer = client.v1.customers.create({}, {"idempotency_key": "k"})
    clinic.wait_for("customer.created")
    wait_until(lambda: client.v1.events.list().data[0].pending_webhooks == 0)
    event = client.v1.events.retrieve(clinic.events[0].id)
    assert (event.type, event.livemode, event.data.object.id) == ("customer.created", False, customer.id)
    assert event.request.idempotency_key == "k"
    assert clinic.types() == ["customer.created"]
    assert simulator.violations == []


def test_a_delivery_is_repeated_until_it_is_taken(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    simulator.post_control("settings", {"webhook_backoff": 0.05})
    clinic.answers = [500, 302, 404]
    client.v1.customers.create({})
    clinic.wait_for("customer.created")
    wait_until(lambda: _deliveries(simulator) == [("delivered", 4)])


def test_a_delivery_is_given_up_after_its_tries(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    simulator.post_control("settings", {"webhook_backoff": 0.01, "webhook_tries": 3})
    clinic.answers = [500] * 10
    client.v1.customers.create({})
    wait_until(lambda: _deliveries(simulator) == [("failed", 3)])
    assert client.v1.events.list().data[0].pending_webhooks == 1


def test_what_was_not_delivered_is_delivered_after_a_restart(tmp_path: Path, clinic: Clinic) -> None:
    state = tmp_path / "kept.sqlite"
    with StripeSimulator(state=state, webhook_url="http://127.0.0.1:9/", webhook_secret=SECRET) as first:
        first.post_control("webhooks/hold")
        first.store.run("UPDATE deliveries SET url = ?", clinic.url)
        customer = sdk(first.base_url).v1.customers.create({}, {"idempotency_key": "k"})
        first.store.run("UPDATE deliveries SET url = ?, state = 'waiting', due = due + 1", clinic.url)
    with StripeSimulator(state=state, webhook_url=clinic.url, webhook_secret=SECRET) as second:
        again = sdk(second.base_url).v1.customers.create({}, {"idempotency_key": "k"})
        assert again.id == customer.id
        clinic.wait_for("customer.created")


@pytest.mark.parametrize("order_of_release", ["forward", "reverse"])
def test_held_events_are_released_in_the_order_asked_and_as_often(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic, order_of_release: str
) -> None:
    simulator.post_control("webhooks/hold")
    pay(client.v1.checkout.sessions.create(order()).url)
    assert clinic.events == []
    simulator.post_control("webhooks/release", {"order": order_of_release, "copies": 2})
    expected = [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]
    if order_of_release == "reverse":
        expected.reverse()
    assert clinic.types() == [kind for kind in expected for _ in range(2)]


def test_events_are_lost_doubled_and_sent_again_on_demand(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, clinic: Clinic
) -> None:
    simulator.post_control(
        "faults",
        [
            {"action": "webhook_drop", "path": "checkout.session.*"},
            {"action": "webhook_duplicate", "path": "charge.succeeded"},
            {"action": "webhook_drop", "path": "payment_intent.*", "count": 9},
        ],
    )
    pay(client.v1.checkout.sessions.create(order()).url)
    wait_until(lambda: len(clinic.events) == 2)
    assert clinic.types() == ["charge.succeeded"] * 2
    assert len(client.v1.events.list().data) == 4
    simulator.post_control("webhooks/resend", {"event": clinic.events[0].id})
    assert len(clinic.events) == 4


def test_an_endpoint_made_by_request_gets_the_events_it_asked_for(
    simulator: StripeSimulator, client: stripe.StripeClient, clinic: Clinic
) -> None:
    made = client.v1.webhook_endpoints.create({"url": clinic.url, "enabled_events": ["customer.deleted"]})
    simulator.store.put(simulator.store.get(made.id), secret=SECRET)
    client.v1.customers.delete(client.v1.customers.create({}).id)
    wait_until(lambda: sorted(clinic.types()) == ["customer.created", "customer.deleted", "customer.deleted"])
    assert "secret" not in client.v1.webhook_endpoints.list().data[0]
    assert simulator.violations == []


def test_the_command_survives_kill_9_with_everything_it_knew(tmp_path: Path, clinic: Clinic) -> None:
    clock = tmp_path / "clock"
    clock.write_text("3600.5")
    clinic.answers = [500]
    options = ["--state", str(tmp_path / "s.sqlite"), "--webhook-url", clinic.url, "--webhook-secret", SECRET]
    command = [sys.executable, "-m", "tests.simulators.stripe", *options, "--clock-offset-file", str(clock)]

    def start(port: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen([*command, "--port", port], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        return process, process.stdout.readline().split()[-1]

    process, url = start("0")
    customer = sdk(url).v1.customers.create({"email": "a@example.test"})
    wait_until(lambda: not clinic.answers)
    process.kill()
    process.wait()
    process, again = start(url.rpartition(":")[2])
    try:
        assert again == url
        assert sdk(url).v1.customers.retrieve(customer.id).email == "a@example.test"
        clinic.wait_for("customer.created")
        assert clinic.events[0].created >= 3600 + customer.created - 3601
    finally:
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout
        process.stdout.close()


def _deliveries(simulator: StripeSimulator) -> list[tuple[str, int]]:
    return [(row["state"], row["attempts"]) for row in simulator.store.rows("SELECT * FROM deliveries")]
