"""Waiting for a time on the pages: getting on the list, a time that is kept, yes, no, and too late."""

from datetime import timedelta

import pytest
from django.test import Client

from booking.models import Appointment, FreedTime, Offer, WaitlistEntry
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.services.freed_offers import offer_freed_times
from booking.services.freed_time import note_freed_time
from tests.factories.booking import NOW, Clinic, at, make_appointment
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import DETAILS, Person, text_of

BORN = {"birth_date_day": "3", "birth_date_month": "4", "birth_date_year": "1986"}


def free(clinic: Clinic) -> FreedTime | None:
    """Tuesday at ten becomes free."""
    gone = make_appointment(clinic, start=at(10), status="cancelled", cancel_reason="patient", cancelled_at=NOW)
    noted = note_freed_time(appointment=gone, due_at=NOW, now=NOW)
    offer_freed_times(now=NOW)
    return noted


def link(kind: str = "waitlist-offer") -> str:
    """The address in the mail."""
    content = Communication.objects.get(kind=kind).content
    assert content is not None
    return str(content["path"])


def wait(person: Person, **over: object) -> str:
    """From the times page to the list; the text of the page of one's place."""
    said = {"service": person.clinic.needling.slug, "days": ["tue", "wed"], "parts": ["morning"], **DETAILS, **over}
    answer = person.post("/wait/join/", **said)
    assert (answer.status_code, answer["Location"]) == (302, "/wait/")
    return text_of(person.get("/wait/"))


def test_whoever_finds_no_time_says_which_would_suit_and_can_leave_again(person: Person) -> None:
    person.check()
    slug = person.clinic.needling.slug
    assert f'href="/wait/join/?service={slug}"' in text_of(person.get(f"/book/times/?service={slug}"))
    assert "Which days suit?" in text_of(person.get(f"/wait/join/?service={slug}"))
    assert person.post("/wait/join/", service=slug, days=["tue"]).status_code == 422
    page = wait(person)
    assert "Tuesday, Wednesday: until 12:00" in page
    entry = WaitlistEntry.objects.get()
    assert entry.weekly_hours == {"tue": [["00:00", "12:00"]], "wed": [["00:00", "12:00"]]}
    letter = letter_of(Communication.objects.get(kind="waitlist-joined"), now=NOW)
    assert ("/wait/" in letter.text, "needl" in letter.text.lower()) == (True, False)
    person.post(f"/wait/place/{entry.pk}/", step="leave")
    entry.refresh_from_db()
    assert (entry.status, "You are not on the list" in text_of(person.get("/wait/"))) == ("left", True)


def test_without_answers_the_check_comes_first_and_a_stop_gets_no_place(person: Person) -> None:
    slug = person.clinic.needling.slug
    assert person.get(f"/wait/join/?service={slug}")["Location"] == "/check/questions/"
    assert person.get("/wait/join/")["Location"] == "/book/"
    assert person.get("/wait/join/?service=nothing").status_code == 404


def test_a_time_that_is_kept_is_taken_by_the_link_after_the_birth_date(person: Person, clinic: Clinic) -> None:
    person.check()
    wait(person)
    free(clinic)
    letter = letter_of(Communication.objects.get(kind="waitlist-offer"), now=NOW)
    assert ("8:30" in letter.text, "Tuesday 24 November" in letter.text) == (True, True)
    assert "needl" not in (letter.subject + letter.text).lower()
    other = Person(Client(), clinic)
    opened = other.get(link())
    assert (opened["Location"], opened["Referrer-Policy"]) == ("/wait/offer/", "same-origin")
    assert other.get("/wait/offer/")["Location"] == "/wait/who/"
    assert other.post("/wait/offer/", agree="on", payment="desk")["Location"] == "/wait/who/"
    assert other.post("/wait/who/", **{**BORN, "birth_date_day": "4"}).status_code == 422
    assert other.post("/wait/who/", **BORN)["Location"] == "/wait/offer/"
    page = text_of(other.get("/wait/offer/"))
    assert ("We keep it for you until 8:30." in page, "Tue" in page) == (True, True)
    assert other.post("/wait/offer/", payment="desk").status_code == 422
    assert Offer.objects.get().status == "open"
    assert other.post("/wait/offer/", agree="on", payment="desk")["Location"] == "/visit/"
    assert other.post("/wait/offer/", agree="on", payment="desk")["Location"] == "/visit/"
    assert (other.visit.status, other.visit.start) == ("booked", at(10))
    assert "Your visit is booked" in text_of(other.get("/visit/"))


def test_an_earlier_time_replaces_the_visit(person: Person, clinic: Clinic) -> None:
    person.check()
    person.book(start=at(9, days=3))
    before = person.visit
    assert 'href="/wait/earlier/"' in text_of(person.get("/visit/"))
    assert person.post("/wait/earlier/")["Location"] == "/wait/"
    assert person.get("/wait/earlier/")["Location"] == "/wait/"
    assert "You are on the list for an earlier time" in text_of(person.get("/visit/"))
    free(clinic)
    page = text_of(person.get("/wait/"))
    assert "A time is kept for you" in page
    assert person.post(f"/wait/place/{WaitlistEntry.objects.get().pk}/", step="answer")["Location"] == "/wait/offer/"
    assert "It takes the place of your visit on" in text_of(person.get("/wait/offer/"))
    assert person.post("/wait/offer/")["Location"] == "/visit/"
    after = Appointment.objects.get(pk=before.pk)
    assert (after.start, after.status, before.start) == (at(10), "booked", at(9, days=3))


def test_a_no_keeps_the_place_and_too_late_says_what_next(
    person: Person, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.check()
    wait(person)
    free(clinic)
    person.get(link())
    assert person.post("/wait/offer/", decline="1")["Location"] == "/wait/"
    assert "You stay on the list." in text_of(person.get("/wait/"))
    assert "You said no to this time" in text_of(person.get("/wait/offer/"))
    set_now(monkeypatch, NOW + timedelta(minutes=31))
    refused = person.post("/wait/offer/", agree="on", payment="desk")
    assert refused.status_code == 409
    assert "You are still on the list" in text_of(refused)


def test_links_can_not_be_guessed_in_numbers(person: Person) -> None:
    found = [person.get(f"/wait/offer/{'x' * 40}{number}/").status_code for number in range(32)]
    assert found == [404] * 30 + [429] * 2
    assert person.get("/wait/offer/").status_code == 404
