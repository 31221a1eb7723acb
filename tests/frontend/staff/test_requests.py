"""Requests: who decides, what they see, and what follows."""

from datetime import timedelta

import pytest
from django.urls import reverse

from booking.models import Appointment, StandIn
from booking.services.review_talks import answer_question
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
    said = {"decision": decision, "reason": "We talked on the phone.", "conditions": "Lying down", "regions": ["knee"]}
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


def test_the_list_asks_again_by_itself(desk: Desk, request_of: Appointment) -> None:
    text = desk.browsers["therapist"].get(reverse("staff:reviews")).content.decode()
    assert 'hx-trigger="every 30s"' in text
    assert f'id="left-{request_of.pk}"' in text


def test_the_page_shows_medicines_regions_and_what_is_different(desk: Desk, request_of: Appointment) -> None:
    assert request_of.patient is not None
    before = screening_of(request_of.patient, people.line_with({"antiplatelet": "unsure"}))
    type(before).objects.filter(pk=before.pk).update(evaluated_at=NOW - timedelta(days=30))
    text = desk.browsers["therapist"].get(reverse("staff:review", args=[request_of.pk])).content.decode()
    assert ("Medicines" in text, "Takes aspirin or another antiplatelet" in text) == (True, True)
    assert text.count(">different<") >= 2  # on both sides
    assert 'value="knee"' in text


def test_what_is_left_out_and_for_how_long_is_kept(desk: Desk, request_of: Appointment) -> None:
    said = {"decision": "lowered", "reason": "Spoke.", "regions": ["knee"], "visits": "2", "days": "20"}
    answer = desk.browsers["therapist"].post(reverse("staff:review", args=[request_of.pk]), said)
    made = ScreeningDecision.objects.get()
    assert (answer.status_code, made.decision, made.content["visits"]) == (303, "lowered", 2)
    assert made.valid_until == made.decided_at + timedelta(days=20)


def test_a_yes_for_no_region_is_not_taken(desk: Desk, request_of: Appointment) -> None:
    said = {"decision": "approved", "reason": "Spoke."}
    answer = desk.browsers["therapist"].post(reverse("staff:review", args=[request_of.pk]), said)
    assert (answer.status_code, ScreeningDecision.objects.count()) == (422, 0)


def test_a_question_and_its_answer_stand_on_the_page(desk: Desk, request_of: Appointment) -> None:
    browser, address = desk.browsers["therapist"], reverse("staff:review", args=[request_of.pk])
    asked = browser.post(reverse("staff:question", args=[request_of.pk]), {"question": "Which tablets?"})
    waiting = browser.get(address).content.decode()
    answer_question(appointment=request_of, text="The white ones", now=NOW)
    assert (asked.status_code, "no answer yet" in waiting) == (303, True)
    assert "The white ones" in browser.get(address).content.decode()
    assert browser.post(reverse("staff:question", args=[request_of.pk]), {"question": " "}).status_code == 303


def test_the_slower_one_reads_who_was_faster(desk: Desk, request_of: Appointment) -> None:
    people.make_care_relation(desk.clinic.ben.user, request_of.patient, now=NOW)  # type: ignore[arg-type]
    Appointment.objects.filter(pk=request_of.pk).update(review_since=NOW)
    address, said = reverse("staff:review", args=[request_of.pk]), {"decision": "declined", "reason": "No."}
    assert desk.browsers["colleague"].post(address, said).status_code == 303
    late = desk.browsers["therapist"].post(address, said | {"decision": "approved", "regions": ["knee"]})
    assert (late.status_code, "Ben has answered this request already." in late.content.decode()) == (409, True)


def test_a_therapist_names_a_colleague_and_takes_it_back(desk: Desk) -> None:
    browser, address = desk.browsers["therapist"], reverse("staff:stand-ins")
    days = {"from_date": "2026-11-23", "until_date": "2026-11-24"}
    assert browser.post(address, {"colleague": desk.clinic.ben.pk, **days}).status_code == 303
    row = StandIn.objects.get()
    assert (row.practitioner, row.colleague) == (desk.clinic.anna, desk.clinic.ben)
    assert "for Anna" in browser.get(address).content.decode()
    assert browser.post(address, {"colleague": desk.clinic.anna.pk, **days}).status_code == 422
    assert desk.browsers["colleague"].post(reverse("staff:stand-in-end", args=[row.pk])).status_code == 404
    assert browser.post(reverse("staff:stand-in-end", args=[row.pk])).status_code == 303
    assert "for Anna" not in browser.get(address).content.decode()
