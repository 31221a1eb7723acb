"""Free times out of the database."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from booking.models import Appointment, Room, RoomClosure, TimeOff
from booking.rules.availability import Slot
from booking.selectors.openings import Notice
from booking.selectors.slots import free_times, nearest_slots
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_hours, make_location, make_service
from tests.factories.intake import make_patient, make_screening, review_line, stop_line

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def slots(clinic: Clinic, **over: Any) -> list[Slot]:
    asked = {"service": clinic.needling, "from_date": TUESDAY, "to_date": TUESDAY, "practitioner": clinic.anna}
    return free_times(**{**asked, "now": NOW, **over}).slots


def starts(clinic: Clinic, **over: Any) -> list[Any]:
    return [slot.start for slot in slots(clinic, **over)]


def test_an_empty_day_is_free_from_nine_to_five_in_steps_of_a_quarter(clinic: Clinic) -> None:
    found = slots(clinic)
    assert [slot.start for slot in found] == [at(9) + timedelta(minutes=15 * step) for step in range(29)]
    assert found[0] == Slot(at(9), at(10), clinic.anna.pk, clinic.location.pk)


def test_there_is_one_entry_for_each_therapist(clinic: Clinic) -> None:
    assert len(slots(clinic, practitioner=None)) == 58


def test_a_visit_takes_its_time_and_its_buffer(clinic: Clinic) -> None:
    make_appointment(clinic, start=at(10), service=clinic.follow_up, patient=make_patient())  # and 15 minutes after
    assert starts(clinic)[:3] == [at(9), at(10, 45), at(11)]


def test_a_room_must_be_free_for_all_of_it(clinic: Clinic) -> None:
    Room.objects.filter(pk=clinic.rooms[1].pk).update(active=False)
    make_appointment(clinic, start=at(10), practitioner=clinic.ben, patient=make_patient())
    assert starts(clinic)[:3] == [at(9), at(11), at(11, 15)]


def test_a_live_hold_takes_the_time_but_not_from_its_holder(clinic: Clinic) -> None:
    held = make_appointment(clinic, start=at(10), status="proposed", hold_expires_at=NOW + timedelta(minutes=1))
    assert at(10) not in starts(clinic)
    assert at(10) in starts(clinic, holder=held)
    assert at(10) in starts(clinic, now=NOW + timedelta(minutes=1))


def test_cancelled_visits_and_mistakes_take_none(clinic: Clinic) -> None:
    for status, over in (("cancelled", {"cancel_reason": "patient", "cancelled_at": NOW}), ("entered-in-error", {})):
        make_appointment(clinic, start=at(10), status=status, patient=make_patient(), **over)
    assert at(10) in starts(clinic)


def test_time_off_of_the_therapist_or_of_the_clinic_takes_it(clinic: Clinic) -> None:
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12))
    TimeOff.objects.create(location=clinic.location, start=at(13), end=at(17))
    TimeOff.objects.create(location=make_location(), start=at(12), end=at(13))
    assert starts(clinic) == [at(12)]


def test_the_notice_is_two_hours_and_four_for_a_request(clinic: Clinic) -> None:
    today = {"from_date": MONDAY, "to_date": MONDAY}
    request = make_screening(review_line(), now=NOW).screening
    assert [
        starts(clinic, **today)[0],
        starts(clinic, **today, screening=request)[0],
        starts(clinic, **today, by_staff=True)[0],
    ] == [at(10, days=0), at(12, days=0), at(9, days=0)]


def test_answers_that_forbid_needling_see_no_times_for_it(clinic: Clinic) -> None:
    stop = make_screening(stop_line(), now=NOW).screening
    assert slots(clinic, screening=stop) == []
    assert slots(clinic, screening=stop, service=clinic.assessment) != []


def test_nobody_needles_after_the_authorisation_ends(clinic: Clinic) -> None:
    clinic.anna.needling_authorised_until = TUESDAY
    clinic.anna.save()
    week = {"to_date": TUESDAY + timedelta(days=3)}
    assert {slot.start.date() for slot in slots(clinic, **week)} == {TUESDAY}
    assert len({slot.start.date() for slot in slots(clinic, **week, service=clinic.assessment)}) == 4
    clinic.anna.needling_authorisation = ""
    clinic.anna.save()
    assert slots(clinic, **week) == []


def test_days_before_today_and_beyond_the_clinics_reach_are_empty(clinic: Clinic) -> None:
    assert slots(clinic, from_date=date(2020, 1, 1), to_date=date(2026, 11, 22)) == []
    assert slots(clinic, from_date=date(2027, 1, 26), to_date=date(9999, 12, 31)) == []
    assert slots(clinic, from_date=date(2027, 1, 22), to_date=date(2027, 1, 25))[-1].start.date() == date(2027, 1, 22)


def test_two_clinics_are_kept_apart_but_a_therapist_is_in_one_place_only(clinic: Clinic) -> None:
    other = make_location()
    Room.objects.create(location=other, name="Room", kinds=["treatment"])
    make_hours(clinic.anna, other, weekdays=[1])
    assert len(slots(clinic)) == 58
    assert {slot.location for slot in slots(clinic, location=other)} == {other.pk}
    make_appointment(clinic, start=at(10), patient=make_patient())
    assert at(10) not in starts(clinic, location=other)


def test_the_nearest_times_lie_on_both_sides(clinic: Clinic) -> None:
    make_appointment(clinic, start=at(12), patient=make_patient())
    near = nearest_slots(service=clinic.needling, practitioner=clinic.anna, around=at(12), now=NOW)
    assert [slot.start for slot in near] == [at(10, 45), at(11), at(13)]


def test_without_a_moment_they_are_the_next_ones(clinic: Clinic) -> None:
    near = nearest_slots(service=clinic.needling, practitioner=clinic.anna, now=NOW)
    assert [slot.start for slot in near] == [at(10, days=0), at(10, 15, days=0), at(10, 30, days=0)]
    by_staff = nearest_slots(service=clinic.needling, limit=1, notice=Notice(by_staff=True), now=NOW)
    assert by_staff[0].start == at(9, days=0)


def test_a_full_fortnight_is_looked_past(clinic: Clinic) -> None:
    TimeOff.objects.create(location=clinic.location, start=NOW, end=NOW + timedelta(days=14))
    assert nearest_slots(service=clinic.needling, limit=1, now=NOW)[0].start == at(9, days=14)


def test_of_many_rooms_the_last_are_looked_at_first_and_all_before_a_time_is_refused(
    clinic: Clinic, django_assert_num_queries: Any
) -> None:
    more = [Room(location=clinic.location, name=f"Room {number}", kinds=["treatment"]) for number in range(3, 10)]
    rooms = [*clinic.rooms, *Room.objects.bulk_create(more)]
    for room in rooms[1:]:
        RoomClosure.objects.create(room=room, start=at(9), end=at(10))
    with django_assert_num_queries(3):
        assert starts(clinic, from_date=TUESDAY + timedelta(days=1), to_date=TUESDAY + timedelta(days=1))
    with django_assert_num_queries(4):  # the other rooms
        assert starts(clinic)[0] == at(9)
    RoomClosure.objects.create(room=rooms[0], start=at(9), end=at(9, 30))
    assert starts(clinic)[0] == at(9, 30)


@pytest.mark.parametrize("history", [1, 3000])
def test_it_costs_three_queries_however_long_the_history(
    clinic: Clinic, history: int, django_assert_num_queries: Any
) -> None:
    make_service([clinic.anna])
    patient = make_patient()
    Appointment.objects.bulk_create(
        _past(clinic, patient, NOW - timedelta(hours=2 * number + 2)) for number in range(history)
    )
    with django_assert_num_queries(3):  # therapists; hours and absences; what is taken
        assert len(slots(clinic, practitioner=None, to_date=TUESDAY + timedelta(days=61))) > 2000


def _past(clinic: Clinic, patient: Any, start: Any) -> Appointment:
    end = start + timedelta(hours=1)
    return Appointment(
        status="fulfilled",
        service=clinic.needling,
        practitioner=clinic.anna,
        location=clinic.location,
        room=clinic.rooms[0],
        patient=patient,
        start=start,
        end=end,
        occupied=DateTimeTZRange(start, end),
        wall_start="",
        time_zone="America/Edmonton",
        source="desk",
        created_at=NOW,
        request_key=uuid4(),
        price_amount=0,
        deposit_amount=0,
        currency="CAD",
    )
