"""Whom reception calls, and why."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from booking.models import Appointment, Call, HolidayOverride, TimeOff
from booking.reminders.models import Communication, ContactPreference, DeliveryReport
from booking.rules.walltime import wall_text
from booking.selectors.calls import CallList, call_list, calls_to_make, next_days
from booking.services.contact_choices import note_consent
from booking.services.displacements import ask_for_a_call
from intake.models import Patient, Role
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.booking import NOW, Clinic, at

pytestmark = pytest.mark.django_db
_numbers = count(1)
LONG_AGO = NOW - timedelta(days=9)


@pytest.fixture
def clinic() -> Clinic:
    return made.make_clinic()


def visit_of(
    clinic: Clinic, patient: Patient | None = None, *, hour: int = 10, days: int = 1, **over: Any
) -> Appointment:
    number = next(_numbers)
    patient = patient or people.make_patient(email=f"p{number}@example.com", phone=f"+1403555{number:04}")
    fields = {"patient": patient, "created_at": LONG_AGO, "service": clinic.call, "practitioner": clinic.anna}
    return made.make_appointment(clinic, start=at(hour, days=days), **fields | over)


def write(visit: Appointment, *, status: str = "completed", back: str = "", **over: Any) -> Communication:
    ended = (
        {"sent_at": NOW} if status == "completed" else {"status_reason": "It could not be sent while it was useful."}
    )
    fields = {
        "kind": "reminder-1",
        "due_at": NOW,
        "not_after": visit.start,
        "created_at": NOW,
        "recipient": "p@example.com",
    }
    row = Communication.objects.create(
        dedupe_key=str(uuid4()),
        appointment=visit,
        patient=visit.patient,
        schedule_version=visit.schedule_version,
        status=status,
        **fields | ended | over,
    )
    if back:
        DeliveryReport.objects.create(communication=row, what="bounced", words=back, provider_id="p", reported_at=NOW)
    return row


def note(visit: Appointment, outcome: str, *, minutes: int = 0, **over: Any) -> Call:
    fields = {"schedule_version": visit.schedule_version, "made_by": made.make_staff(name="Robin")} | over
    made_at = NOW + timedelta(minutes=minutes)
    return Call.objects.create(
        appointment=visit, number=visit.calls.count() + 1, outcome=outcome, made_at=made_at, **fields
    )


def calls(clinic: Clinic, *, minutes: int = 0) -> CallList:
    by = people.make_user(Role.RECEPTION, email=f"{uuid4()}@example.com")
    return calls_to_make(location=clinic.location, by=by, now=NOW + timedelta(minutes=minutes))


def said(clinic: Clinic) -> dict[str, list[tuple[str, str]]]:
    """Who is called, by what stands in their mailbox's name, and why in words."""
    found = calls(clinic)
    return {
        str(row.visit.pk): [(str(why.words), why.detail) for why in row.whys]
        for row in (*found.today, *found.ahead, *found.silent)
    }


def test_each_reason_to_call_is_said_in_words(clinic: Clinic) -> None:
    nowhere, refusing, wishing = (people.make_patient(email=mail, phone=f"+1403666000{n}") for n, mail in enumerate(
        ["", "no@example.com", "call@example.com"]
    ))  # fmt: skip
    note_consent(patient=refusing, channel="email", given=False, wording="No.", how="account", now=NOW)
    ContactPreference.objects.create(patient=wishing, by_call=True, changed_at=NOW)
    bounced, unsent, silent, quiet = (visit_of(clinic, hour=hour) for hour in (9, 10, 11, 12))
    write(bounced, back="mailbox full")
    write(unsent, status="not-done")
    write(silent)
    expected = {
        visit_of(clinic, nowhere, hour=13): ("There is no e-mail address.", ""),
        visit_of(clinic, refusing, hour=14): ("They asked us to send no e-mail.", ""),
        visit_of(clinic, wishing, hour=15): ("Wishes for a call before each visit.", ""),
        bounced: ("A mail came back.", "mailbox full"),
        unsent: ("It could not be sent while it was useful.", ""),
        silent: ("Was reminded, and has not said that they are coming.", ""),
    }
    assert said(clinic) == {str(visit.pk): [why] for visit, why in expected.items()}
    assert str(quiet.pk) not in said(clinic)


def test_who_has_said_that_they_are_coming_is_not_called(clinic: Clinic) -> None:
    visit = visit_of(clinic, accepted_at=NOW, accepted_how="text", accepted_version=1)
    write(visit)
    assert said(clinic) == {}
    Appointment.objects.filter(pk=visit.pk).update(accepted_version=None, accepted_at=None, accepted_how="")
    clinic.location.calls_unconfirmed = False
    clinic.location.save()
    assert said(clinic) == {}


def test_who_booked_by_phone_just_now_is_not_called_to_hear_it_again(clinic: Clinic) -> None:
    mute = people.make_patient(email="")
    visit_of(clinic, mute, created_at=NOW)
    online = visit_of(clinic, people.make_patient(email=""), hour=14, created_at=NOW, source="patient")
    assert list(said(clinic)) == [str(online.pk)]


def test_the_list_is_of_what_is_left_of_today_and_of_the_next_open_day(clinic: Clinic) -> None:
    mute = people.make_patient(email="")
    HolidayOverride.objects.create(location=clinic.location, date=date(2026, 11, 24), open=False, name="Inventory")
    assert next_days(clinic.location, now=NOW) == (date(2026, 11, 24), date(2026, 11, 25))
    wednesday, today = visit_of(clinic, mute, days=2), visit_of(clinic, mute, hour=15, days=0)
    visit_of(clinic, mute, hour=7, days=0)
    visit_of(clinic, mute, days=3)
    found = calls(clinic)
    assert [[row.visit for row in rows] for rows in (found.today, found.ahead)] == [[today], [wednesday]]
    assert found.to_call(NOW) == 2


def test_a_person_with_two_visits_is_one_row_and_who_shares_their_telephone_is_named(clinic: Clinic) -> None:
    ada = people.make_patient(email="")
    child = people.make_patient(email="", given_name="Bo")
    first, second = visit_of(clinic, ada, hour=9), visit_of(clinic, ada, hour=11)
    other = visit_of(clinic, child, hour=13)
    rows = calls(clinic).ahead
    assert [(row.visits, row.same_number) for row in rows] == [
        ((first, second), ("Bo Berg",)),
        ((other,), ("Ada Berg",)),
    ]


def test_who_did_not_answer_comes_after_those_who_are_called_now_and_comes_up_again(clinic: Clinic) -> None:
    early, late = (visit_of(clinic, people.make_patient(email=""), hour=hour) for hour in (9, 14))
    note(early, "no-answer")
    found = calls(clinic)
    assert [row.visit for row in found.ahead] == [late, early]
    assert (found.ahead[1].again_at, found.to_call(NOW)) == (NOW + timedelta(hours=2), 1)
    later = calls(clinic, minutes=121)
    assert [row.visit for row in later.ahead] == [early, late]
    assert later.to_call(NOW + timedelta(minutes=121)) == 2


@pytest.mark.parametrize("outcome", ["coming", "cant-come", "other-time"])
def test_who_was_reached_is_done(clinic: Clinic, outcome: str) -> None:
    visit = visit_of(clinic, people.make_patient(email=""))
    note(visit, outcome)
    found = calls(clinic)
    assert ([row.visit for row in found.done], found.ahead, found.to_call(NOW)) == ([visit], (), 0)


def test_a_visit_that_was_moved_is_called_about_anew_unless_they_asked_for_that(clinic: Clinic) -> None:
    moved, wished = (visit_of(clinic, people.make_patient(email=""), hour=hour) for hour in (9, 14))
    note(moved, "coming")
    note(wished, "other-time")
    Appointment.objects.update(schedule_version=2)
    found = calls(clinic)
    assert ([row.visit for row in found.ahead], [row.visit for row in found.done]) == ([moved], [wished])


def test_a_colleague_who_calls_is_seen_for_ten_minutes(clinic: Clinic) -> None:
    visit = visit_of(clinic, people.make_patient(email=""))
    call = note(visit, "calling")
    assert [row.calling for row in calls(clinic).ahead] == [call]
    assert [row.calling for row in calls(clinic, minutes=11).ahead] == [None]


def test_whom_we_cancelled_on_without_being_able_to_write_is_called(clinic: Clinic) -> None:
    ended = {"status": "cancelled", "cancelled_at": NOW}
    told, untold, by_themselves = (
        visit_of(clinic, hour=hour, cancel_reason=reason, **ended)
        for hour, reason in ((9, "clinic"), (10, "clinic"), (11, "patient"))
    )
    for visit in (untold, by_themselves):
        write(visit, status="not-done", kind="cancellation")
    write(told, kind="cancellation")
    write(told, status="not-done", kind="confirmation", due_at=NOW - timedelta(days=1))
    assert said(clinic) == {str(untold.pk): [("We cancelled their visit, and could not write to them.", "")]}


def test_a_visit_that_cant_take_place_is_no_question_of_coming(clinic: Clinic) -> None:
    visit = visit_of(clinic, people.make_patient(email=""))
    start, end = at(8), at(18)
    zone = clinic.location.time_zone
    TimeOff.objects.create(
        practitioner=clinic.anna, location=clinic.location, start=start, end=end, reason="",
        wall_start=wall_text(start, zone), wall_end=wall_text(end, zone), time_zone=zone,
    )  # fmt: skip
    assert [[why.code for why in row.whys] for row in calls(clinic).ahead] == [["displaced"]]
    task = ask_for_a_call(appointment=visit, now=NOW)
    found = calls(clinic)
    assert (found.ahead, found.promised) == ((), (task,))


def test_a_therapist_sees_their_own_patients_alone(clinic: Clinic) -> None:
    mine = visit_of(clinic, people.make_patient(email=""))
    visit_of(clinic, people.make_patient(email="", phone="+14035550999"), practitioner=clinic.ben, hour=14)
    by = clinic.anna.user
    assert by is not None
    tomorrow = date(2026, 11, 24)
    found = call_list(location=clinic.location, first=tomorrow, last=tomorrow, by=by, now=NOW)
    assert [row.visit for row in found.ahead] == [mine]


@pytest.mark.parametrize("people_to_call", [1, 12])
def test_a_long_list_costs_no_more_queries(clinic: Clinic, people_to_call: int, django_assert_num_queries: Any) -> None:
    for number in range(people_to_call):
        who = people.make_patient(email="", phone=f"+14037770{number:03}")
        visit = visit_of(clinic, who, hour=9, practitioner=made.make_practitioner(f"T{number}"))
        write(visit, back="mailbox full")
        note(visit, "no-answer")
    by = people.make_user(Role.RECEPTION)
    tomorrow = date(2026, 11, 24)
    with django_assert_num_queries(9):
        found = call_list(location=clinic.location, first=tomorrow, last=tomorrow, by=by, now=NOW)
    assert len(found.ahead) == people_to_call
