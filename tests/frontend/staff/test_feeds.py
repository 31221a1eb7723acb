"""Calendars for other programs: a secret address, what it shows, and its end."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import vobject
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from booking.models import Appointment, CalendarFeed
from booking.services.cancellations import cancel_appointment
from booking.services.moves import reschedule_appointment
from frontend.public import calendar_feed
from intake import clock
from intake.models import AuditEvent
from tests.factories import booking as made
from tests.frontend.staff.conftest import Desk

pytestmark = pytest.mark.django_db
FEEDS = reverse("staff:feeds")


@pytest.fixture(autouse=True)
def _same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "now", lambda: clock.now())


def _make(desk: Desk, role: str, *, whose: str = "", shows: str = "busy") -> str:
    """The path of a new address, as its page shows it once."""
    answer = desk.browsers[role].post(FEEDS, {"whose": whose or str(desk.clinic.anna.pk), "shows": shows})
    assert answer.status_code == 200
    return urlsplit(re.findall(r'value="([^"]+/feeds/[^"]+)"', answer.content.decode())[0]).path


def _read(path: str, **headers: str) -> HttpResponse:
    return Client().get(path, headers=headers)


def _titles(path: str) -> list[str]:
    answer = _read(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    read = vobject.readOne(answer.content.decode())
    titles = [str(event["SUMMARY"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")]
    assert titles == [event.summary.value for event in read.contents.get("vevent", [])]
    return titles


def test_a_therapist_reads_their_visits_as_taken_times_or_with_initials(desk: Desk) -> None:
    desk.make_visit(made.at(9, days=3), practitioner=desk.clinic.ben)
    desk.make_visit(made.at(11), status="pending", awaiting="review", decide_by=made.at(10))
    desk.make_visit(made.at(13), patient=None, status="proposed", hold_expires_at=made.at(9, days=0))
    assert _titles(_make(desk, "therapist")) == ["busy", "busy"]
    assert _titles(_make(desk, "therapist", shows="initials")) == ["A. B.", "A. B."]
    assert _titles(_make(desk, "manager", whose="clinic")) == ["Anna: busy", "Anna: busy", "Ben: busy"]


def test_it_never_says_why_anybody_comes(desk: Desk) -> None:
    text = _read(_make(desk, "therapist", shows="initials")).content.decode()
    told = (desk.patient.family_name, desk.patient.email, desk.visit.service.name, str(desk.patient.pk))
    assert [word for word in told if word in text] == []


def test_what_is_cancelled_vanishes_and_what_is_moved_moves(desk: Desk) -> None:
    path = _make(desk, "therapist")
    first = _read(path)
    assert _read(path, if_none_match=first["ETag"]).status_code == 304
    change = {"appointment": desk.visit, "by": desk.users["reception"], "now": made.NOW}
    reschedule_appointment(practitioner=None, start=made.at(12), **change)
    moved = _read(path, if_none_match=first["ETag"])
    (event,) = Calendar.from_ical(moved.content).walk("VEVENT")
    assert (moved.status_code, event.start, event["SEQUENCE"]) == (200, made.at(12), 2)
    cancel_appointment(reason=Appointment.CancelReason.CLINIC, **change)
    assert _titles(path) == []
    assert first["Cache-Control"] == "private, max-age=300"


def test_an_address_ends_when_it_is_taken_back_or_made_anew(desk: Desk) -> None:
    old, new = _make(desk, "therapist"), _make(desk, "owner")
    feed = CalendarFeed.objects.get(revoked_at=None)
    assert (_read(old).status_code, _read(new).status_code) == (404, 200)
    end = reverse("staff:feed-revoke", args=[feed.pk])
    assert [desk.browsers[role].post(end).status_code for role in ("colleague", "owner")] == [404, 303]
    assert _read(new).status_code == 404
    assert list(AuditEvent.objects.filter(action__startswith="calendar-feed").values_list("action", flat=True)) == [
        "calendar-feed-made",
        "calendar-feed-revoked",
        "calendar-feed-made",
        "calendar-feed-revoked",
    ]


def test_nobody_makes_what_is_not_theirs(desk: Desk) -> None:
    wishes = {
        "therapist": {"whose": "clinic", "shows": "busy"},
        "colleague": {"whose": str(desk.clinic.anna.pk), "shows": "busy"},
        "owner": {"whose": "clinic", "shows": "initials"},
    }
    assert [desk.browsers[role].post(FEEDS, said).status_code for role, said in wishes.items()] == [422, 422, 422]
    assert CalendarFeed.objects.count() == 0


def test_the_calendar_of_a_therapist_who_left_opens_no_more(desk: Desk) -> None:
    path = _make(desk, "therapist")
    type(desk.clinic.anna).objects.filter(pk=desk.clinic.anna.pk).update(active=False)
    assert _read(path).status_code == 404


def test_reading_and_guessing_too_often_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "READS", 2)
    monkeypatch.setattr(calendar_feed, "GUESSES", 2)
    path = _make(desk, "therapist")
    assert [_read(path).status_code for _ in range(3)] == [200, 200, 429]
    answers = [_read(f"/feeds/guess-{number}.ics") for number in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert int(answers[-1]["Retry-After"]) <= timedelta(hours=1).total_seconds()


def test_only_the_hash_of_the_address_is_kept(desk: Desk) -> None:
    token = _make(desk, "therapist").removeprefix("/feeds/").removesuffix(".ics")
    feed = CalendarFeed.objects.get()
    assert token not in {str(value) for value in vars(feed).values()}
    assert token not in desk.browsers["therapist"].get(FEEDS).content.decode()
