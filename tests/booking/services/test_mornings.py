"""What is written of a morning: once, at the clinic's hour, without a name and without a word of why."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.models import Package
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication, MessageSetting
from booking.services.mornings import write_of_a_morning
from booking.services.package_credits import use_package
from intake.models import Patient
from tests.factories.booking import make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.factories.packages import make_package

pytestmark = pytest.mark.django_db
EARLY = datetime(2026, 12, 1, 12, 29, tzinfo=UTC)  # 6:29 in Alberta
HALF_PAST_SIX = EARLY + timedelta(minutes=1)


def test_a_therapist_gets_the_day_once_at_half_past_six_with_times_and_initials() -> None:
    clinic = make_clinic()
    patient = make_patient(given_name="Ada", family_name="Berg")
    make_appointment(clinic, start=datetime(2026, 12, 1, 15, tzinfo=UTC), patient=patient)
    make_appointment(clinic, start=datetime(2026, 12, 2, 15, tzinfo=UTC), patient=patient)
    assert write_of_a_morning(now=EARLY) == 0
    assert [write_of_a_morning(now=HALF_PAST_SIX + timedelta(minutes=n)) for n in (0, 5)] == [1, 0]
    row = Communication.objects.get(kind="morning-list")
    assert row.recipient == clinic.anna.user.email
    letter = letter_of(row, now=HALF_PAST_SIX)
    assert letter.subject == "Your day: Tuesday 1 December"
    assert "\n9:00 A.B.\n" in letter.text
    assert "Ada" not in letter.text
    assert "Berg" not in letter.text


def test_who_works_at_two_clinics_gets_a_list_of_each_with_its_name_and_on_its_clock() -> None:
    west = make_clinic(name="West Clinic")
    east = make_clinic(name="East Clinic", time_zone="America/Toronto")  # an hour on
    for clinic, hour in ((west, 15), (east, 18)):
        start = datetime(2026, 12, 1, hour, tzinfo=UTC)
        make_appointment(clinic, start=start, practitioner=west.anna, patient=make_patient())
    for hours in (0, 1):
        write_of_a_morning(now=HALF_PAST_SIX + timedelta(hours=hours))
    rows = Communication.objects.filter(kind="morning-list", recipient=west.anna.user.email)
    texts = [letter_of(row, now=HALF_PAST_SIX).text for row in rows.order_by("created_at", "dedupe_key")]
    said = {("West" in text, "East" in text, "\n9:00 " in text, "\n13:00 " in text) for text in texts}
    assert said == {(True, False, True, False), (False, True, False, True)}


def test_who_has_visits_left_on_a_package_that_ends_within_two_weeks_is_told_once() -> None:
    clinic, today = make_clinic(), HALF_PAST_SIX.date()
    ends = {"soon": 14, "later": 15, "today": 0, "over": -1, "used": 10, "erased": 10}
    for name, days in ends.items():
        patient = make_patient(given_name=name, email=f"{name}@example.org", now=EARLY)
        package = make_package(clinic, patient, now=EARLY, sessions=2)
        Package.objects.filter(pk=package.pk).update(expires_on=today + timedelta(days=days))
        for hour in (15, 17) if name == "used" else ():
            visit = make_appointment(clinic, start=datetime(2026, 12, 3, hour, tzinfo=UTC), patient=patient)
            use_package(appointment=visit, by=make_staff(), now=EARLY)
        if name == "erased":
            Patient.objects.filter(pk=patient.pk).update(erased_at=EARLY)
    assert [write_of_a_morning(now=HALF_PAST_SIX + timedelta(minutes=n)) for n in (0, 5)] == [2, 0]
    rows = {row.recipient: row for row in Communication.objects.filter(kind="package-expiring")}
    assert rows.keys() == {"soon@example.org", "today@example.org"}
    soon = letter_of(rows["soon@example.org"], now=HALF_PAST_SIX)
    assert soon.subject == "Your package can be used until Tuesday 15 December 2026"
    assert rows["today@example.org"].not_after == datetime(2026, 12, 2, 6, tzinfo=UTC)  # midnight in Alberta


def test_nobody_is_written_to_after_nine_or_without_visits_or_where_it_is_switched_off() -> None:
    clinic = make_clinic()
    assert write_of_a_morning(now=HALF_PAST_SIX) == 0
    make_appointment(clinic, start=datetime(2026, 12, 1, 17, tzinfo=UTC), patient=make_patient())
    assert write_of_a_morning(now=HALF_PAST_SIX + timedelta(hours=2, minutes=30)) == 0
    MessageSetting.objects.create(location=clinic.location, kind="morning-list", on=False, changed_at=EARLY)
    assert write_of_a_morning(now=HALF_PAST_SIX) == 0
