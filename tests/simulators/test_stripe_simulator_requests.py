"""How the simulated Stripe answers its callers: keys, idempotency, errors, pages of lists, searches and faults."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.simulators.conftest import sdk, wait_until
from tests.simulators.stripe import StripeSimulator, pay
from tests.simulators.stripe.contract import VERSION

Order = Callable[..., dict[str, Any]]


def test_only_a_test_key_opens_the_interface(simulator: StripeSimulator) -> None:
    for key in ("sk_live_real", "nonsense"):
        stranger = stripe.StripeClient(key, base_addresses={"api": simulator.base_url}, max_network_retries=0)
        with pytest.raises(stripe.AuthenticationError) as refused:
            stranger.v1.balance.retrieve()
        assert refused.value.json_body["error"]["type"] == "invalid_request_error"


def test_the_account_and_its_balance_are_told(client: stripe.StripeClient, simulator: StripeSimulator) -> None:
    assert client.v1.accounts.retrieve_current().default_currency == "cad"
    assert client.v1.balance.retrieve().livemode is False
    assert simulator.violations == []


def test_a_request_that_was_cut_off_is_none(simulator: StripeSimulator) -> None:
    head = (
        "POST /v1/payment_intents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_x\r\nContent-Length: 99\r\n\r\n"
    )
    with socket.create_connection((simulator.host, simulator.port)) as caller:
        caller.sendall(f"{head}amount=4000".encode())
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(100) == b""
    assert simulator.violations == []


def test_the_same_key_and_body_get_the_first_answer_again(
    simulator: StripeSimulator, client: stripe.StripeClient
) -> None:
    first = client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k"})
    again = client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k"})
    assert (first.id, again.last_response.headers["Idempotent-Replayed"]) == (again.id, "true")
    assert "Idempotent-Replayed" not in first.last_response.headers
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.customers.create({"email": "b@example.test"}, {"idempotency_key": "k"})
    assert (refused.value.http_status, len(client.v1.customers.list().data)) == (400, 1)
    assert simulator.violations == []


def test_a_key_is_forgotten_after_a_day(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    first = client.v1.customers.create({}, {"idempotency_key": "k"})
    simulator.post_control("advance", {"seconds": 86401})
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id != first.id


def test_a_key_that_is_being_used_is_a_conflict(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    simulator.post_control("faults", {"action": "delay", "path": "/v1/customers", "seconds": 1})
    made: list[Any] = []
    slow = threading.Thread(
        target=lambda: made.append(sdk(simulator.base_url).v1.customers.create({}, {"idempotency_key": "k"}))
    )
    slow.start()
    wait_until(lambda: len(simulator.api.log) == 1)
    with pytest.raises(stripe.APIError) as refused:
        client.v1.customers.create({}, {"idempotency_key": "k"})
    assert (refused.value.http_status, refused.value.json_body["error"]["code"]) == (409, "idempotency_key_in_use")
    slow.join()
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id == made[0].id
    assert simulator.violations == []


@pytest.mark.parametrize(("action", "sessions"), [("error_before", 0), ("error_after", 1)])
def test_a_500_is_replayed_and_a_list_tells_whether_it_was_done(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order, action: str, sessions: int
) -> None:
    simulator.post_control("faults", {"action": action, "method": "POST", "path": "/v1/checkout/sessions"})
    wanted = order()
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            client.v1.checkout.sessions.create(wanted, {"idempotency_key": "v1:p-1:checkout:1"})
        assert failed.value.http_status == 500
    found = client.v1.checkout.sessions.list({"created": {"gte": simulator.clock.now() - 60}}).data
    assert [session.metadata["payment"] for session in found] == ["p-1"] * sessions
    assert client.v1.checkout.sessions.create(wanted, {"idempotency_key": "v1:p-1:checkout:2"}).status == "open"
    assert simulator.violations == []


@pytest.mark.parametrize(("action", "replayed"), [("drop_before", False), ("drop_after", True)])
def test_after_a_lost_connection_the_same_key_gives_the_answer(
    simulator: StripeSimulator, client: stripe.StripeClient, action: str, replayed: bool
) -> None:
    simulator.post_control("faults", {"action": action})
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({}, {"idempotency_key": "k"})
    made = client.v1.customers.create({}, {"idempotency_key": "k"})
    assert ("Idempotent-Replayed" in made.last_response.headers) == replayed
    assert [customer.id for customer in client.v1.customers.list().data] == [made.id]


def test_a_slow_answer_times_out_and_is_there_for_the_same_key(simulator: StripeSimulator) -> None:
    impatient = stripe.StripeClient(
        "sk_test_clinic",
        base_addresses={"api": simulator.base_url},
        stripe_version=VERSION,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.3),
    )
    simulator.post_control("faults", {"action": "delay_after", "seconds": 1})
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.customers.create({}, {"idempotency_key": "k"})
    time.sleep(1)
    assert impatient.v1.customers.create({}, {"idempotency_key": "k"}).last_response.headers["Idempotent-Replayed"]


def test_too_many_requests_leave_the_key_unused(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    simulator.post_control("faults", {"action": "rate_limit", "count": 2})
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.customers.create({}, {"idempotency_key": "k"})
    assert "Idempotent-Replayed" not in client.v1.customers.create({}, {"idempotency_key": "k"}).last_response.headers
    assert simulator.violations == []


def test_connections_are_refused_for_a_while_and_then_taken_again(
    simulator: StripeSimulator, client: stripe.StripeClient
) -> None:
    simulator.hang_up()
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({})
    simulator.listen()
    assert client.v1.customers.create({}).livemode is False
    simulator.post_control("refuse", {"seconds": 0.3})
    wait_until(lambda: not _reachable(client))
    wait_until(lambda: _reachable(client))


def _reachable(client: stripe.StripeClient) -> bool:
    try:
        client.v1.balance.retrieve()
    except stripe.APIConnectionError:
        return False
    return True


def test_lists_are_paged_newest_first_and_filtered(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"email": f"{n}@example.test"}).id for n in range(7)]
    page = client.v1.customers.list({"limit": 3})
    assert ([customer.id for customer in page.data], page.has_more) == (made[:3:-1], True)
    assert [customer.id for customer in page.auto_paging_iter()] == made[::-1]
    before = client.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert [customer.id for customer in before.data] == [made[2], made[1]]
    assert [customer.id for customer in client.v1.customers.list({"email": "4@example.test"}).data] == [made[4]]
    assert client.v1.customers.list({"created": {"gt": simulator.clock.now() + 5}}).data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.list({"starting_after": "cus_none"})
    assert refused.value.code == "resource_missing"
    assert simulator.violations == []


def test_a_search_lags_behind(simulator: StripeSimulator, client: stripe.StripeClient, order: Order) -> None:
    session = client.v1.checkout.sessions.create(order())
    pay(session.url)
    query = {"query": "metadata['payment']:'p-1' AND status:'requires_capture'"}
    assert client.v1.payment_intents.search(query).data == []
    simulator.post_control("advance", {"seconds": 61})
    assert [intent.amount for intent in client.v1.payment_intents.search(query).data] == [3000]
    assert client.v1.payment_intents.search({"query": "metadata['payment']:'p-2'"}).data == []
    customer = client.v1.customers.create({"email": "a@example.test"})
    simulator.post_control("settings", {"search_lag": 0})
    assert client.v1.customers.search({"query": 'email:"a@example.test"'}).data[0].id == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="unable to parse"):
        client.v1.customers.search({"query": "what is this"})
    assert simulator.violations == []


def test_what_is_not_there_is_named(simulator: StripeSimulator, client: stripe.StripeClient, order: Order) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert str(refused.value).endswith("No such payment_intent: 'pi_none'")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(order(customer="cus_none"))
    assert (refused.value.http_status, refused.value.param) == (400, "customer")
    assert simulator.violations == []


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_intent_data": {"capture": "manual"}}, "parameter_unknown", "payment_intent_data[capture]"),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"mode": "gift"}, "parameter_invalid_enum", "mode"),
        ({"customer": ""}, "parameter_invalid_empty", "customer"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"line_items": None}, "parameter_missing", "line_items"),
    ],
)
def test_a_wrong_request_is_refused_as_stripe_refuses_it(
    client: stripe.StripeClient, order: Order, changes: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(order(**changes))
    assert (refused.value.code, refused.value.param) == (code, param)
    assert client.v1.checkout.sessions.list().data == []


def test_a_breach_of_the_description_is_remembered(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(order(colour="red"))
    assert simulator.violations == [
        {
            "side": "request",
            "request": "POST /v1/checkout/sessions",
            "problems": ["Received unknown parameter: colour"],
        }
    ]


def test_another_version_of_the_interface_is_a_breach(simulator: StripeSimulator) -> None:
    old = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": simulator.base_url}, stripe_version="2020-08-27", max_network_retries=0
    )
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        old.v1.balance.retrieve()
    assert [breach["side"] for breach in simulator.violations] == ["request"]


def test_metadata_is_merged_and_emptied_key_by_key(simulator: StripeSimulator, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = client.v1.customers.update(customer.id, {"metadata": {"b": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    gone = client.v1.customers.delete(customer.id)
    assert (gone.deleted, client.v1.customers.retrieve(customer.id).deleted) == (True, True)
    assert simulator.violations == []


def test_of_many_captures_at_once_exactly_one_takes_the_money(
    simulator: StripeSimulator, client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    pay(session.url)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    def capture(number: int) -> str:
        try:
            return str(
                sdk(simulator.base_url).v1.payment_intents.capture(intent, {}, {"idempotency_key": f"{number}"}).status
            )
        except stripe.InvalidRequestError as refused:
            return str(refused.code)

    with ThreadPoolExecutor(16) as pool:
        ends = sorted(pool.map(capture, range(16)))
    assert ends == ["payment_intent_unexpected_state"] * 15 + ["succeeded"]
    assert [move.amount for move in client.v1.balance_transactions.list().data] == [3000]
    assert simulator.violations == []


def test_nonsense_is_refused_and_changes_nothing(simulator: StripeSimulator) -> None:
    nonsense = [
        ("POST", "/v1/customers", "email[a][b][c][d][e][f][g][h][i]=1"),
        ("POST", "/v1/customers", "[]=1&=2"),
        ("POST", "/v1/customers", "email=a&email[b]=c"),
        ("POST", "/v1/payment_intents", "amount=99999999999999999999999&currency=cad"),
        ("POST", "/v1/payment_intents", "amount=-5&currency=cad"),
        ("POST", "/v1/payment_intents", "amount=500&currency=%00%00"),
        ("POST", "/v1/refunds", ""),
        ("GET", "/v1/customers?limit=0", ""),
        ("GET", "/v1/payment_intents/search?query=created%3E%27x%27", ""),
        ("GET", "/v1/nothing", ""),
        ("DELETE", "/v1/customers", ""),
    ]
    for method, path, body in nonsense:
        connection = http.client.HTTPConnection("127.0.0.1", simulator.port)
        connection.request(method, path, body, {"Authorization": "Bearer sk_test_x"})
        response = connection.getresponse()
        assert 400 <= response.status < 500, (method, path, body, response.read())
        connection.close()
    objects = simulator.store.rows("SELECT count(*) AS n FROM objects")
    assert (objects[0]["n"], [breach for breach in simulator.violations if breach["side"] == "response"]) == (0, [])
