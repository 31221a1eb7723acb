"""What the lists offer can be held, and nothing else; the first free time; and why a time is not offered."""

import random
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from booking.errors import SlotNotOffered, SlotTaken
from booking.models import BusyTime, DaySchedule, HealthcareService, HolidayOverride, RoomClosure, Schedule, TimeOff
from booking.selectors.openings import Notice
from booking.selectors.slots import first_free, free_times
from booking.selectors.why_not import why_not
from booking.services.holds import hold_time, release_hold
from booking.services.locks import lock_resources
from booking.services.places import find_place
from tests.factories.booking import NOW, Clinic, at, make_appointment
from tests.factories.intake import clear_line, make_patient, make_screening

pytestmark = pytest.mark.django_db
DAYS = {"from_date": at(0).date(), "to_date": (at(0) + timedelta(days=2)).date()}


@pytest.fixture
def busy(clinic: Clinic) -> Clinic:
    """Breaks, an odd week, a short day, time off, visits with buffers, a closed room, limits, and the rule of gaps."""
    clinic.location.keeps_gaps_useful = True
    clinic.location.save()
    clinic.anna.visits_per_day = 4
    clinic.anna.save()
    row = {"practitioner": clinic.anna, "location": clinic.location}
    Schedule.objects.create(**row, weekday=1, start_time=time(12), end_time=time(13), is_break=True)
    DaySchedule.objects.create(**row, date=at(0, days=2).date(), start_time=time(10), end_time=time(15))
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(15, 10), end=at(16))
    RoomClosure.objects.create(room=clinic.rooms[1], start=at(9), end=at(13, days=2))
    chance = random.Random(7)
    for days in (1, 2, 3):
        for hour in chance.sample(range(9, 16), 2):
            start = at(hour, chance.choice([0, 15, 30]), days=days)
            make_appointment(
                clinic, start=start, service=clinic.follow_up, patient=make_patient(email=f"{start}@example.org")
            )
        ben = at(chance.choice([10, 13]), days=days)
        make_appointment(clinic, start=ben, practitioner=clinic.ben, room=clinic.rooms[1], patient=make_patient())
    return clinic


@pytest.mark.parametrize("by_staff", [False, True])
def test_every_offered_time_can_be_booked_and_every_bookable_time_is_offered(busy: Clinic, by_staff: bool) -> None:
    """`find_place` is what every door asks under its locks."""
    service = busy.needling if by_staff else busy.follow_up
    slots = free_times(service=service, practitioner=busy.anna, by_staff=by_staff, now=NOW, **DAYS).slots
    bookable = []
    for quarter in range(3 * 96):
        start = at(0) + timedelta(minutes=15 * quarter)
        try:
            with transaction.atomic():
                lock_resources(practitioners=[busy.anna.pk])
                find_place(
                    service=service, practitioner=busy.anna, start=start, notice=Notice(by_staff=by_staff), now=NOW
                )
        except (SlotNotOffered, SlotTaken):
            continue
        bookable.append(start)
    assert bookable == [slot.start for slot in slots] != []


def test_what_patients_are_offered_they_can_hold(busy: Clinic) -> None:
    screening = make_screening(clear_line(), now=NOW).screening
    slots = free_times(service=busy.needling, practitioner=busy.anna, now=NOW, **DAYS).slots
    for slot in slots[:: max(1, len(slots) // 5)]:
        held = hold_time(
            screening=screening,
            service=busy.needling,
            practitioner=busy.anna,
            start=slot.start,
            request_key=uuid4(),
            held_by=str(uuid4()),
            source="patient",
            now=NOW,
        )
        assert (held.appointment.start, held.appointment.end) == (slot.start, slot.end)
        release_hold(appointment=held.appointment, now=NOW)


def test_no_reason_is_given_for_a_time_exactly_if_it_is_offered(busy: Clinic) -> None:
    offered = {slot.start for slot in free_times(service=busy.follow_up, practitioner=busy.anna, now=NOW, **DAYS).slots}
    for step in range(8, 20 * 2):
        start = at(0, days=2) + timedelta(minutes=30 * step + 5 * (step % 4 == 0))
        reasons = why_not(service=busy.follow_up, practitioner=busy.anna, start=start, now=NOW)
        assert (start in offered) == (reasons == []), (start, reasons)


def codes(clinic: Clinic, start: Any, **over: Any) -> list[str]:
    asked = {"service": clinic.needling, "practitioner": clinic.anna, "now": NOW, **over}
    return [one.code for one in why_not(start=start, **asked)]


def test_all_reasons_are_given(clinic: Clinic) -> None:
    assert codes(clinic, at(10)) == []
    assert codes(clinic, at(10, 5)) == ["step"]
    assert codes(clinic, at(16, 30)) == ["hours"]
    assert codes(clinic, at(10, days=5)) == ["hours"]  # Saturday
    assert codes(clinic, at(7, days=0)) == ["past"]
    assert codes(clinic, at(9, days=0)) == ["notice"]
    assert codes(clinic, at(10, days=64)) == ["horizon"]
    assert codes(clinic, at(10, days=900)) == ["horizon"]
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12))
    BusyTime.objects.create(practitioner=clinic.anna, start=at(10), end=at(11), source_name="own", uploaded_at=NOW)
    make_appointment(clinic, start=at(10, 30), patient=make_patient())
    RoomClosure.objects.create(room=clinic.rooms[1], start=at(9), end=at(12))
    clinic.anna.visits_per_day = 1
    clinic.anna.save()
    told = ["time-off", "external-busy", "busy", "no-room", "day-limit"]
    assert codes(clinic, at(10, 5)) == ["step", *told]
    HolidayOverride.objects.create(location=clinic.location, date=at(10).date(), open=False, name="Flood")
    clinic.needling.practitioners.remove(clinic.anna)
    clinic.anna.needling_authorised_until = NOW.date()
    clinic.anna.save()
    assert codes(clinic, at(10)) == ["service", "authorisation", "holiday", *told]


def test_a_hold_says_until_when_it_is_kept_and_nobody_is_named(clinic: Clinic) -> None:
    make_appointment(clinic, start=at(10), status="proposed", hold_expires_at=NOW + timedelta(minutes=9))
    make_appointment(clinic, start=at(12), patient=make_patient(given_name="Secret"))
    [held] = why_not(service=clinic.needling, practitioner=clinic.anna, start=at(10), now=NOW)
    [busy] = why_not(service=clinic.needling, practitioner=clinic.anna, start=at(12), now=NOW)
    assert held.words == "Somebody is booking 10:00 to 11:00 with Anna just now; it is kept for them until 8:09."
    assert busy.words == "Anna has a visit 12:00 to 13:00."


def test_what_only_keeps_patients_from_it_does_not_bind_staff(clinic: Clinic) -> None:
    soon = why_not(service=clinic.needling, practitioner=clinic.anna, start=at(9, days=0), now=NOW)
    assert [(one.code, one.binds_staff) for one in soon] == [("notice", False)]
    clinic.location.keeps_gaps_useful = True
    clinic.location.save()
    HealthcareService.objects.filter(pk=clinic.call.pk).update(online=False)  # now a follow-up is the shortest
    make_appointment(clinic, start=at(10, 15), patient=make_patient())  # 9:00 leaves a quarter of an hour, as 9:15 does
    assert codes(clinic, at(11, 30)) == ["gap"]
    assert codes(clinic, at(11, 15)) == []


def test_the_first_free_time_is_found_across_months_in_a_few_questions(clinic: Clinic) -> None:
    clinic.location.days_ahead = 400
    clinic.location.save()
    TimeOff.objects.create(location=clinic.location, start=NOW, end=at(0, days=301))
    with CaptureQueriesContext(connection) as queries:
        slot = first_free(service=clinic.needling, now=NOW)
    assert slot is not None
    assert slot.start == at(9, days=301)
    assert len(queries) <= 4 * 4 + 1
    TimeOff.objects.create(location=clinic.location, start=NOW, end=at(0, days=500))
    assert first_free(service=clinic.needling, now=NOW) is None


def test_a_full_day_is_not_offered_and_not_booked(clinic: Clinic) -> None:
    clinic.anna.visits_per_day = 1
    clinic.anna.save()
    make_appointment(clinic, start=at(9), patient=make_patient())
    assert (
        free_times(
            service=clinic.needling, practitioner=clinic.anna, from_date=at(9).date(), to_date=at(9).date(), now=NOW
        ).slots
        == []
    )
    with pytest.raises(SlotNotOffered), transaction.atomic():
        find_place(
            service=clinic.needling, practitioner=clinic.anna, start=at(14), notice=Notice(by_staff=True), now=NOW
        )
