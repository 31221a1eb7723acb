"""Booking for a caller, and finding patients."""

import re
from uuid import UUID, uuid4

from django.urls import reverse

from booking.models import Appointment
from intake.models import Patient
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.packages import make_package
from tests.frontend.staff.conftest import NOW, Desk

BOOK = "/desk/book/"


def _said(desk: Desk, **over: str) -> dict[str, str]:
    start = made.at(13, days=2)
    return {
        "patient": "new",
        "given_name": "Nils",
        "family_name": "Holm",
        "phone": "780 555 0188",
        "email": "nils@example.com",
        "birth_date": "1990-05-06",
        "service": str(desk.clinic.needling.pk),
        "practitioner": "",
        "time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "health_form": "link",
        "payment": "desk",
        "note": "",
        "request_key": str(uuid4()),
    } | over


def _form_values(text: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', text)


def test_a_new_caller_gets_the_time_until_the_form_comes(desk: Desk) -> None:
    said = _said(desk)
    answer = desk.browsers["reception"].post(BOOK, said)
    made_visit = Appointment.objects.get(request_key=said["request_key"])
    assert (made_visit.status, made_visit.awaiting, str(made_visit.patient)) == ("pending", "form", "Nils Holm")
    assert answer.headers["Location"] == reverse("staff:booked", args=[made_visit.pk])
    told = desk.browsers["reception"].get(answer.headers["Location"]).content.decode()
    assert "The time is kept" in told
    assert "We write to nils@example.com" in told


def test_who_stands_at_the_desk_is_booked_now_and_has_arrived(desk: Desk) -> None:
    said = _said(desk, time="now", practitioner=str(desk.clinic.ben.pk))
    browser = desk.browsers["reception"]
    assert 'value="now" id="time-now" checked' in browser.get(f"{BOOK}?time=now").content.decode()
    places = {browser.post(BOOK, said).headers["Location"] for _again in range(2)}
    visit = Appointment.objects.get(request_key=said["request_key"])
    assert (visit.status, visit.set_aside, visit.start, len(places)) == ("arrived", "walk-in", NOW, 1)


def test_a_second_tap_makes_no_second_visit(desk: Desk) -> None:
    said = _said(desk)
    places = {desk.browsers["reception"].post(BOOK, said).headers["Location"] for _again in range(2)}
    assert (len(places), Patient.objects.filter(given_name="Nils").count()) == (1, 1)


def test_a_known_patient_is_booked_on_the_answers_they_gave(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    page = browser.get(f"{BOOK}?patient={desk.patient.pk}&service={desk.clinic.needling.pk}").content.decode()
    assert "Answered on Monday 23 November: complete" in page
    said = _said(desk, patient=str(desk.patient.pk), health_form="kept", given_name="", family_name="", phone="")
    assert browser.post(BOOK, said).status_code == 303
    booked = Appointment.objects.get(request_key=said["request_key"])
    assert (booked.status, booked.patient, booked.screening) == ("booked", desk.patient, desk.screening)


def test_a_package_pays_the_visit_of_a_caller_who_has_one(desk: Desk) -> None:
    browser, needling = desk.browsers["reception"], desk.clinic.needling.pk
    package = make_package(desk.clinic, desk.patient)

    def shown(**chosen: object) -> str:
        return browser.get(BOOK, chosen).content.decode()

    page = shown(patient=desk.patient.pk, service=needling)
    assert "With their package “Three visits” (3 left)" in page
    assert re.findall(r'name="payment" value="(\w+)"[^>]* checked', page) == ["package"]
    for other in (f"?service={needling}", f"?patient={desk.patient.pk}&service={desk.clinic.follow_up.pk}"):
        assert re.findall(r'name="payment" value="(\w+)"', browser.get(BOOK + other).content.decode()) == [
            "desk",
            "none",
        ]
    said = _said(desk, patient=str(desk.patient.pk), health_form="kept", payment="package")
    assert browser.post(BOOK, said | {"patient": "new"}).status_code == 422
    assert browser.post(BOOK, said).status_code == 303
    assert package.credits.get().appointment.request_key == UUID(said["request_key"])


def test_any_change_brings_the_page_up_to_date_and_loses_nothing(desk: Desk) -> None:
    said = _said(desk, look="times", q="Berg", service=str(desk.clinic.call.pk), given_name="Nils")
    text = desk.browsers["reception"].post(BOOK, said).content.decode()
    assert "This visit needs no health form." in text
    assert "Ada Berg" in text
    assert 'value="Nils"' in text
    assert _form_values(text, "request_key") == [said["request_key"]]
    assert Appointment.objects.count() == 1


def test_later_times_go_on_after_those_shown(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    first = browser.get(BOOK).content.decode()
    later = re.findall(r'value="(later:[^"]+)"', first)[0]
    second = browser.post(BOOK, _said(desk, look=later)).content.decode()
    assert later == "later:2026-11-27"
    assert set(_form_values(first, "time")) & set(_form_values(second, "time")) == {"now"}


def test_what_is_missing_is_asked_for(desk: Desk) -> None:
    for over in (
        {"time": ""},
        {"phone": "12"},
        {"given_name": ""},
        {"birth_date": ""},
        {"service": "x"},
        {"health_form": ""},
    ):
        answer = desk.browsers["reception"].post(BOOK, _said(desk, **over))
        assert (answer.status_code, "Please look at this again" in answer.content.decode()) == (422, True), over
    assert Appointment.objects.count() == 1


def test_a_visit_without_needles_needs_no_birth_date(desk: Desk) -> None:
    said = _said(desk, service=str(desk.clinic.assessment.pk), birth_date="", health_form="without")
    assert desk.browsers["reception"].post(BOOK, said).status_code == 303


def test_a_taken_time_offers_others(desk: Desk) -> None:
    start = made.at(13, days=2)
    desk.make_visit(start, patient=people.make_patient())
    wish = f"{start:%Y-%m-%dT%H:%M:%SZ} {desk.clinic.anna.pk}"
    answer = desk.browsers["reception"].post(BOOK, _said(desk, time=wish))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Someone has just booked that time." in text
    assert "Free near that time:" in text
    assert not Patient.objects.filter(given_name="Nils").exists()


def test_a_patient_who_may_be_entered_twice_is_shown(desk: Desk) -> None:
    twin = people.make_patient(now=NOW)
    address = reverse("staff:patient", args=[twin.pk])
    assert address in desk.browsers["reception"].get(f"{BOOK}?patient={desk.patient.pk}").content.decode()
    page = desk.browsers["reception"].get(reverse("staff:patient", args=[desk.patient.pk])).content.decode()
    assert ("Likely the same person" in page, address in page) == (True, True)


def test_a_search_forgives_typing_and_stays_within_ones_own(desk: Desk) -> None:
    people.make_patient(given_name="Émile", family_name="Tremblay", email="e@example.com")

    def found(role: str, q: str) -> list[str]:
        text = desk.browsers[role].get("/patients/", {"q": q}).content.decode()
        return re.findall(r"<strong>([^<]+)</strong></a>", text)

    assert found("reception", "emile tremblay") == ["Émile Tremblay"]
    assert found("reception", "trembly") == ["Émile Tremblay"]
    assert found("reception", "555-0123")[:1] == ["Ada Berg"]
    assert found("therapist", "tremblay") == []
    assert found("therapist", "berg") == ["Ada Berg"]
    assert found("reception", "x" * 5000) == []


def test_only_a_manager_sees_who_looked(desk: Desk) -> None:
    address = reverse("staff:patient", args=[desk.patient.pk])
    assert "Who looked" in desk.browsers["manager"].get(address).content.decode()
    assert "Who looked" not in desk.browsers["reception"].get(address).content.decode()
