"""The appointment card, and who wishes for one."""

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from booking.models import Appointment
from booking.reminders.models import AddressMark, Communication, ContactPreference
from intake.models import Patient
from tests.factories import booking as made
from tests.frontend.staff.conftest import NOW, Desk

pytestmark = pytest.mark.django_db


def _card(desk: Desk) -> str:
    answer = desk.browsers["reception"].get(reverse("staff:paper-card", args=[desk.visit.pk]))
    assert answer.status_code == 200
    text = answer.content.decode()
    return " ".join(text[text.index("<article") : text.index("</article>")].split())


def test_a_card_has_all_coming_visits_and_no_word_of_why(desk: Desk) -> None:
    later = desk.make_visit(made.at(14, days=7), practitioner=desk.clinic.ben)
    desk.make_visit(made.at(10, days=8), status="pending", awaiting="payment")
    desk.make_visit(made.at(10, days=-7), status="fulfilled")
    shown = _card(desk)
    assert [later.location.name in shown, later.location.address in shown, "(780) 555-0100" in shown] == [True] * 3
    for words in (
        "Your appointments, Ada",
        "Monday 23 November 2026, 10:00</strong><br>with Anna",
        "Monday 30 November 2026, 14:00</strong><br>with Ben",
        "Free to move or cancel until Sunday 29 November, 14:00.",
        "Can’t come? Call us: ",
    ):
        assert words in shown
    assert shown.count("<li>") == 2
    assert not {word for word in ("needling", "Physiotherapist", "Berg", "$") if word in shown}


def test_a_card_is_in_the_patient_s_language(desk: Desk) -> None:
    Patient.objects.update(language="fr")
    shown = _card(desk)
    assert ("Votre rendez-vous, Ada" in shown, "Lundi 23 novembre 2026, 10 h 00" in shown) == (True, True)
    assert 'lang="fr-ca"' in shown


def test_there_is_a_card_in_every_language_of_messages() -> None:
    names = [f"staff/cards/{code}.html" for code, _name in settings.MESSAGE_LANGUAGES]
    assert [get_template(name).template.name for name in names] == names


def test_without_a_coming_visit_there_is_no_card(desk: Desk) -> None:
    Appointment.objects.update(status="fulfilled")
    page = desk.browsers["reception"].get(reverse("staff:paper-card", args=[desk.visit.pk]))
    assert "No visit is to come." in page.content.decode()


def test_the_desk_is_reminded_of_who_wishes_for_paper_or_a_call(desk: Desk) -> None:
    browser, prefix = desk.browsers["reception"], desk.patient.pk
    said = {f"{prefix}-{name}": "on" for name in ("by_email", "by_call", "on_paper")} | {f"{prefix}-language": "en"}
    answer = browser.post(reverse("staff:reach", args=[desk.patient.pk]), said)
    kept = ContactPreference.objects.get()
    assert (answer.status_code, kept.by_call, kept.on_paper) == (303, True, True)
    pages = {name: browser.get(path).content.decode() for name, path in (
        ("board", "/desk/"),
        ("visit", reverse("staff:visit", args=[desk.visit.pk])),
        ("booked", reverse("staff:booked", args=[desk.visit.pk])),
        ("patient", reverse("staff:patient", args=[desk.patient.pk])),
    )}  # fmt: skip
    words = {
        "board": "print a card",
        "visit": "they wish for it",
        "booked": "They wish for a printed card",
        "patient": "wishes for a printed card",
    }
    assert {name: words[name] in page for name, page in pages.items()} == dict.fromkeys(words, True)


def test_a_wrong_address_is_corrected_at_the_desk_and_what_waits_goes_there(desk: Desk) -> None:
    AddressMark.objects.create(channel="email", address="ada@example.com", what="bounced", marked_at=NOW)
    waiting = Communication.objects.create(
        dedupe_key=f"appointment/{desk.visit.pk}:reminder-1:email:v1",
        kind="reminder-1", appointment=desk.visit, patient=desk.patient, schedule_version=1, created_at=NOW,
        due_at=NOW, not_after=made.at(10, days=0), status="not-done", status_reason="Mail to this address comes back.",
    )  # fmt: skip
    path = reverse("staff:reach-correct", args=[desk.patient.pk])
    browser = desk.browsers["reception"]
    assert browser.post(path, {"email": "no address", "phone": "12"}).status_code == 422
    assert browser.post(path, {"email": "ada@example.org", "phone": "+14035550188"}).status_code == 303
    desk.patient.refresh_from_db()
    waiting.refresh_from_db()
    assert (desk.patient.email, str(desk.patient.phone)) == ("ada@example.org", "+14035550188")
    assert waiting.status == "preparation"
