"""Booking several sessions in one go, and what can be done with them afterwards."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from booking.models import Appointment, Course
from booking.reminders.models import Communication
from tests.factories.booking import NOW, at, make_appointment
from tests.factories.intake import make_patient
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import DETAILS, Person, text_of

FOUR = [at(10, days=day) for day in (1, 8, 15, 22)]


@pytest.fixture
def person(person: Person) -> Person:
    """Somebody who holds Anna's Tuesday at ten, at a clinic that books courses."""
    service = person.clinic.needling
    service.course_sessions_max = 6
    service.save()
    person.check()
    assert person.pick(at(10), practitioner=str(person.clinic.anna.pk))["Location"] == "/book/details/"
    return person


def chosen(page: str) -> dict[str, str]:
    """What the form of proposed days sends if nothing is changed."""
    sent = dict(re.findall(r'<input type="hidden" name="(sessions|request_key|fee|session-\d)" value="([^"]*)"', page))
    return sent | dict(re.findall(r'name="(session-\d)" id="[^"]+" value="([^"]+)" checked', page))


def hold_four(person: Person) -> dict[str, str]:
    sent = chosen(text_of(person.get("/book/course/?sessions=4")))
    assert person.post("/book/course/", **sent)["Location"] == "/book/details/"
    return sent


def book_four(person: Person) -> list[Appointment]:
    hold_four(person)
    person.post("/book/details/", **DETAILS)
    assert person.post("/book/agree/", payment="desk", agree="on")["Location"] == "/visit/"
    return list(Appointment.objects.filter(status="booked").order_by("start"))


def test_the_details_page_offers_it_calmly_and_only_where_the_service_has_it(person: Person) -> None:
    assert "You can book up to 6 sessions now." in text_of(person.get("/book/details/"))
    person.clinic.needling.course_sessions_max = None
    person.clinic.needling.save()
    assert "sessions now" not in text_of(person.get("/book/details/"))
    assert person.get("/book/course/")["Location"] == "/book/details/"


def test_the_days_are_proposed_and_say_what_they_could_not_keep(person: Person) -> None:
    make_appointment(person.clinic, start=at(10, days=15), patient=make_patient(now=NOW))
    page = text_of(person.get("/book/course/?sessions=4"))
    sent = chosen(page)
    assert [sent[f"session-{number}"] for number in range(1, 5)] == [
        one.isoformat() for one in (*FOUR[:2], at(9, days=15), FOUR[3])
    ]
    assert "Another hour: the usual time is not free" in page


def test_all_times_are_held_then_booked_and_paid_at_the_clinic(person: Person) -> None:
    visits = book_four(person)
    assert [one.start for one in visits] == FOUR
    assert {one.payment_choice for one in visits} == {"desk"}
    page = text_of(person.get("/visit/"))
    assert "Session 1 of 4" in page
    assert person.get("/visit/calendar.ics").content.count(b"BEGIN:VEVENT") == 4
    assert Communication.objects.filter(kind="confirmation").count() == 1


def test_the_terms_speak_of_each_session_and_of_nothing_to_pay_now(person: Person) -> None:
    hold_four(person)
    person.post("/book/details/", **DETAILS)
    page = text_of(person.get("/book/agree/"))
    assert "You pay each session at the clinic when you come." in page
    assert "Book these 4 sessions" in page
    assert "Pay the deposit now by card" not in page


def test_a_changed_day_is_kept_and_a_wrong_distance_is_said(person: Person) -> None:
    sent = chosen(text_of(person.get("/book/course/?sessions=3")))
    wrong = person.post("/book/course/", **sent | {"session-2": at(10, days=3).isoformat()})
    assert (wrong.status_code, Course.objects.count()) == (422, 0)
    assert "right number of days between them" in text_of(wrong)
    other = at(11, days=8)
    assert person.post("/book/course/", **sent | {"session-2": other.isoformat()})["Location"] == "/book/details/"
    assert [one.start for one in Appointment.objects.filter(status="proposed").order_by("start")][1] == other
    assert chosen(text_of(person.get("/book/course/")))["session-2"] == other.isoformat()


def test_a_time_that_is_gone_by_then_leaves_the_first_held_and_proposes_others(person: Person) -> None:
    sent = chosen(text_of(person.get("/book/course/?sessions=3")))
    make_appointment(person.clinic, start=at(10, days=8), patient=make_patient(now=NOW))
    answer = person.post("/book/course/", **sent)
    assert answer.status_code == 409
    assert chosen(text_of(answer))["session-2"] == at(9, days=8).isoformat()
    assert [one.start for one in Appointment.objects.filter(status="proposed")] == [at(10)]


def test_one_visit_after_all(person: Person) -> None:
    hold_four(person)
    assert person.post("/book/course/", single="1")["Location"] == "/book/details/"
    assert [one.start for one in Appointment.objects.filter(status="proposed")] == [at(10)]
    person.post("/book/details/", **DETAILS)
    person.post("/book/agree/", payment="desk", agree="on")
    assert person.visit.course is None


def test_if_days_can_not_be_found_it_says_how_far_it_came(person: Person) -> None:
    person.clinic.location.days_ahead = 12
    person.clinic.location.save()
    page = text_of(person.get("/book/course/?sessions=5"))
    assert "We found 2 sessions." in page
    assert "Hold these" not in page


def test_another_session_opens_from_the_page_of_one(person: Person) -> None:
    visits = book_four(person)
    person.post("/visit/course/", session=str(visits[2].pk))
    assert person.visit == visits[2]
    assert person.client.post("/visit/course/", {"session": str(uuid4())}).status_code == 404


def test_all_that_are_left_move_together_after_the_new_first_time(person: Person) -> None:
    visits = book_four(person)
    page = text_of(person.get("/visit/course/move/"))
    assert at(9, days=2).isoformat() in page
    sent = chosen(text_of(person.get(f"/visit/course/move/?time={at(14, days=3).isoformat().replace('+', '%2B')}")))
    assert person.post("/visit/course/move/", **sent)["Location"] == "/visit/"
    moved = [Appointment.objects.get(pk=one.pk).start for one in visits]
    assert moved == [at(14, days=day) for day in (3, 10, 17, 24)]


def test_all_that_are_left_are_cancelled_with_the_fee_said_first(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = book_four(person)
    set_now(monkeypatch, visits[0].start - timedelta(hours=3))
    page = text_of(person.get("/visit/course/cancel/"))
    assert "Cancelling now costs $30.00" in page
    assert person.post("/visit/course/cancel/", fee="0").status_code == 409
    assert person.post("/visit/course/cancel/", fee="3000")["Location"] == "/visit/"
    assert {one.status for one in Appointment.objects.filter(course__isnull=False)} == {"cancelled"}


def test_what_was_cancelled_together_is_taken_back_together(person: Person) -> None:
    visits = book_four(person)
    person.post("/visit/course/cancel/", fee="0")
    assert "Undo: keep my 4 sessions" in text_of(person.get("/visit/"))
    person.post("/visit/undo/")
    assert {one.status for one in Appointment.objects.filter(pk__in=[one.pk for one in visits])} == {"booked"}
    assert "Your 4 sessions are booked" in text_of(person.get("/visit/"))


def test_the_times_for_one_session_begin_where_its_neighbours_allow(person: Person) -> None:
    visits = book_four(person)
    person.post("/visit/course/", session=str(visits[2].pk))
    page = text_of(person.get("/visit/move/"))
    assert at(9, days=16).isoformat() in page
    assert "Nothing is free" not in page


def test_one_session_moves_only_within_the_days_of_its_neighbours(person: Person) -> None:
    visits = book_four(person)
    person.post("/visit/course/", session=str(visits[1].pk))
    said = {"time": at(10, days=12).isoformat(), "fee": "0", "request_key": str(visits[1].request_key)}
    refused = person.post("/visit/move/", **said)
    assert refused.status_code == 422
    assert "right number of days between them" in text_of(refused)
