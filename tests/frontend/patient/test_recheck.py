"""The questions before a visit, page by page, as a phone without scripts sends them."""

import re

import pytest
from django.test import Client

from booking.models import Appointment
from booking.services.links import manage_token
from intake.models import AuditEvent
from tests.factories.booking import NOW, at
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import Person, text_of

pytestmark = pytest.mark.django_db(transaction=True)
MORNING = at(8)  # of the day; the visit is at nine


@pytest.fixture
def booked(person: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody with a booking, on the morning of it."""
    person.check()
    person.book()
    set_now(monkeypatch, MORNING)
    return person


def page_of(person: Person, path: str) -> str:
    return text_of(person.get(path))


def send(person: Person, path: str, **marked: str) -> str:
    """Press the page's one button; where that leads."""
    page = page_of(person, path)
    shown = re.search(r'name="shown" value="([^"]*)"', page)
    assert shown
    button = "same" if 'name="same"' in page else "rest"
    answer = person.post(path, **{button: "1", "shown": shown[1], **marked})
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"])


def answer_all(person: Person, marked: dict[str, str] | None = None) -> int:
    """From the start to the end with one button a page; how many presses."""
    assert person.post("/visit/check/")["Location"] == "/visit/check/1/"
    path, presses = "/visit/check/1/", 1
    while path != "/visit/check/done/":
        path = send(person, path, **(marked or {}))
        presses += 1
        assert presses < 12
    return presses


def test_the_visit_s_page_asks_from_a_day_before(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.check()
    person.book()
    set_now(monkeypatch, at(8, days=0))
    assert "A few quick questions" not in page_of(person, "/visit/")
    assert person.get("/visit/check/")["Location"] == "/visit/"
    set_now(monkeypatch, at(9, days=0))
    assert "A few quick questions before your visit" in page_of(person, "/visit/")


def test_it_opens_with_the_promise_that_honesty_costs_nothing(booked: Person) -> None:
    page = page_of(booked, "/visit/check/")
    assert "There is no fee for being ill or for a change." in page
    assert "less than a minute" in page


def test_nothing_has_changed_is_one_press_a_page(booked: Person) -> None:
    assert answer_all(booked) <= 6
    done = page_of(booked, "/visit/check/done/")
    assert "Thank you, that was all" in done
    visit = booked.visit
    assert (visit.status, visit.screening.stage, visit.screening.outcome) == ("booked", "check_in", "CLEAR")
    assert "Your questions for this visit are answered." in page_of(booked, "/visit/")


def test_a_page_says_what_was_said_last_time(booked: Person) -> None:
    booked.post("/visit/check/")
    page = page_of(booked, "/visit/check/1/")
    assert page.count("Last time: <strong>No</strong>") == 8
    assert "Nothing has changed, next" in page
    events = AuditEvent.objects.filter(action="read", agent_role="patient", patient_id=booked.visit.patient_id)
    assert events.exists()


def test_what_was_never_asked_is_not_answered_by_nothing_has_changed(booked: Person) -> None:
    booked.post("/visit/check/")
    path = send(booked, send(booked, "/visit/check/1/"))
    page = page_of(booked, path)
    assert "How you are today" in page
    assert 'name="same"' not in page
    shown = re.search(r'name="shown" value="([^"]*)"', page)
    assert shown
    answer = booked.post(path, same="1", shown=shown[1])
    assert answer.status_code == 422
    assert "Choose an answer" in text_of(answer)


def test_a_change_is_kept_and_the_rest_stays_as_it_was(booked: Person) -> None:
    booked.post("/visit/check/")
    path = send(booked, "/visit/check/1/")
    path = send(booked, path, pregnancy="unsure")
    while path != "/visit/check/done/":
        path = send(booked, path)
        if path.endswith("/2/"):  # the page that was answered already is not asked twice
            raise AssertionError(path)
    assert booked.visit.screening.result["line"]["answers"]["pregnancy"] == "unsure"
    page = page_of(booked, "/visit/check/done/")
    assert "Your therapist will talk with you first" in page
    assert (booked.visit.status, booked.visit.awaiting) == ("pending", "review")

    # and rather no needles than a talk about them, in one tap
    assert "Keep my time, without needles" in page
    assert booked.post("/visit/go-without/")["Location"] == "/visit/"
    assert (booked.visit.status, booked.visit.service) == ("booked", booked.clinic.assessment)


def test_an_urgent_answer_leads_to_help_at_once(booked: Person) -> None:
    booked.post("/visit/check/")
    marked = {
        "rf_chest_breath": "yes",
        "rf_chest_breath--after_needling": "no",
        "rf_chest_breath--checked": "no",
    }
    assert send(booked, "/visit/check/1/", **marked) == "/visit/check/done/"
    page = page_of(booked, "/visit/check/done/")
    assert "Please get help now" in page
    assert "There is no fee for this." in page


def test_who_says_that_something_changed_sees_all_questions(booked: Person) -> None:
    booked.post("/visit/check/")
    path = "/visit/check/1/"
    seen = 0
    while "day_changes" not in page_of(booked, path):
        path = send(booked, path)
    path = send(booked, path, day_changes="yes")
    while path != "/visit/check/done/":
        seen += page_of(booked, path).count("Last time: ")
        path = send(booked, path)
    assert seen > 30


def test_only_the_link_does_not_show_or_change_answers(booked: Person) -> None:
    stranger = Person(Client(), booked.clinic)
    stranger.get(f"/visit/{manage_token(booked.visit)}/")
    for path in ("/visit/check/", "/visit/check/1/", "/visit/check/done/"):
        assert stranger.get(path)["Location"] == "/visit/who/"
        assert Person(Client(), booked.clinic).get(path).status_code == 404


def test_pages_fit_a_phone_s_patience(booked: Person) -> None:
    booked.post("/visit/check/")
    for path in ("/visit/check/", "/visit/check/1/"):
        assert len(booked.get(path).content) < 60_000


def test_a_second_visit_asks_for_the_day_with_no_old_answers_of_that_day(
    booked: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_all(booked)
    visit = booked.visit
    start, end = at(9, days=3), at(10, days=3)
    moved = {"start": start, "end": end, "occupied": (start, end), "wall_start": "2026-11-26T09:00"}
    Appointment.objects.filter(pk=visit.pk).update(**moved)
    set_now(monkeypatch, at(8, days=3))
    booked.post("/visit/check/")
    path, seen = "/visit/check/1/", ""
    while path != "/visit/check/done/":
        seen += page_of(booked, path) if "How you are today" in page_of(booked, path) else ""
        path = send(booked, path)
    assert "day_tired" in seen
    assert "Last time: " not in seen
    assert NOW < MORNING
