"""Courses at the desk: booked for a caller, seen on the board, looked at half way, moved, made longer, ended."""

import re
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from booking.models import Appointment, Course
from frontend.staff.times import value_of
from tests.booking.services.course_steps import FOUR, book_four, clinic_with_courses
from tests.factories.booking import NOW, Clinic, at
from tests.factories.intake import make_questionnaire, make_user
from tests.frontend.staff.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic() -> Clinic:
    make_questionnaire(NOW)
    return clinic_with_courses()


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    return signed_in(make_user("reception"))


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


def chosen(page: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(count|request_key|session-\d)" value="([^"]*)"', page))
    return found | dict(re.findall(r'name="(session-\d)" id="[^"]+" value="([^"]+)" checked', page))


def three_done(visits: list[Appointment]) -> None:
    for visit in visits[:3]:
        Appointment.objects.filter(pk=visit.pk).update(status="fulfilled", finished_at=visit.end)


def test_a_caller_is_given_a_course_after_the_days_were_shown(clinic: Clinic, desk: Client) -> None:
    said = {
        "patient": "new", "given_name": "Ada", "family_name": "Berg", "phone": "+17805550199", "email": "a@example.org",
        "birth_date": "1986-04-03", "service": str(clinic.needling.pk), "practitioner": "", "sessions": "4",
        "time": value_of(FOUR[0], clinic.anna.pk), "health_form": "link", "payment": "desk",
        "request_key": str(uuid4()), "book": "yes",
    }  # fmt: skip
    shown = text_of(desk.post("/desk/book/", said))
    assert not Course.objects.exists()
    days = {name: value for name, value in chosen(shown).items() if name.startswith("session")}
    answer = desk.post("/desk/book/", said | days)
    assert (answer.status_code, [one.start for one in Appointment.objects.order_by("start")]) == (303, list(FOUR))
    assert text_of(desk.get(answer["Location"])).count("10:00</li>") == 4


def test_board_and_page_say_which_session_it_is(clinic: Clinic, desk: Client) -> None:
    visits = book_four(clinic)
    assert "session 1 of 4" in text_of(desk.get("/desk/?date=2026-11-24"))
    assert "Session 2 of 4" in text_of(desk.get(f"/visits/{visits[1].pk}/"))


def test_the_desk_may_break_the_spacing_where_it_says_why(clinic: Clinic, desk: Client) -> None:
    second = book_four(clinic)[1]
    wish = {"time": value_of(at(10, days=11), clinic.anna.pk)}
    refused = desk.post(f"/visits/{second.pk}/move/", wish)
    assert refused.status_code == 422
    assert "too near to another session of the course" in text_of(refused)
    assert 'href="#id_set_aside"' in text_of(refused)
    assert '<details class="fold" open>' in text_of(refused)
    assert desk.post(f"/visits/{second.pk}/move/", wish | {"set_aside": "patient-asked"}).status_code == 303
    second.refresh_from_db()
    assert second.start == at(10, days=11)


def test_the_therapist_answers_the_review_point_with_one_tap(clinic: Clinic, desk: Client) -> None:
    visits = book_four(clinic)
    three_done(visits)
    anna = signed_in(clinic.anna.user)
    page = f"/visits/{visits[3].pk}/"
    assert "Review point: does the course go on?" in text_of(desk.get("/desk/?date=2026-12-15"))
    assert "Go on as planned" not in text_of(desk.get(page))
    assert desk.post(f"{page}course/review/", {"outcome": "continued"}).status_code == 403
    assert "Go on as planned" in text_of(anna.get(page))
    assert anna.post(f"{page}course/review/", {"outcome": "continued"}).status_code == 303
    assert "Review point: goes on as planned" in text_of(anna.get(page))
    assert anna.post(f"{page}course/review/", {"outcome": "ended"}).status_code == 409


def test_sessions_are_added_from_the_page(clinic: Clinic, desk: Client) -> None:
    visits = book_four(clinic)
    address = f"/visits/{visits[0].pk}/course/add/"
    sent = chosen(text_of(desk.get(f"{address}?count=2")))
    assert desk.post(address, sent).status_code == 303
    assert [one.start for one in Appointment.objects.order_by("start")][4:] == [at(10, days=29), at(10, days=36)]


def test_all_that_are_left_move_and_are_cancelled_from_the_page(clinic: Clinic, desk: Client) -> None:
    visits = book_four(clinic)
    address = f"/visits/{visits[0].pk}/course/"
    first = value_of(at(14, days=2), clinic.anna.pk)
    assert first in text_of(desk.get(f"{address}move/"))
    sent = chosen(text_of(desk.get(f"{address}move/", {"time": first})))
    assert desk.post(f"{address}move/", sent).status_code == 303
    assert [one.start for one in Appointment.objects.order_by("start")] == [at(14, days=day) for day in (2, 9, 16, 23)]
    assert "Cancel all of them" in text_of(desk.get(f"{address}cancel/"))
    assert desk.post(f"{address}cancel/", {"reason": "clinic"}).status_code == 303
    assert {one.status for one in Appointment.objects.all()} == {"cancelled"}
