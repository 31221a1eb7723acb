"""The page on which a patient chooses another time for a visit that can't take place."""

import pytest

from booking.models import Appointment, Displacement, Offer
from booking.selectors.closures import closure_of
from booking.services.appointments import reschedule_appointment
from booking.services.displacements import Choice, send_choices, settle_displacements
from booking.services.schedules import add_time_off
from tests.factories.booking import NOW, at, make_staff
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import Person, text_of
from tests.frontend.patient.test_visit import link_of

PAGE = "/visit/choices/"


@pytest.fixture
def asked(person: Person) -> Person:
    """Somebody with a visit with Anna on Wednesday at 9, which can't be: they may have Ben, or Thursday."""
    person.check()
    person.book(start=at(9, days=2))
    clinic, desk = person.clinic, make_staff()
    visit = Appointment.objects.get(pk=person.visit.pk)
    off = add_time_off(
        location=clinic.location,
        practitioner=visit.practitioner,
        start=at(0, days=2),
        end=at(0, days=3),
        by=desk,
        now=NOW,
    )
    colleague = clinic.ben if visit.practitioner == clinic.anna else clinic.anna
    choices = [Choice(at(9, days=2), colleague), Choice(at(9, days=3), visit.practitioner)]
    send_choices(appointment=visit, choices=choices, closure=closure_of(off), by=desk, now=NOW)
    return person


def offer_at(start: object) -> str:
    return str(Offer.objects.get(hold__start=start).pk)


def test_the_link_leads_to_the_kept_times_and_one_is_taken(asked: Person) -> None:
    assert asked.get(link_of(asked.visit))["Location"] == PAGE
    page = text_of(asked.get(PAGE))
    assert "Same time, with" in page
    assert "Thursday 26 November, 9:00" in page
    assert "Changing costs you nothing." in page
    assert asked.post(PAGE).status_code == 422
    answer = asked.post(PAGE, choice=offer_at(at(9, days=3)))
    assert (answer.status_code, answer["Location"]) == (302, "/visit/")
    assert asked.visit.start == at(9, days=3)
    assert "Your visit is at its new time now." in text_of(asked.get("/visit/"))
    assert asked.get(PAGE)["Location"] == "/visit/"


def test_the_page_of_the_visit_says_it_first(asked: Person) -> None:
    page = text_of(asked.get("/visit/"))
    assert "This visit can't take place as booked" in page
    assert "Choose another time" in page


def test_none_suits_and_the_visit_ends_at_no_cost(asked: Person) -> None:
    assert asked.post(PAGE, choice="none")["Location"] == "/visit/"
    assert (asked.visit.status, asked.visit.cancel_reason) == ("cancelled", "clinic")
    assert Displacement.objects.get().state == "cancelled"


def test_a_time_that_is_no_longer_kept_is_said_and_the_rest_stays_open(
    asked: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = offer_at(at(9, days=3))
    answer = asked.post(PAGE, choice=str(asked.visit.pk))
    assert answer.status_code == 400
    set_now(monkeypatch, at(8, days=2))
    late = asked.post(PAGE, choice=offer)
    assert late.status_code == 409
    assert "These times are no longer kept" in text_of(late)
    assert "See all free times" in text_of(late)


def test_whoever_was_moved_after_not_answering_is_no_longer_told_to_choose(asked: Person) -> None:
    late = at(8, days=2)
    settle_displacements(now=late)
    assert Displacement.objects.get().state == "unanswered"
    reschedule_appointment(appointment=asked.visit, practitioner=None, start=at(9, days=3), by=make_staff(), now=late)
    assert "Choose another time" not in text_of(asked.get("/visit/"))
