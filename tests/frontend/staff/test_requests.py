"""Requests: who decides, what they see, and what follows."""

import pytest
from django.urls import reverse

from booking.models import Appointment
from intake.models import ScreeningDecision
from tests.factories import booking as made
from tests.factories import intake as people
from tests.frontend.staff.conftest import NOW, Desk, screening_of


@pytest.fixture
def request_of(desk: Desk) -> Appointment:
    asking = people.make_patient(now=NOW, given_name="Kim", email="kim@example.com")
    people.make_care_relation(desk.clinic.anna.user, asking, now=NOW)
    return made.make_appointment(
        desk.clinic,
        start=made.at(14, days=1),
        patient=asking,
        screening=screening_of(asking, people.review_line()),
        status="pending",
        awaiting="review",
        decide_by=made.at(12, days=0),
    )


def test_the_list_says_what_waits_and_how_long(desk: Desk, request_of: Appointment) -> None:
    text = desk.browsers["therapist"].get(reverse("staff:reviews")).content.decode()
    assert "Kim Berg" in text
    assert "4\xa0h left" in text
    assert 'Requests <span class="tag tag-count tag-review">1</span>' in text


def test_nothing_waits(desk: Desk) -> None:
    assert "Nothing waits for a therapist." in desk.browsers["reception"].get(reverse("staff:reviews")).content.decode()


@pytest.mark.parametrize(("decision", "status"), [("approved", "booked"), ("declined", "cancelled")])
def test_a_decision_books_or_cancels(desk: Desk, request_of: Appointment, decision: str, status: str) -> None:
    address = reverse("staff:review", args=[request_of.pk])
    said = {"decision": decision, "reason": "We talked on the phone.", "conditions": "Lying down"}
    answer = desk.browsers["therapist"].post(address, said)
    request_of.refresh_from_db()
    assert (answer.status_code, request_of.status) == (303, status)
    assert ScreeningDecision.objects.get().content["conditions"] == "Lying down"
    assert desk.browsers["therapist"].post(address, said).status_code in (404, 409)
    assert ScreeningDecision.objects.count() == 1


def test_a_decision_without_a_reason_is_not_taken(desk: Desk, request_of: Appointment) -> None:
    address = reverse("staff:review", args=[request_of.pk])
    assert desk.browsers["therapist"].post(address, {"decision": "approved"}).status_code == 422
    request_of.refresh_from_db()
    assert request_of.status == "pending"


def test_the_rules_are_called_a_draft(desk: Desk, request_of: Appointment) -> None:
    text = desk.browsers["therapist"].get(reverse("staff:review", args=[request_of.pk])).content.decode()
    assert "are a draft" in text
    assert "until a registered clinician" in text


def test_a_colleague_says_so_before_the_answers_open(desk: Desk, request_of: Appointment) -> None:
    browser, address = desk.browsers["colleague"], reverse("staff:review", args=[request_of.pk])
    closed = browser.get(address).content.decode()
    assert ("Answer for my colleague" in closed, "This time" in closed) == (True, False)
    assert browser.post(reverse("staff:stand-in", args=[request_of.pk])).status_code == 303
    assert "This time" in browser.get(address).content.decode()


def test_a_therapist_who_may_not_needle_does_not_answer_for_colleagues(desk: Desk, request_of: Appointment) -> None:
    desk.clinic.ben.needling_authorisation = ""
    desk.clinic.ben.save()
    browser = desk.browsers["colleague"]
    assert browser.get(reverse("staff:review", args=[request_of.pk])).status_code == 404
    assert browser.post(reverse("staff:stand-in", args=[request_of.pk])).status_code == 404
