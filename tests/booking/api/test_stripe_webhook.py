"""The address where Stripe's events arrive keeps what Stripe signed and refuses everything else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from booking.payments.models import WebhookEvent
from intake import clock
from tests.simulators.stripe import StripeSimulator, forgeries
from tests.simulators.stripe.webhooks import signature

pytestmark = pytest.mark.django_db
ADDRESS = "/webhooks/stripe/"


def event(**over: Any) -> dict[str, Any]:
    about = {"object": "payment_intent", "id": "pi_1", "metadata": {"payment": "c0ffee"}}
    return {"id": "evt_1", "type": "payment_intent.succeeded", "livemode": False, "data": {"object": about}} | over


def post(body: object, *, secret: str = "whsec_test", at: datetime | None = None, header: str | None = None) -> int:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = int((at or clock.now()).timestamp())
    signed = signature(secret, stamp, payload.decode("latin-1")) if header is None else header
    answer = Client(enforce_csrf_checks=True).post(
        ADDRESS, payload, content_type="application/json", headers={"Stripe-Signature": signed}
    )
    return answer.status_code


def test_a_signed_event_is_kept_once() -> None:
    assert [post(event()), post(event())] == [200, 200]
    kept = WebhookEvent.objects.get()
    assert (kept.id, kept.type, kept.object_id, kept.payment_ref, kept.livemode, kept.handled_at, kept.attempts) == (
        "evt_1",
        "payment_intent.succeeded",
        "pi_1",
        "c0ffee",
        False,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("about", "looked_at"),
    [
        ({"object": "checkout.session", "id": "cs_1"}, "cs_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_7"}, "pi_7"),
        ({"object": "refund", "id": "re_1", "payment_intent": "pi_7"}, "pi_7"),
        ({"object": "dispute", "id": "dp_1", "payment_intent": "pi_7"}, "pi_7"),
    ],
)
def test_it_names_what_to_look_at(about: dict[str, Any], looked_at: str) -> None:
    assert post(event(data={"object": about})) == 200
    assert WebhookEvent.objects.get().object_id == looked_at


def test_an_event_about_no_payment_is_kept_and_needs_nothing() -> None:
    assert post(event(data={"object": {"object": "customer", "id": "cus_1"}})) == 200
    kept = WebhookEvent.objects.get()
    assert (kept.handled_at is not None, kept.problem) == (True, "Not about a payment.")


@pytest.mark.parametrize("secret", ["whsec_test", "whsec_next"])
def test_while_a_secret_is_rolled_both_are_good(secret: str, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_next", "whsec_test"]
    assert post(event(), secret=secret) == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "nonsense",
        "t=1,v1=" + "0" * 64,
        f"t={'9' * 30},v1=" + "0" * 64,
        "t=١٢٣,v1=00",  # digits, but not ours
        "v1=" + "0" * 64,
    ],
)
def test_without_a_good_signature_nothing_is_kept(header: str) -> None:
    assert post(event(), header=header.encode().decode("latin-1")) == 400
    assert not WebhookEvent.objects.exists()


def test_another_secret_is_not_ours() -> None:
    assert post(event(), secret="whsec_other") == 400


def test_without_a_secret_nobody_is_believed(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert post(event(), secret="") == 400


@pytest.mark.parametrize(("seconds", "status"), [(-290, 200), (290, 200), (-310, 400), (310, 400)])
def test_an_old_signature_is_no_proof(seconds: int, status: int) -> None:
    assert post(event(), at=clock.now() + timedelta(seconds=seconds)) == status


def test_the_clock_of_the_test_moves_the_tolerance(clock_file: Any) -> None:
    clock_file.write_text("864000")
    assert post(event(), at=datetime.now(UTC)) == 400
    assert post(event(), at=datetime.now(UTC) + timedelta(days=10)) == 200


@pytest.mark.parametrize(
    ("key", "livemode", "status"),
    [
        ("sk_test_1", False, 200),
        ("sk_live_1", True, 200),
        ("rk_live_1", True, 200),
        ("sk_live_1", False, 400),
        ("sk_test_1", True, 400),
    ],
)
def test_live_and_test_do_not_mix(key: str, livemode: bool, status: int, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = key
    assert post(event(livemode=livemode)) == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"[" * 5000,
        event(id=""),
        event(id="evt_\0"),
        event(id="x" * 300),
        event(id=7),
        event(type=None),
        event(data=None),
        event(data={"object": []}),
        event(data={"object": {"object": "payment_intent", "id": {"$ne": 1}}}),
        event(livemode="no"),
        event(data={"object": {"object": "payment_intent", "id": "pi_1", "metadata": [1]}}),
    ],
)
def test_signed_nonsense_is_refused_and_changes_nothing(body: object) -> None:
    assert post(body) == 400
    assert not WebhookEvent.objects.exists()


def test_a_reference_that_is_no_id_of_ours_is_left_out() -> None:
    about = {"object": "payment_intent", "id": "pi_1", "metadata": {"payment": "a' OR 1=1 \0"}}
    assert post(event(data={"object": about})) == 200
    assert WebhookEvent.objects.get().payment_ref == ""


def test_too_much_is_not_read() -> None:
    assert post(event(padding="x" * 200_000)) == 413


def test_only_posts() -> None:
    assert Client().get(ADDRESS).status_code == 405


@pytest.mark.parametrize("how", forgeries.HOWS)
def test_what_somebody_spoilt_is_refused_with_a_code_and_no_secret_is_logged(
    how: str, stripe_simulator: StripeSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    payload, header = forgeries.spoil(stripe_simulator.world, json.dumps(event(livemode=how == "other_mode")), how)
    with caplog.at_level("DEBUG"):
        answer = Client(enforce_csrf_checks=True).post(
            ADDRESS,
            payload,
            content_type="application/json",
            headers={"Stripe-Signature": header} if header else {},
        )
    assert (answer.status_code, answer.content.decode()) == (400, "event-refused")
    assert not WebhookEvent.objects.exists()
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("booking"))
    assert "An event refused" in said
    for secret in ("whsec_", "v1=", "evt_1", "c0ffee"):
        assert secret not in said
