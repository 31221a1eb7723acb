"""Where Twilio's reports and people's texts arrive: only what is signed with our account's password counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from booking.api.sms_webhook import signature_of
from booking.models import Appointment
from booking.reminders.models import AddressMark, Communication, DeliveryReport, IncomingMessage
from booking.reminders.services import plan_booking_messages
from booking.reminders.ways import Way, WhyNot, ways_to_reach
from intake import clock
from tests.booking.reminders.contacts import PHONE, SMS, make_texted_visit
from tests.factories.intake import make_patient
from tests.simulators.sms.webhooks import signature

pytestmark = pytest.mark.django_db
ADDRESS, TOKEN = "/webhooks/sms/", "simulated password"
SITE = "http://127.0.0.1:8000"


def post(fields: dict[str, str], *, address: str = ADDRESS, token: str = TOKEN, signed: str | None = None) -> Any:
    whole = {"AccountSid": "ACsimulator", "MessageSid": "SM1", **fields}
    proof = signature(f"{SITE}{address}", whole, token) if signed is None else signed
    return Client(enforce_csrf_checks=True).post(address, whole, headers={"X-Twilio-Signature": proof})


def text(body: str, *, sid: str = "SM1", sender: str = PHONE, **over: str) -> str:
    answer = post({"MessageSid": sid, "From": sender, "To": "+15005550006", "Body": body, **over})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
    return answer.content.decode().removeprefix('<?xml version="1.0" encoding="UTF-8"?>')


def visit_in(days: int = 2, **over: Any) -> Appointment:
    return make_texted_visit(start=clock.now() + timedelta(days=days), **over)


def sent_text(visit: Appointment) -> Communication:
    plan_booking_messages(appointment=visit, manage_token="secret", now=clock.now() - timedelta(days=1))
    row = Communication.objects.filter(channel=SMS).first()
    assert row is not None
    Communication.objects.filter(pk=row.pk).update(status="completed", sent_at=clock.now(), provider_id="SM1")
    return row


def test_the_signature_is_the_one_of_twilio_s_own_example() -> None:
    """https://www.twilio.com/docs/usage/security: the example that their libraries are tested with."""
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675310", "Digits": "1234", "From": "+14158675310",
              "To": "+18005551212"}  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature_of(url=url, fields=list(fields.items()), token="12345") == "GvWf1cFY/Q7PnoempGyD5oXAezc="


@pytest.mark.parametrize("signed", ["", "x", None], ids=["unsigned", "nonsense", "another password"])
def test_what_is_not_signed_is_refused_and_changes_nothing(signed: str | None) -> None:
    visit_in()
    answer = post({"From": PHONE, "Body": "STOP"}, signed=signed, token="guessed")
    assert (answer.status_code, answer.content) == (400, b"event-refused")
    assert not IncomingMessage.objects.exists()
    assert not AddressMark.objects.exists()


def test_without_an_account_nothing_is_taken_even_with_an_empty_password(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert post({"From": PHONE, "Body": "STOP"}, token="").status_code == 400


def test_another_account_s_events_are_refused() -> None:
    assert post({"AccountSid": "ACother", "From": PHONE, "Body": "STOP"}).status_code == 400


def test_a_report_is_kept_once_with_its_message() -> None:
    row = sent_text(visit_in())
    for _ in range(2):
        assert post({"MessageStatus": "delivered"}, address=f"{ADDRESS}?row={row.pk}").status_code == 200
    kept = DeliveryReport.objects.get()
    assert (kept.communication_id, kept.what, kept.provider_id) == (row.pk, "delivered", "SM1")


def test_a_report_finds_its_message_by_the_name_there_too() -> None:
    row = sent_text(visit_in())
    assert post({"MessageStatus": "delivered"}).status_code == 200
    assert DeliveryReport.objects.get().communication_id == row.pk


def test_steps_on_the_way_are_no_report() -> None:
    row = sent_text(visit_in())
    assert post({"MessageStatus": "sent"}, address=f"{ADDRESS}?row={row.pk}").status_code == 200
    assert not DeliveryReport.objects.exists()


def test_a_report_about_no_message_of_ours_is_a_404() -> None:
    assert post({"MessageStatus": "delivered"}, address=f"{ADDRESS}?row=nonsense").status_code == 404


def test_a_number_nobody_has_is_marked_and_the_message_goes_by_mail() -> None:
    visit = visit_in(email="ada@example.com")
    row = sent_text(visit)
    Communication.objects.filter(kind=row.kind).exclude(pk=row.pk).delete()
    answer = post({"MessageStatus": "undelivered", "ErrorCode": "30005"}, address=f"{ADDRESS}?row={row.pk}")
    assert answer.status_code == 200
    assert DeliveryReport.objects.values_list("what", "words").get() == ("bounced", "30005")
    assert ways_to_reach(visit.patient, "reminder-1") == (Way("email", "ada@example.com"),)
    assert Communication.objects.filter(kind=row.kind, channel="email", status="preparation").count() == 1


def test_a_phone_that_is_off_is_no_fault_of_the_number() -> None:
    row = sent_text(visit_in())
    post({"MessageStatus": "undelivered", "ErrorCode": "30003"}, address=f"{ADDRESS}?row={row.pk}")
    assert DeliveryReport.objects.get().what == "failed"
    assert not AddressMark.objects.exists()


def test_stop_ends_the_texts_of_everybody_with_this_number() -> None:
    visit = visit_in(email="ada@example.com")
    child = make_patient(email="", given_name="Kim")
    plan_booking_messages(appointment=visit, manage_token="secret", now=clock.now() - timedelta(hours=8))
    assert "no more texts" in text("Stop")
    assert ways_to_reach(visit.patient, "reminder-1") == (Way("email", "ada@example.com"),)
    assert isinstance(ways_to_reach(child, "reminder-1")[0], WhyNot)
    assert set(Communication.objects.filter(channel=SMS).values_list("status", "status_reason")) == {
        ("stopped", "It goes by another way.")
    }
    said = visit.patient.contact_consents.order_by("-id")[0]
    assert (said.given, said.wording, said.how) == (False, "Stop", "reply")


def test_start_lets_them_come_again() -> None:
    visit = visit_in(email="")
    text("STOP")
    assert "we will text you" in text("start", sid="SM2")
    assert ways_to_reach(visit.patient, "reminder-1") == (Way(SMS, PHONE),)


def test_start_is_no_yes_of_somebody_who_never_gave_one() -> None:
    patient = make_patient()
    text("START")
    assert not patient.contact_consents.exists()


def test_french_words_are_answered_in_french() -> None:
    visit_in()
    assert "nous ne vous enverrons plus de textos" in text("Arrêt")
    assert "Textez ARRET" in text("AIDE", sid="SM2")


def test_other_words_are_kept_for_reception_beside_the_visit_and_answered_at_once() -> None:
    visit = visit_in()
    visit_in(days=9, patient=visit.patient)
    words = "My neck is worse, what now?"
    answer = text(words)
    assert "nobody watches this number live" in answer
    assert "911" in answer
    kept = IncomingMessage.objects.get()
    assert (kept.text, kept.keyword, kept.patient, kept.appointment) == (words, "", visit.patient, visit)
    with_text_in_clear = IncomingMessage.objects.extra(where=["text::text LIKE %s"], params=["%neck%"])
    assert not with_text_in_clear.exists()


def test_the_same_text_twice_is_one_and_is_answered_alike() -> None:
    visit_in()
    assert text("HELP") == text("HELP")
    assert IncomingMessage.objects.count() == 1


def test_a_second_line_is_kept_and_not_answered_again() -> None:
    visit_in()
    text("one")
    assert text("two", sid="SM2") == "<Response></Response>"
    assert IncomingMessage.objects.count() == 2


def test_what_the_provider_answered_itself_is_not_answered_twice() -> None:
    visit_in()
    assert text("STOP", OptOutType="STOP") == "<Response></Response>"
    assert AddressMark.objects.get().what == "stopped"


def test_a_stranger_s_text_is_kept_beside_nobody() -> None:
    visit_in()
    text("Hello", sender="+14035559999")
    kept = IncomingMessage.objects.get()
    assert (kept.patient, kept.appointment) == (None, None)


@pytest.mark.parametrize("body", ["", "\U0001f914" * 400, "<b>&</b>"], ids=["empty", "long", "markup"])
def test_odd_texts_are_kept(body: str) -> None:
    visit_in()
    text(body)
    assert IncomingMessage.objects.get().text == body
