"""Where the mail provider's reports arrive: proven ones only, and what follows from a bounce or a complaint."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from booking.models import Appointment
from booking.reminders.models import AddressMark, Communication, DeliveryReport
from booking.reminders.services import plan_booking_messages
from booking.reminders.ways import WhyNot, ways_to_reach
from booking.selectors.contact import last_in_vain
from intake import clock
from tests.booking.reminders.contacts import EMAIL, PHONE, SMS, make_texted_visit
from tests.booking.reminders.visits import make_visit

pytestmark = pytest.mark.django_db
ADDRESS, KEY, ADA = "/webhooks/mail/", "signing key", "ada@example.com"


@pytest.fixture(autouse=True)
def _mailgun(settings: Settings) -> None:
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "mailgun", KEY
    settings.ANYMAIL = {"MAILGUN_API_KEY": "k", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


def post(event: dict[str, Any], *, key: str = KEY) -> int:
    stamp, token = "1764000000", "a" * 50
    proof = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = {"signature": {"timestamp": stamp, "token": token, "signature": proof}, "event-data": event}
    return Client(enforce_csrf_checks=True).post(ADDRESS, body, content_type="application/json").status_code


def event(kind: str, row: Communication, **over: Any) -> dict[str, Any]:
    base = {
        "event": kind,
        "id": "evt1",
        "timestamp": 1764000000.5,
        "recipient": row.recipient,
        "message": {"headers": {"message-id": row.message_id.strip("<>")}},
        "user-variables": {"communication": str(row.pk)},
    }
    return base | over


def bounce(row: Communication) -> int:
    return post(event("failed", row, severity="permanent", reason="bounce"))


def confirmed(visit: Appointment) -> Communication:
    plan_booking_messages(appointment=visit, manage_token="secret", now=clock.now())
    row = Communication.objects.get(kind="confirmation", appointment=visit)
    Communication.objects.filter(pk=row.pk).update(
        status="completed", sent_at=clock.now(), message_id=f"<{row.pk}@clinic.example>"
    )
    row.refresh_from_db()
    return row


def soon(**over: Any) -> Appointment:
    return make_visit(email=ADA, start=clock.now() + timedelta(hours=3), **over)


def test_a_delivery_is_kept_once() -> None:
    row = confirmed(soon())
    assert [post(event("delivered", row)), post(event("delivered", row))] == [200, 200]
    assert list(DeliveryReport.objects.values_list("communication", "what")) == [(row.pk, "delivered")]


def test_a_bounce_marks_the_mailbox_and_the_visit_is_to_be_called() -> None:
    visit = soon()
    assert bounce(confirmed(visit)) == 200
    assert AddressMark.objects.values_list("channel", "address", "what").get() == (EMAIL, ADA, "bounced")
    assert ways_to_reach(visit.patient, "reminder-1") == (WhyNot(EMAIL, "Mail to this address comes back."),)
    assert list(last_in_vain(Appointment.objects.all())) == [visit.pk]


def test_what_came_back_goes_as_a_text_where_that_may_be() -> None:
    visit = make_texted_visit(email=ADA, start=clock.now() + timedelta(hours=3))
    assert bounce(confirmed(visit)) == 200
    again = Communication.objects.get(kind="confirmation", channel=SMS)
    assert (again.status, again.recipient, again.content) == ("preparation", PHONE, {"token": "secret"})
    Communication.objects.filter(pk=again.pk).update(status="completed", sent_at=clock.now())
    assert last_in_vain(Appointment.objects.all()) == {}


def test_a_complaint_ends_the_mail() -> None:
    visit = soon()
    assert post(event("complained", confirmed(visit))) == 200
    assert ways_to_reach(visit.patient, "reminder-1") == (WhyNot(EMAIL, "They reported our mail as unwanted."),)


def test_a_full_mailbox_is_tried_again_by_the_provider_and_marks_nothing() -> None:
    row = confirmed(soon())
    assert post(event("failed", row, severity="temporary", reason="generic")) == 200
    assert not DeliveryReport.objects.exists()
    assert not AddressMark.objects.exists()


def test_what_is_not_signed_with_our_key_is_refused() -> None:
    row = confirmed(soon())
    assert post(event("failed", row, severity="permanent", reason="bounce"), key="guessed") == 400
    assert not DeliveryReport.objects.exists()


def test_without_a_provider_nothing_is_taken(settings: Settings) -> None:
    settings.MAIL_PROVIDER = ""
    assert post(event("delivered", confirmed(soon()))) == 400


def test_a_message_that_is_not_ours_is_a_404() -> None:
    row = confirmed(soon())
    assert post(event("delivered", row, **{"user-variables": {}})) == 404


def test_a_report_finds_its_message_by_its_name_there(settings: Settings) -> None:
    row = confirmed(soon())
    Communication.objects.filter(pk=row.pk).update(provider_id=row.message_id)
    named = {"message": {"headers": {"message-id": row.message_id.strip("<>")}}, "user-variables": {}}
    assert post(event("delivered", row, **named)) == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event-data": 1}', b"\xff", b"[" * 50_000])
def test_what_can_t_be_read_is_refused(body: bytes) -> None:
    answer = Client().post(ADDRESS, body, content_type="application/json")
    assert answer.status_code == 400


def test_postmark_proves_itself_by_the_password_in_its_address(settings: Settings) -> None:
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "postmark", "user:password"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "k", "WEBHOOK_SECRET": "user:password"}
    row = confirmed(soon())
    body = json.dumps(
        {
            "RecordType": "Bounce",
            "Type": "HardBounce",
            "TypeCode": 1,
            "ID": 1,
            "MessageID": "m1",
            "Email": ADA,
            "BouncedAt": "2026-11-23T10:00:00Z",
            "Metadata": {"communication": str(row.pk)},
        }
    )
    wrong, right = (base64.b64encode(one).decode() for one in (b"user:guess", b"user:password"))
    answers = [
        Client().post(ADDRESS, body, content_type="application/json", headers={"Authorization": f"Basic {one}"})
        for one in (wrong, right)
    ]
    assert [one.status_code for one in answers] == [400, 200]
    assert AddressMark.objects.get().what == "bounced"
