"""A booking by its link: no token in later addresses, nothing shown to a stranger, and only what happened is said."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from booking.models import Appointment, Location
from booking.services.links import manage_token
from intake.models import Role
from intake.tokens import hash_token
from tests.factories.booking import NOW, at, make_appointment
from tests.factories.intake import make_patient, make_user
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import Person, text_of

Somebody = Callable[[], Person]
BORN = {"birth_date_day": "3", "birth_date_month": "4", "birth_date_year": "1986"}


def link_of(visit: Appointment) -> str:
    return f"/visit/{manage_token(visit)}/"


@pytest.fixture
def booked(person: Person) -> Person:
    """Somebody with a visit on Wednesday at 9."""
    person.check()
    person.book(start=at(9, days=2))
    return person


def test_the_link_is_exchanged_for_a_cookie_and_stands_in_no_later_address(booked: Person, someone: Somebody) -> None:
    other = someone()
    answer = other.get(link_of(booked.visit))
    assert (answer.status_code, answer["Location"], answer["Referrer-Policy"]) == (302, "/visit/", "same-origin")


def test_a_stranger_with_the_link_sees_nothing_before_the_birth_date(booked: Person, someone: Somebody) -> None:
    other = someone()
    other.get(link_of(booked.visit))
    for path in ("/visit/", "/visit/cancel/", "/visit/move/", "/visit/calendar.ics"):
        assert other.get(path)["Location"] == "/visit/who/"
    assert other.post("/visit/cancel/", fee="0")["Location"] == "/visit/who/"
    page = text_of(other.get("/visit/who/"))
    assert "Berg" not in page
    assert other.post("/visit/who/", **{**BORN, "birth_date_day": "4"}).status_code == 422
    assert other.post("/visit/who/", **BORN)["Location"] == "/visit/"
    assert "Ada Berg" in text_of(other.get("/visit/"))


def test_birth_dates_can_not_be_tried_one_after_the_other(booked: Person, someone: Somebody) -> None:
    other = someone()
    other.get(link_of(booked.visit))
    tried = [other.post("/visit/who/", **{**BORN, "birth_date_day": str(day)}).status_code for day in range(4, 12)]
    assert tried == [422] * 6 + [429] * 2
    assert other.post("/visit/who/", **BORN).status_code == 429


def test_links_can_not_be_guessed_in_numbers(person: Person) -> None:
    found = [person.get(f"/visit/{'x' * 40}{number}/").status_code for number in range(32)]
    assert found == [404] * 30 + [429] * 2


def test_whoever_booked_in_this_browser_is_not_asked_again(booked: Person) -> None:
    booked.get(link_of(booked.visit))
    assert booked.get("/visit/").status_code == 200


def test_the_page_says_when_where_and_with_whom_and_what_is_due(booked: Person) -> None:
    page = text_of(booked.get("/visit/"))
    for words in ("Wednesday 25 November 2026, 9:00 to 10:00", "Mountain time", "1 Main Street", "$120.00", "Ada Berg"):
        assert words in page
    assert "Tuesday 24 November, 9:00" in page


def test_the_calendar_file_says_when_and_where_and_never_why(booked: Person) -> None:
    answer = booked.get("/visit/calendar.ics")
    file = answer.content.decode().replace("\r\n ", "")
    assert answer["Content-Type"].startswith("text/calendar")
    assert "SUMMARY:Your appointment" in file
    assert "eedl" not in file


def test_cancelling_in_time_is_free_and_the_page_then_says_so(booked: Person) -> None:
    page = text_of(booked.get("/visit/cancel/"))
    assert "Cancelling is free of charge" in page
    assert "goes back to you" not in page  # nothing was paid
    assert booked.visit.status == "booked"
    assert booked.post("/visit/cancel/", fee="0")["Location"] == "/visit/"
    assert "This visit is cancelled" in text_of(booked.get("/visit/"))
    assert booked.visit.cancel_reason == "patient"


def test_a_late_cancellation_names_its_fee_first_and_a_fee_that_was_not_shown_is_not_taken(
    booked: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "free of charge" in text_of(booked.get("/visit/cancel/"))
    set_now(monkeypatch, at(9, days=2) - timedelta(hours=3))
    answer = booked.post("/visit/cancel/", fee="0")
    assert answer.status_code == 409
    assert "Cancelling now costs $30.00" in text_of(answer)
    assert booked.visit.status == "booked"
    booked.post("/visit/cancel/", fee="3000")
    assert booked.visit.status == "cancelled"
    page = text_of(booked.get("/visit/"))
    assert "Fee" in page
    assert "$30.00" in page


def test_somebody_who_is_not_well_pays_nothing_for_cancelling_late(
    booked: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_now(monkeypatch, at(9, days=2) - timedelta(hours=3))
    assert "I am not well" in text_of(booked.get("/visit/cancel/"))
    booked.post("/visit/cancel/", fee="3000", unwell="1")
    assert (booked.visit.status, booked.visit.cancel_reason) == ("cancelled", "unwell")
    assert "$30.00" not in text_of(booked.get("/visit/"))


def test_who_changes_their_mind_takes_it_back(booked: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    booked.post("/visit/cancel/", fee="0")
    assert "Undo: keep my visit" in text_of(booked.get("/visit/"))
    assert booked.post("/visit/undo/")["Location"] == "/visit/"
    assert booked.visit.status == "booked"
    assert "booked again, as it was" in text_of(booked.get("/visit/"))
    booked.post("/visit/cancel/", fee="0")
    set_now(monkeypatch, booked.visit.cancel_settles_at)
    assert "Undo" not in text_of(booked.get("/visit/"))
    booked.post("/visit/undo/")
    assert booked.visit.status == "cancelled"
    assert "can't be undone any more" in text_of(booked.get("/visit/"))


def test_a_visit_that_somebody_took_meanwhile_stays_cancelled_and_others_are_named(booked: Person) -> None:
    booked.post("/visit/cancel/", fee="0")
    visit = booked.visit
    visit.pk, visit.request_key = uuid4(), uuid4()
    visit.status, visit.cancel_reason, visit.cancel_settles_at = "booked", "", None
    visit.patient = make_patient(email="faster@example.org")
    visit.save(force_insert=True)
    answer = booked.post("/visit/undo/")
    assert answer.status_code == 409
    assert "Somebody has just booked that time" in text_of(answer)


@pytest.mark.parametrize(
    ("terms", "moved", "why"),
    [
        ({"moves_allowed": 0}, 0, "can't be moved here, only by phone."),
        ({"moves_allowed": 1}, 1, "can't be moved here any more: you have moved it once already."),
        ({"moves_allowed": 2}, 2, "can't be moved here any more: you have moved it 2 times already."),
        (
            {"move_notice_hours": 72},
            0,
            "can't be moved here any more: that was possible until Sunday 22 November, 9:00.",
        ),
    ],
)
def test_a_visit_that_the_clinic_lets_nobody_move_says_why(
    booked: Person, terms: dict[str, int], moved: int, why: str
) -> None:
    Location.objects.update(**terms)
    Appointment.objects.update(moves_made=moved)
    page = text_of(booked.get("/visit/"))
    assert why in page
    assert "Move to another time" not in page
    assert booked.get("/visit/move/")["Location"] == "/visit/"
    assert text_of(booked.get("/visit/")).count(why) == 2  # whoever came by an old link is told at the top, too


def test_cancelling_twice_says_only_what_is_so(booked: Person) -> None:
    booked.post("/visit/cancel/", fee="0")
    assert booked.post("/visit/cancel/", fee="0")["Location"] == "/visit/"
    assert booked.visit.status == "cancelled"


def test_a_visit_that_has_begun_can_not_be_cancelled_and_no_page_claims_it(
    booked: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_now(monkeypatch, at(9, 30, days=2))
    booked.post("/visit/cancel/", fee="3000")
    assert booked.visit.status == "booked"
    page = text_of(booked.get("/visit/"))
    assert "It is too late to do this online" in page
    assert "is cancelled" not in page


def test_moving_shows_ones_own_time_and_moves_at_once(booked: Person) -> None:
    page = text_of(booked.get("/visit/move/"))
    assert "Your time" in page
    assert "Moving it is free of charge now" in page
    said = {"time": at(14, days=2).isoformat(), "fee": "0", "request_key": str(booked.visit.request_key)}
    assert booked.post("/visit/move/", **said)["Location"] == "/visit/"
    assert booked.visit.start == at(14, days=2)
    assert "14:00 to 15:00" in text_of(booked.get("/visit/"))


def test_moving_to_a_taken_time_keeps_the_visit_and_offers_others(booked: Person) -> None:
    for practitioner, room in zip((booked.clinic.anna, booked.clinic.ben), booked.clinic.rooms, strict=True):
        make_appointment(
            booked.clinic, start=at(14, days=2), practitioner=practitioner, room=room, patient=make_patient()
        )
    said = {"time": at(14, days=2).isoformat(), "fee": "0", "request_key": str(booked.visit.request_key)}
    answer = booked.post("/visit/move/", **said)
    assert answer.status_code == 409
    assert "The nearest free times" in text_of(answer)
    assert booked.visit.start == at(9, days=2)


def test_a_visit_booked_by_phone_gets_its_form_and_is_booked(person: Person) -> None:
    patient = make_patient(NOW, contact_verified_at=NOW)
    visit = make_appointment(
        person.clinic,
        start=at(9, days=3),
        patient=patient,
        status="pending",
        awaiting="form",
        form_due_at=at(9, days=2),
    )
    Appointment.objects.filter(pk=visit.pk).update(manage_token_hash=_hash(visit))
    person.get(link_of(visit))
    page = text_of(person.get("/visit/"))
    assert "Please fill in your form" in page
    assert "Wednesday 25 November, 9:00" in page
    assert person.post("/visit/form/")["Location"] == "/check/"
    result = text_of(person.check())
    assert "Go to my visit" in result
    visit.refresh_from_db()
    assert (visit.status, visit.awaiting) == ("booked", "")
    assert "Your visit is booked" in text_of(person.get("/visit/"))


def test_a_signed_in_patient_sees_their_visits_and_nobody_elses(clinic: object, person: Person) -> None:
    account = make_user(Role.PATIENT)
    mine = make_appointment(person.clinic, start=at(9, days=3), patient=make_patient(user=account))
    other = make_appointment(person.clinic, start=at(11, days=3), patient=make_patient(given_name="Zoe"))
    assert "/accounts/login/" in person.get("/visits/")["Location"]
    browser = Client()
    browser.force_login(account)
    page = text_of(browser.get("/visits/"))
    assert "Ada Berg" in page
    assert "Zoe" not in page
    assert browser.post(f"/visits/{other.pk}/open/").status_code == 404
    assert browser.post(f"/visits/{mine.pk}/open/")["Location"] == "/visit/"
    assert "Your visit is booked" in text_of(browser.get("/visit/"))


def test_a_signed_in_patient_chooses_who_comes_from_their_own_people(person: Person) -> None:
    account = make_user(Role.PATIENT)
    mine = make_patient(user=account)
    stranger = make_patient(given_name="Zoe")
    person.client.force_login(account)
    person.check()
    person.pick(at(9))
    assert person.post("/book/details/", patient=str(stranger.pk)).status_code == 422
    assert person.post("/book/details/", patient=str(mine.pk))["Location"] == "/book/agree/"
    assert person.post("/book/agree/", payment="desk", agree="on")["Location"] == "/visit/"
    assert person.visit.patient == mine


def _hash(visit: Appointment) -> str:
    return hash_token(manage_token(visit))
