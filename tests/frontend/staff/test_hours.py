"""The pages about working hours, holidays and other calendars."""

from datetime import date, time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from booking.models import Schedule
from intake.models import Role
from tests.booking.feeds.test_busy_upload import calendar
from tests.factories.accounts import sign_in
from tests.factories.booking import Clinic, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


LINE = {"weekday": "0", "start": "09:00", "end": "12:00", "is_break": "", "every_weeks": "1", "first_date": "",
        "last_date": ""}  # fmt: skip
EMPTY = {**LINE, "start": "", "end": ""}


def signed_in(client: Client, role: str = Role.MANAGER) -> Client:
    sign_in(client, make_staff(role))
    return client


def week_of(*lines: dict[str, str], initial: int = 0) -> dict[str, str]:
    form = {"line-TOTAL_FORMS": str(len(lines)), "line-INITIAL_FORMS": str(initial)}
    return form | {f"line-{n}-{name}": value for n, line in enumerate(lines) for name, value in line.items()}


def page_of(clinic: Clinic, name: str = "hours-of") -> str:
    return reverse(f"staff:{name}", args=[clinic.anna.pk])


def test_the_week_is_saved_as_a_whole_and_visits_outside_it_are_listed(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    visit = make_appointment(clinic, start=at(15), patient=make_patient())
    assert reverse("staff:visit", args=[visit.pk]) not in client.get(page_of(clinic)).content.decode()
    tuesdays = {**LINE, "weekday": "1"}
    odd = {**LINE, "every_weeks": "2", "first_date": "2026-11-30"}
    lunch = {**tuesdays, "start": "10:00", "end": "10:30", "is_break": "1"}
    answer = client.post(page_of(clinic), week_of(tuesdays, odd, lunch, EMPTY), follow=True)
    assert answer.redirect_chain == [(page_of(clinic), 303)]
    text = answer.content.decode()
    assert "1 visit lies outside these hours" in text
    assert reverse("staff:visit", args=[visit.pk]) in text
    stored = clinic.anna.schedules.order_by("weekday", "start_time")
    assert list(stored.values_list("weekday", "start_time", "every_weeks", "is_break")) == [
        (0, time(9), 2, False),
        (1, time(9), 1, False),
        (1, time(10), 1, True),
    ]


def test_a_line_is_removed_with_its_box(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    Schedule.objects.filter(practitioner=clinic.anna).exclude(weekday=0).delete()
    client.post(page_of(clinic), week_of({**LINE, "end": "17:00", "DELETE": "on"}, {**LINE, "weekday": "3"}, initial=1))
    assert list(clinic.anna.schedules.values_list("weekday", flat=True)) == [3]


def test_what_is_wrong_is_said_at_its_line_and_nothing_is_lost(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    answer = client.post(page_of(clinic), week_of(LINE, {**LINE, "start": "11:00", "end": "13:00"}))
    assert answer.status_code == 422
    assert "Two lines overlap on the same day" in answer.content.decode()
    assert 'value="11:00"' in answer.content.decode()
    far = client.post(page_of(clinic), week_of({**LINE, "first_date": "9999-12-31"}))
    odd = client.post(page_of(clinic), {"line-TOTAL_FORMS": "x"})
    assert (far.status_code, odd.status_code) == (422, 422)
    assert clinic.anna.schedules.count() == 5


def test_a_therapist_sees_their_own_hours_only(client: Client, clinic: Clinic) -> None:
    sign_in(client, clinic.ben.user)
    assert clinic.anna.name not in client.get(reverse("staff:hours")).content.decode()
    assert client.get(page_of(clinic)).status_code == 404
    assert client.get(reverse("staff:hours-services", args=[clinic.ben.pk])).status_code == 403


def test_a_date_is_different_and_then_as_usual_again(client: Client, clinic: Clinic) -> None:
    signed_in(client, Role.OWNER)
    said = {"date": "2026-12-01", "how": "replaces", "start": "10:00", "end": "11:00", "more_start": "", "more_end": ""}
    assert client.post(page_of(clinic, "hours-day"), {**said, "end": ""}).status_code == 422
    client.post(page_of(clinic, "hours-day"), said)
    assert "10:00 to 11:00 instead of the usual hours" in client.get(page_of(clinic)).content.decode()
    client.post(page_of(clinic, "hours-usual"), {"date": "2026-12-01"})
    assert not clinic.anna.day_schedules.exists()


def test_the_end_of_an_authorisation_is_seen_in_time(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    form = {"services": [clinic.needling.pk], "needling_authorisation": "Needles", "authorised_until": "2026-12-24"}
    client.post(page_of(clinic, "hours-services"), form)
    clinic.anna.refresh_from_db()
    assert clinic.anna.needling_authorised_until == date(2026, 12, 24)
    assert "needling ends Thursday 24 December" in client.get(reverse("staff:hours")).content.decode()


def test_a_calendar_is_read_and_its_titles_are_not_kept(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    make_appointment(clinic, start=at(9), patient=make_patient())
    data = calendar("DTSTART:20261124T150000Z DURATION:PT1H SUMMARY:Canary", "DTSTART:20250101T150000Z DURATION:PT1H")
    answer = client.post(page_of(clinic, "hours-busy"), {"name": "Phone", "file": SimpleUploadedFile("a.ics", data)})
    text = answer.content.decode()
    assert ("1 busy time is read" in text, "over already: 1" in text) == (True, True)
    assert "Visits in these times" in text
    assert "Canary" not in text + client.get(page_of(clinic)).content.decode()
    bad = SimpleUploadedFile("a.ics", b"\0")
    assert client.post(page_of(clinic, "hours-busy"), {"name": "Phone", "file": bad}).status_code == 422
    assert clinic.anna.busy_times.count() == 1
    client.post(page_of(clinic, "hours-busy-remove"), {"name": "Phone"})
    assert not clinic.anna.busy_times.exists()


def test_a_file_of_a_megabyte_gets_through_and_a_larger_one_is_refused(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    data = calendar(f"DTSTART:20261201T150000Z DURATION:PT1H SUMMARY:{'x' * 990_000}")
    for more, status in ((b"", 200), (b" " * 20_000, 422)):
        file = SimpleUploadedFile("a.ics", data + more)
        assert client.post(page_of(clinic, "hours-busy"), {"name": "Phone", "file": file}).status_code == status


def test_holidays_come_from_the_province_and_the_clinic_opens_and_closes(client: Client, clinic: Clinic) -> None:
    signed_in(client)
    pages = {name: reverse(f"staff:{name}") for name in ("holidays", "holidays-province", "holidays-open")}
    assert "Christmas Day" not in client.get(pages["holidays"]).content.decode()
    client.post(pages["holidays-province"], {"province": "AB"})
    make_appointment(clinic, start=at(9), patient=make_patient())
    client.post(pages["holidays-open"], {"date": "2026-12-25"})
    client.post(pages["holidays"], {"date": "2026-11-24", "name": "Flood"})
    text = client.get(pages["holidays"]).content.decode()
    for words in ("Christmas Day", "Close after all", "Flood", "1 visit is booked"):
        assert words in text
    for when in ("2026-12-25", "2026-11-24"):
        client.post(reverse("staff:holidays-usual"), {"date": when})
    assert not clinic.location.holiday_overrides.exists()
    assert client.post(pages["holidays-open"], {"date": "9999-99-99"}).status_code == 400
    assert client.post(pages["holidays-province"], {"province": "XX"}).status_code == 400
