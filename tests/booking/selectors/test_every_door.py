"""Whatever is offered can be booked through every door, and what is not offered through none."""

import random
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from booking.models import Appointment, BusyTime, DaySchedule, Location, Room, RoomClosure, TimeOff
from booking.selectors.slots import free_times
from intake.errors import DrypointError
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_hours, make_location, make_staff
from tests.factories.intake import make_patient
from tests.races import doors
from tests.races.doors import TAKERS, Door

pytestmark = pytest.mark.django_db
FIRST, LAST = at(0).date(), at(0, days=3).date()
BINDING: list[Door] = [doors.patient_page, doors.api, doors.desk, doors.patient_moves, doors.staff_moves, doors.course]


@pytest.fixture
def busy(clinic: Clinic) -> Clinic:
    """Calls that need a room; breaks, a short day, time off, busy times, a closed room, visits with buffers, limits."""
    clinic.location.minimum_notice_minutes = clinic.location.request_notice_minutes = 0
    clinic.location.save()
    clinic.call.room_kind, clinic.call.course_sessions_max = "treatment", 2
    clinic.call.course_min_days, clinic.call.course_max_days = 1, 60
    clinic.call.save()
    make_hours(clinic.anna, clinic.location, weekdays=[1], start=time(12), end=time(13), is_break=True)
    row = {"practitioner": clinic.anna, "location": clinic.location}
    DaySchedule.objects.create(**row, date=at(0, days=2).date(), start_time=time(10), end_time=time(15))
    TimeOff.objects.create(**row, start=at(15, 10), end=at(16))
    BusyTime.objects.create(
        practitioner=clinic.anna, start=at(9, days=3), end=at(10, days=3), source_name="x", uploaded_at=NOW
    )
    RoomClosure.objects.create(room=clinic.rooms[1], start=at(9), end=at(13, days=2))
    for hour in (9, 14):
        make_appointment(clinic, start=at(hour), service=clinic.follow_up, patient=make_patient())
        make_appointment(clinic, start=at(hour + 1), practitioner=clinic.ben, patient=make_patient())
    return clinic


@pytest.fixture
def elsewhere(busy: Clinic) -> Location:
    """A second clinic with one room, where Anna works by dated hours only."""
    place = make_location(minimum_notice_minutes=0)
    Room.objects.create(location=place, name="Only", kinds=["treatment"])
    DaySchedule.objects.create(
        practitioner=busy.anna, location=place, date=LAST, start_time=time(18), end_time=time(20), replaces=False
    )
    return place


def offered(clinic: Clinic, *, by_staff: bool = False) -> list[datetime]:
    slots = free_times(
        service=clinic.call, practitioner=clinic.anna, from_date=FIRST, to_date=LAST, by_staff=by_staff, now=NOW
    ).slots
    return [one.start for one in slots]


def live() -> set[tuple[datetime, Location | None]]:
    found = Appointment.objects.exclude(status="cancelled").select_related("location")
    return {(one.start, one.location) for one in found}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("door", [one for one in TAKERS if one is not doors.realigned], ids=lambda door: door.__name__)
def test_what_is_offered_can_be_booked_through_every_door(busy: Clinic, door: Door) -> None:
    staff, chance = make_staff(), random.Random(door.__name__)
    first = at(9, days=2 if door is doors.course else 1)  # its second session, weeks later, knows no break
    for number in range(4):
        start = chance.choice([one for one in offered(busy) if first < one < at(16, days=3)])
        wanted = doors.prepare(busy, start, number, staff, (door, door))
        assert start in offered(busy) or door is doors.offered
        door(wanted)
        assert start in {when for when, _where in live()}
        assert start not in offered(busy)


def test_what_is_only_worked_on_dates_can_be_booked(busy: Clinic, elsewhere: Location) -> None:
    evening = [one for one in offered(busy) if one >= at(18, days=3)]
    assert len(evening) == 8  # of a quarter of an hour each
    staff, ways = make_staff(), [one for one in TAKERS if one not in (doors.course, doors.undone, doors.realigned)]
    for number, (door, start) in enumerate(zip(ways, evening, strict=False)):
        door(doors.prepare(busy, start, number, staff, (door, door)))
        assert (start, elsewhere) in live()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("door", BINDING, ids=lambda door: door.__name__)
def test_what_is_not_offered_can_be_booked_through_no_door(busy: Clinic, door: Door) -> None:
    staff = make_staff()
    can_be = set(offered(busy, by_staff=door in (doors.desk, doors.staff_moves)))
    grid = [at(8) + timedelta(minutes=15 * step) for step in range(4 * 60)]
    cannot_be = random.Random(3).sample([one for one in grid if one not in can_be], 12)
    wanted = doors.prepare(busy, cannot_be[0], 0, staff, ())
    before = live()
    for start in cannot_be:
        with pytest.raises(DrypointError):
            door(replace(wanted, start=start))
    assert live() == before
