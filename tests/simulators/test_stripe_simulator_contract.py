"""Our small reader of Stripe's description agrees with a general JSON Schema validator, and is quick."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import stripe
from jsonschema import Draft202012Validator

from tests.simulators.stripe import StripeSimulator, pay
from tests.simulators.stripe.contract import check_request, check_response, document

Order = Callable[..., dict[str, Any]]


@cache
def _standard_schemas() -> dict[str, Any]:
    """The whole description with `nullable` as an anyOf with null and references that jsonschema can follow."""

    def rewrite(node: Any) -> Any:
        if isinstance(node, list):
            return [rewrite(item) for item in node]
        if not isinstance(node, dict):
            return node
        fresh = {name: rewrite(value) for name, value in node.items() if name != "nullable"}
        return {"anyOf": [fresh, {"type": "null"}]} if node.get("nullable") is True else fresh

    schemas: dict[str, Any] = rewrite(document()["components"]["schemas"])
    return schemas


def _standard_accepts(name: str, value: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": _standard_schemas()}}
    return bool(Draft202012Validator(schema).is_valid(value))


def _spoiled(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every way to take one member away or give it a wrong value, one at a time."""
    for name in value:
        for wrong in ("missing", [1], {"x": 1}, -1.5, True, None, "no such word"):
            fresh = copy.deepcopy(value)
            if wrong == "missing":
                del fresh[name]
            else:
                fresh[name] = wrong
            yield fresh


def test_every_kind_of_object_is_valid_for_a_general_validator_too(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    _live_a_little(simulator, client, order)
    rows = simulator.store.rows("SELECT kind, body FROM objects")
    kinds = {row["kind"] for row in rows}
    assert kinds >= {"balance_transaction", "charge", "checkout.session", "customer", "dispute", "event"}
    assert kinds >= {"payment_intent", "payment_method", "refund", "setup_intent"}
    for row in rows:
        assert _standard_accepts(row["kind"], json.loads(row["body"])), row["body"]
    assert simulator.violations == []


@pytest.mark.parametrize("kind", ["payment_intent", "refund", "charge", "customer"])
def test_our_reader_refuses_what_a_general_validator_refuses(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, kind: str
) -> None:
    _live_a_little(simulator, client, order)
    path = {"payment_intent": "/v1/payment_intents/pi_1", "charge": "/v1/charges/ch_1"}.get(kind, f"/v1/{kind}s/x_1")
    for wrong in _spoiled(simulator.store.find(kind)[0]):
        ours = [
            problem
            for problem in check_response("GET", path, 200, wrong)
            if problem.code != "unknown"  # we are stricter there: the description lists every member
        ]
        assert (not ours) == _standard_accepts(kind, wrong), (ours, wrong)


def test_an_unknown_member_of_an_answer_is_a_breach() -> None:
    answer = {"id": "we_1", "object": "webhook_endpoint", "colour": 1}
    problems = check_response("POST", "/v1/webhook_endpoints", 200, answer)
    assert [problem.param for problem in problems if problem.code == "unknown"] == ["colour"]
    assert {"created", "enabled_events", "url"} < {problem.param for problem in problems if problem.code == "missing"}


@pytest.mark.parametrize(
    ("form", "codes"),
    [
        ("payment_intent=pi_1&amount=100&metadata[a]=b", []),
        ("payment_intent=pi_1&amount=1.5", ["parameter_invalid_integer"]),
        ("payment_intent=pi_1&amount[a]=1", ["parameter_invalid_type"]),
        ("reason=because", ["parameter_invalid_enum"]),
        ("colour=red&metadata[a]=b", ["parameter_unknown"]),
        ("metadata=b", ["parameter_invalid_type"]),
        ("expand[0]=charge&expand[1]=payment_intent", []),
        ("expand=charge", ["parameter_invalid_type"]),
    ],
)
def test_a_form_is_judged_by_the_description(form: str, codes: list[str]) -> None:
    assert [problem.code for problem in check_request("POST", "/v1/refunds", form)] == codes


def test_checking_costs_a_few_milliseconds(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    begun = time.perf_counter()
    for _ in range(20):
        client.v1.checkout.sessions.retrieve(session.id)
    assert (time.perf_counter() - begun) / 20 < 0.02


def _live_a_little(simulator: StripeSimulator, client: stripe.StripeClient, order: Order) -> None:
    customer = client.v1.customers.create({"email": "a@example.test", "metadata": {"a": "b"}})
    session = client.v1.checkout.sessions.create(order(customer=customer.id))
    pay(session.url, card="4000 0000 0000 0002")
    pay(session.url)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    client.v1.payment_intents.capture(intent)
    client.v1.refunds.create({"payment_intent": intent, "amount": 500})
    simulator.post_control("dispute", {"payment_intent": intent})
    client.v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
    for listed in (client.v1.events, client.v1.charges, client.v1.disputes, client.v1.balance_transactions):
        listed.list({"limit": 100})
    client.v1.checkout.sessions.line_items.list(session.id)
    client.v1.charges.list({"expand": ["data.payment_intent", "data.refunds"]})
