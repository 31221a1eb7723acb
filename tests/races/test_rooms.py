"""Several want one room at one time: a booking, a visit that gets another room, two that swap, and who closes it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.models import Appointment, Room, RoomClosure
from booking.services.rooms import close_room, give_room
from booking.services.shortening import shorten_visit
from intake.models import User
from tests.factories.booking import (
    NOW,
    Clinic,
    at,
    make_appointment,
    make_clinic,
    make_staff,
)
from tests.factories.intake import make_patient
from tests.races import deeds
from tests.races.absences import SawNothing
from tests.races.crowd import at_once
from tests.races.test_one_slot import double_bookings
from tests.races.unguarded import Meeting, dreaming, unlocked, without

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    """Calls take an hour and need a room."""
    made = make_clinic()
    made.call.minutes, made.call.room_kind = 60, "treatment"
    made.call.save()
    return made


@pytest.fixture
def _two_in_a_room(clinic: Clinic) -> Iterator[None]:
    with without(Appointment, "appointment_no_room_overlap"):
        yield
        Appointment.objects.all().delete()


def move_over(visit: UUID, room: UUID, staff: UUID, meeting: Meeting) -> None:
    """Reception gives a visit another room, and takes a moment between looking and writing."""
    one, where, by = Appointment.objects.get(pk=visit), Room.objects.get(pk=room), User.objects.get(pk=staff)
    with dreaming("booking.services.rooms.other_rooms", meeting.nap), unlocked(not meeting.locked):
        give_room(appointment=one, room=where, by=by, now=NOW)


def hold_meanwhile(service: UUID, practitioner: UUID, meeting: Meeting) -> None:
    with meeting.in_between():
        deeds.hold(service, practitioner, at(10))


def close_meanwhile(room: UUID, staff: UUID, meeting: Meeting) -> None:
    where, by = Room.objects.get(pk=room), User.objects.get(pk=staff)
    with meeting.in_between():
        close_room(room=where, start=at(10), end=at(11), by=by, now=NOW)
        seen = Appointment.objects.filter(room=where, start=at(10)).exists()
    if not seen:
        raise SawNothing


def shorten(visit: UUID, staff: UUID) -> None:
    one = Appointment.objects.get(pk=visit)
    shorten_visit(appointment=one, end=one.start + timedelta(minutes=15), by=User.objects.get(pk=staff), now=NOW)


def visit_in(clinic: Clinic, room: int, **over: Any) -> Appointment:
    return make_appointment(clinic, start=at(10), patient=make_patient(), room=clinic.rooms[room], **over)


def race_for_a_room(clinic: Clinic, *, locked: bool) -> Counter[str]:
    """Anna's visit is given the other room while Ben's next one is booked into it; a third stays out of it."""
    clinic.rooms[0].kinds = ["assessment"]  # so that the other is all that is left
    visit = visit_in(clinic, 0, service=clinic.assessment)
    clinic.rooms[0].save()
    meeting = Meeting(locked=locked)
    give = (move_over, (visit.pk, clinic.rooms[1].pk, make_staff().pk, meeting))
    return at_once(give, (hold_meanwhile, (clinic.call.pk, clinic.ben.pk, meeting)))


def test_a_room_is_given_to_one_of_two(clinic: Clinic) -> None:
    assert race_for_a_room(clinic, locked=True) == Counter({"done": 1, "slot-taken": 1})
    assert double_bookings() == 0


@pytest.mark.usefixtures("_two_in_a_room")
def test_without_lock_and_constraint_two_are_in_one_room(clinic: Clinic) -> None:
    """The negative control of the race above."""
    assert race_for_a_room(clinic, locked=False) == Counter({"done": 2})
    assert double_bookings() == 1


@pytest.mark.parametrize("locked", [True, False])
def test_a_room_is_closed_while_a_visit_is_given_it(clinic: Clinic, locked: bool) -> None:
    """With the lock who closes it sees the visit; without (the control) nobody sees anybody."""
    visit, staff = visit_in(clinic, 0), make_staff().pk
    meeting = Meeting(locked=locked)
    give = (move_over, (visit.pk, clinic.rooms[1].pk, staff, meeting))
    heard = at_once(give, (close_meanwhile, (clinic.rooms[1].pk, staff, meeting)))
    assert heard == (Counter({"done": 2}) if locked else Counter({"done": 1, "saw-nothing": 1}))
    assert RoomClosure.objects.count() == 1


def test_a_visit_is_shortened_moved_and_its_rest_booked_at_once(clinic: Clinic) -> None:
    visit, staff = visit_in(clinic, 0, service=clinic.call), make_staff().pk
    heard = at_once(
        *[(shorten, (visit.pk, staff))] * 2,
        (deeds.move, (visit.pk, clinic.anna.pk, at(14), staff)),
        *[(deeds.hold, (clinic.call.pk, clinic.anna.pk, at(10, 30)))] * 2,
    )
    assert set(heard) <= {"done", "slot-taken", "not-possible-now"}
    assert double_bookings() == 0
    visit.refresh_from_db()
    times = (visit.start, visit.end - visit.start)
    hour, quarter = timedelta(hours=1), timedelta(minutes=15)
    assert times in {(at(10), quarter), (at(14), hour), (at(14), quarter)}
