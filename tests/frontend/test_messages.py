"""A patient chooses how to be reached; reception sees it, and changes it at their word."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from booking.reminders.models import Communication, ContactConsent
from booking.reminders.services import plan_booking_messages
from booking.reminders.ways import Way, ways_to_reach
from booking.services.contact_choices import YES_TO_TEXTS
from intake import clock
from intake.models import Patient, Role
from tests.booking.reminders.contacts import EMAIL, PHONE, SMS, fails
from tests.booking.reminders.visits import make_visit
from tests.factories.accounts import sign_in
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"


@pytest.fixture
def ada() -> Patient:
    return make_patient(user=make_user(Role.PATIENT, email=ADA), contact_verified_at=clock.now())


def choose(client: Client, patient: Patient, address: str = "/account/messages/", **said: str) -> Any:
    fields = {"language": "en", "quiet_from": "", "quiet_until": "", "time_zone": ""} | said
    whole = {f"{patient.pk}-{name}": value for name, value in fields.items()}
    return client.post(address, whole | {"patient": str(patient.pk)})


def signed_in(patient: Patient) -> Client:
    assert patient.user is not None
    return sign_in(Client(), patient.user)


def test_the_page_shows_what_holds(ada: Patient) -> None:
    content = signed_in(ada).get("/account/messages/").content.decode()
    assert "How we reach you" in content
    assert content.count("checked") == 2  # mail, and English
    assert "I can stop them at any time by answering STOP" in content


def test_a_yes_to_texts_is_kept_in_its_words_and_reminders_that_wait_go_that_way_too(ada: Patient) -> None:
    visit = make_visit(patient=ada, start=clock.now() + timedelta(days=7))
    plan_booking_messages(appointment=visit, manage_token="secret", now=clock.now())
    assert choose(signed_in(ada), ada, by_email="on", by_text="on").status_code == 302
    kept = ContactConsent.objects.get()
    assert (kept.channel, kept.given, kept.address, kept.wording, kept.how, kept.by) == (
        SMS,
        True,
        PHONE,
        YES_TO_TEXTS,
        "account",
        ada.user,
    )
    assert sorted(Communication.objects.filter(channel=SMS).values_list("kind", flat=True)) == [
        "reminder-1",
        "reminder-2",
    ]


def test_saying_the_same_again_writes_nothing_more(ada: Patient) -> None:
    for _ in range(2):
        choose(signed_in(ada), ada, by_email="on", by_text="on")
    assert ContactConsent.objects.count() == 1


def test_no_mail_and_texts_only(ada: Patient) -> None:
    choose(signed_in(ada), ada, by_text="on", language="fr", quiet_from="20:00", quiet_until="09:30",
           time_zone="America/Halifax")  # fmt: skip
    ada.refresh_from_db()
    assert ways_to_reach(ada, "confirmation") == (Way(SMS, PHONE),)
    kept = ada.contact_preference
    assert (ada.language, str(kept.quiet_from), str(kept.quiet_until), kept.time_zone) == (
        "fr",
        "20:00:00",
        "09:30:00",
        "America/Halifax",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "21:00"},
        {"quiet_from": "late"},
        {"language": "xx"},
        {"time_zone": "Mars/Olympus"},
        {"quiet_until": "\0"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_said_and_changes_nothing(ada: Patient, wrong: dict[str, str]) -> None:
    answer = choose(signed_in(ada), ada, by_text="on", **wrong)
    assert answer.status_code in (400, 422)
    assert not ContactConsent.objects.exists()


def test_nobody_chooses_for_another(ada: Patient) -> None:
    other = make_patient(email="bo@example.com")
    assert choose(signed_in(ada), other, by_text="on").status_code == 200
    assert not ContactConsent.objects.exists()


def test_a_number_that_answered_stop_is_told_how_to_come_back(ada: Patient) -> None:
    fails(SMS, PHONE, "stopped")
    assert "text START from it" in signed_in(ada).get("/account/messages/").content.decode()


def test_reception_sees_it_and_notes_what_the_patient_says(ada: Patient, client: Client) -> None:
    fails(EMAIL, ADA)
    desk = make_user(Role.RECEPTION)
    sign_in(client, desk)
    page = client.get(f"/patients/{ada.pk}/").content.decode()
    assert "does not take messages" in page
    assert "They have not agreed to text messages." in page
    assert choose(client, ada, f"/patients/{ada.pk}/reach/", by_email="on", by_text="on").status_code == 303
    assert ContactConsent.objects.values_list("how", "by").get() == ("desk", desk.pk)
    assert client.post(f"/patients/{ada.pk}/reach/email/again/").status_code == 303
    assert ways_to_reach(ada, "reminder-1") == (Way(EMAIL, ADA), Way(SMS, PHONE))
    page = client.get(f"/patients/{ada.pk}/").content.decode()
    assert "told us at the desk" in page


def test_only_its_owner_ends_a_stop(ada: Patient, client: Client) -> None:
    fails(SMS, PHONE, "stopped")
    sign_in(client, make_user(Role.MANAGER))
    assert client.post(f"/patients/{ada.pk}/reach/sms/again/").status_code == 409
    assert client.post(f"/patients/{ada.pk}/reach/fax/again/").status_code == 404
