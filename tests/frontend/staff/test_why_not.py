"""Why a time is not offered: asked on its own page, and told where a time is refused."""

from django.urls import reverse

from booking.models import TimeOff
from tests.factories import booking as made
from tests.frontend.staff.conftest import Desk

ASK = "/calendar/why-not/"


def _asked(desk: Desk, **over: str) -> dict[str, str]:
    return {"service": str(desk.clinic.needling.pk), "practitioner": "", "date": "2026-11-24", "time": "10:00"} | over


def test_the_page_answers_for_each_therapist_in_words(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    assert browser.get(ASK).status_code == 200
    TimeOff.objects.create(
        location=desk.clinic.location, practitioner=desk.clinic.anna, start=made.at(9), end=made.at(12), reason="Flu"
    )
    text = browser.get(ASK, _asked(desk)).content.decode()
    assert "Anna or the clinic is away, 9:00 to 12:00." in text
    assert "Nothing: this time is free and can be booked." in text
    assert "Flu" not in text
    alone = browser.get(ASK, _asked(desk, practitioner=str(desk.clinic.ben.pk))).content.decode()
    assert "Anna or" not in alone


def test_what_keeps_only_patients_from_it_is_said_so(desk: Desk) -> None:
    text = desk.browsers["reception"].get(ASK, _asked(desk, date="2026-11-23", time="09:00")).content.decode()
    assert "This keeps patients from booking online. You can book it at the desk." in text


def test_times_that_are_none_are_refused_in_words(desk: Desk) -> None:
    desk.clinic.location.time_zone = "America/Toronto"
    desk.clinic.location.save()
    browser = desk.browsers["reception"]
    none = (
        {"date": "2027-03-14", "time": "02:30"},
        {"date": "2027-11-07", "time": "01:30"},
        {"time": "24:00"},
        {"date": "9999-12-31", "time": "23:59"},
        {"date": "\0"},
    )
    assert [browser.get(ASK, _asked(desk, **over)).status_code for over in none] == [422, 422, 422, 422, 400]
    long_ago = browser.get(ASK, _asked(desk, date="0001-01-01", time="00:00"))
    assert "That time is over." in long_ago.content.decode()


def test_a_refused_booking_and_a_refused_move_say_why(desk: Desk) -> None:
    browser, ben = desk.browsers["reception"], desk.clinic.ben
    TimeOff.objects.create(location=desk.clinic.location, practitioner=ben, start=made.at(9), end=made.at(12))
    move = reverse("staff:move", args=[desk.visit.pk])
    refused = browser.post(move, {"time": f"{made.at(10):%Y-%m-%dT%H:%M:%SZ} {ben.pk}"})
    assert refused.status_code == 422
    assert "Ben or the clinic is away, 9:00 to 12:00." in refused.content.decode()
