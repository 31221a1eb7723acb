"""The questions before a visit, at the clinic: the desk, the device that is handed over, the therapist in the room."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from booking.models import Appointment
from booking.payments.models import LedgerEntry
from booking.services.visits import mark_arrived
from frontend.patient.handed import HANDED_FOR, link_for_own_phone
from frontend.staff.talk import CHIPS
from intake.models import AuditEvent, Screening
from tests.factories import booking as made
from tests.factories.rechecks import answer_again
from tests.frontend.patient.conftest import MODULES
from tests.frontend.staff.conftest import NOW, Desk

UNSURE = {"pregnancy": "unsure"}  # a therapist decides


@pytest.fixture(autouse=True)
def _the_same_morning_for_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in MODULES:
        monkeypatch.setattr(f"frontend.patient.{name}.now", lambda: NOW)


@pytest.fixture
def here(desk: Desk, transactional_db: None) -> Appointment:
    Screening.objects.update(evaluated_at=NOW - made.timedelta(days=9))
    return mark_arrived(appointment=desk.visit, by=desk.users["reception"], now=NOW)


def text_of(desk: Desk, role: str, address: str) -> str:
    return desk.browsers[role].get(address).content.decode()


def page_of(desk: Desk, role: str) -> str:
    return text_of(desk, role, reverse("staff:visit", args=[desk.visit.pk]))


def press(desk: Desk, role: str, name: str, **said: str) -> tuple[int, str]:
    answer = desk.browsers[role].post(reverse(f"staff:{name}", args=[desk.visit.pk]), said)
    return answer.status_code, answer.headers.get("Location", "")


def test_the_desk_sees_that_the_questions_are_due_and_how_they_are_asked(desk: Desk, here: Appointment) -> None:
    assert "The short questions before the visit are not answered yet." in text_of(desk, "reception", "/desk/")
    page = page_of(desk, "reception")
    assert "Give this device to the patient" in page
    assert "Ask in the room" not in page
    assert "Ask in the room" in page_of(desk, "therapist")


def test_a_device_that_is_handed_over_asks_without_showing_anything_and_forgets(desk: Desk, here: Appointment) -> None:
    browser = desk.browsers["reception"]
    assert press(desk, "reception", "hand-over") == (302, "/visit/check/")
    assert browser.get("/desk/").status_code == 302  # signed out
    assert "Nobody at the desk can see your answers." in browser.get("/visit/check/").content.decode()
    assert browser.get("/visit/").status_code == 404  # nothing of the visit but its questions
    done = answer_unsure(browser)
    assert "Your therapist will talk with you first." in done
    assert "Please give the device back." in done
    for gone in ("/visit/check/", "/visit/check/1/", "/visit/"):
        assert browser.get(gone).status_code == 404
    here.refresh_from_db()
    assert (here.status, here.screening.stage) == ("arrived", "check_in")


def answer_unsure(browser: Client) -> str:
    """All pages; nothing of the patient stands on any of them. The page at the end."""
    path = browser.post("/visit/check/")["Location"]
    while path != "/visit/check/done/":
        page = browser.get(path).content.decode()
        assert "Last time" not in page
        assert "Ada" not in page
        shown = re.search(r'name="shown" value="([^"]*)"', page)
        assert shown
        said = {"rest": "1", "shown": shown[1]} | (UNSURE if "pregnancy" in shown[1].split() else {})
        path = browser.post(path, said)["Location"]
    return browser.get(path).content.decode()


def test_the_desk_shows_a_code_and_the_patient_answers_on_their_own_phone(desk: Desk, here: Appointment) -> None:
    assert "data:image/svg+xml;base64," in text_of(desk, "reception", f"/visits/{here.pk}/own-phone/")
    link, phone = link_for_own_phone(here, now=NOW).removeprefix(settings.SITE_URL), Client()
    opened = phone.get(link)
    assert (opened["Location"], opened["Referrer-Policy"]) == ("/visit/check/", "same-origin")
    assert phone.get("/visit/").status_code == 404
    done = answer_unsure(phone)
    assert "You can close this page" in done
    assert "Please give the device back." not in done
    here.refresh_from_db()
    assert here.screening.stage == "check_in"
    assert (
        "Nothing has to be asked now."
        in desk.browsers["reception"].get(f"/visits/{here.pk}/own-phone/", follow=True).content.decode()
    )


def test_the_code_of_the_desk_runs_out_and_can_t_be_made_up(desk: Desk, here: Appointment) -> None:
    old = link_for_own_phone(here, now=NOW - HANDED_FOR).removeprefix(settings.SITE_URL)
    for link in (old, old[:-2] + "x/", f"/visit/here/{here.pk.hex}.9999999999/"):
        assert Client().get(link).status_code == 404


def test_the_therapist_asks_in_the_room_with_two_taps(desk: Desk, here: Appointment) -> None:
    browser, asked = desk.browsers["therapist"], reverse("staff:asked", args=[desk.visit.pk])
    assert press(desk, "therapist", "asked", begin="1") == (303, asked)
    page = browser.get(asked).content.decode()
    assert "Last time: <strong>No</strong>" in page
    shown = re.search(r'name="shown" value="([^"]*)"', page)
    assert shown
    answer = browser.post(asked, {"same": "1", "rest": "1", "shown": shown[1]})
    assert (answer.status_code, answer["Location"]) == (303, reverse("staff:visit", args=[desk.visit.pk]))
    here.refresh_from_db()
    assert (here.screening.stage, here.screening.outcome) == ("check_in", "CLEAR")
    event = AuditEvent.objects.get(action="answered-again", entity_type="intake.screening")
    assert (event.agent, event.agent_role) == (desk.users["therapist"], "therapist")
    assert desk.browsers["reception"].get(asked).status_code == 403


def test_the_desk_says_that_they_talk_first_and_the_therapist_sees_what_changed(desk: Desk, here: Appointment) -> None:
    answer_again(here, NOW, UNSURE)
    for page in (page_of(desk, "reception"), text_of(desk, "reception", "/desk/")):
        assert "The therapist will talk with the patient first." in page
        assert "pregnan" not in page.lower()
    page = page_of(desk, "therapist")
    row = re.search(r'<th scope="row">Are you pregnant.*?</tr>', page, re.DOTALL)
    assert row
    assert re.findall(r"<td>(?:<strong>)?([^<]*)", row[0]) == ["No", "Not sure"]
    for _value, words in CHIPS:
        assert str(words) in page


def test_the_therapist_decides_in_two_taps(desk: Desk, here: Appointment) -> None:
    answer_again(here, NOW, UNSURE)
    assert press(desk, "reception", "talked", chip="talked")[0] == 403
    status, where = press(desk, "therapist", "talked", chip="talked")
    assert (status, where) == (303, reverse("staff:visit", args=[desk.visit.pk]))
    assert "The therapist will talk with the patient first." not in page_of(desk, "reception")
    assert press(desk, "therapist", "talked")[1].endswith("#talk")  # without a reason nothing happens


def test_going_on_without_needles_is_one_tap_and_free(desk: Desk, here: Appointment) -> None:
    answer_again(here, NOW, UNSURE)
    assert "Go on without needles" in page_of(desk, "therapist")
    step = reverse("staff:step", args=[desk.visit.pk, "without-needles"])
    assert desk.browsers["therapist"].post(step, {"stood": "visit"}).status_code == 303
    here.refresh_from_db()
    assert (here.status, here.service) == ("arrived", desk.clinic.assessment)
    assert not LedgerEntry.objects.filter(kind="fee").exists()


def test_without_a_service_free_of_needles_the_page_says_so(desk: Desk, here: Appointment) -> None:
    desk.clinic.assessment.delete()
    answer_again(here, NOW, UNSURE)
    assert "The clinic has no visit without needles to offer." in page_of(desk, "therapist")


def test_nothing_is_asked_of_a_visit_that_has_begun(desk: Desk, here: Appointment) -> None:
    Appointment.objects.filter(pk=here.pk).update(status="checked-in")
    place = reverse("staff:visit", args=[desk.visit.pk])
    assert press(desk, "reception", "hand-over") == (303, place)
    assert press(desk, "therapist", "asked") == (303, place)


def test_a_handed_over_device_keeps_no_door_open_for_long(
    desk: Desk, here: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(desk, "reception", "hand-over")
    monkeypatch.setattr("frontend.patient.recheck.now", lambda: NOW + made.timedelta(minutes=20))
    assert desk.browsers["reception"].get("/visit/check/").status_code == 404
    assert Client().get("/visit/check/").status_code == 404
