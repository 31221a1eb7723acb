"""Visits that change rooms: what is offered works, and what does not says why."""

from datetime import timedelta

import pytest

from booking.errors import SlotTaken
from booking.models import Appointment, RoomClosure
from booking.selectors.rooms import other_rooms
from booking.services.rooms import give_room, swap_rooms
from intake.models import User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> User:
    return make_staff()


def test_two_visits_change_rooms_under_the_constraint(clinic: Clinic, desk: User) -> None:
    first = make_appointment(clinic, start=at(10), patient=make_patient())
    second = make_appointment(
        clinic, start=at(10, 30), patient=make_patient(), practitioner=clinic.ben, room=clinic.rooms[1]
    )
    swapped = swap_rooms(first=first, second=second, by=desk, now=NOW)
    assert {one.pk: one.room for one in swapped} == {first.pk: clinic.rooms[1], second.pk: clinic.rooms[0]}
    assert set(Appointment.objects.values_list("pk", "room")) == {
        (first.pk, clinic.rooms[1].pk),
        (second.pk, clinic.rooms[0].pk),
    }


def test_only_a_swap_that_works_is_offered_and_another_says_why(clinic: Clinic, desk: User) -> None:
    first = make_appointment(clinic, start=at(10), patient=make_patient())
    with_ben = {"practitioner": clinic.ben, "room": clinic.rooms[1]}
    second = make_appointment(clinic, start=at(10, 30), patient=make_patient(), **with_ben)
    assert other_rooms(first, now=NOW).swaps == (second,)
    third = make_appointment(clinic, start=at(11), patient=make_patient())  # Room 1, right after the first
    assert other_rooms(first, now=NOW).swaps == other_rooms(second, now=NOW).swaps == ()
    with pytest.raises(SlotTaken, match=f"Somebody else is in Room 1 during the visit of {second.patient}"):
        swap_rooms(first=first, second=second, by=desk, now=NOW)
    third.delete()
    RoomClosure.objects.create(room=clinic.rooms[0], start=at(11), end=at(12))
    assert other_rooms(first, now=NOW).swaps == ()
    with pytest.raises(SlotTaken, match="Room 1 is closed"):
        swap_rooms(first=first, second=second, by=desk, now=NOW)
    RoomClosure.objects.all().delete()
    clinic.rooms[0].kinds = ["assessment"]
    clinic.rooms[0].save()
    assert other_rooms(first, now=NOW).swaps == ()
    with pytest.raises(SlotTaken, match="Room 1 does not suit"):
        swap_rooms(first=first, second=second, by=desk, now=NOW)


def test_a_visit_that_is_over_is_offered_no_room(clinic: Clinic) -> None:
    over = make_appointment(clinic, start=at(10), patient=make_patient(), status="fulfilled")
    make_appointment(clinic, start=at(10), patient=make_patient(), practitioner=clinic.ben, room=clinic.rooms[1])
    assert (other_rooms(over, now=NOW).free, other_rooms(over, now=NOW).swaps) == ((), ())


def test_a_hold_that_has_run_out_keeps_nobody_out_of_a_room(clinic: Clinic, desk: User) -> None:
    visit = make_appointment(clinic, start=at(10), patient=make_patient())
    stale = {"status": "proposed", "hold_expires_at": NOW - timedelta(minutes=1), "confirmed_at": None}
    hold = make_appointment(clinic, start=at(10), practitioner=clinic.ben, room=clinic.rooms[1], **stale)
    assert other_rooms(visit, now=NOW).free == (clinic.rooms[1],)
    assert give_room(appointment=visit, room=clinic.rooms[1], by=desk, now=NOW).room == clinic.rooms[1]
    hold.refresh_from_db()
    assert (hold.status, hold.cancel_reason) == ("cancelled", "hold-expired")


def test_rooms_are_not_swapped_against_their_kinds_a_closure_or_a_third_visit(clinic: Clinic, desk: User) -> None:
    first = make_appointment(clinic, start=at(10), patient=make_patient())
    wrong_kind = make_appointment(
        clinic, start=at(9), service=clinic.assessment, patient=make_patient(), practitioner=clinic.ben,
        room=clinic.rooms[1],
    )  # fmt: skip
    later = make_appointment(
        clinic, start=at(10, 30), patient=make_patient(), practitioner=clinic.ben, room=clinic.rooms[1]
    )
    with pytest.raises(SlotTaken):
        swap_rooms(first=first, second=wrong_kind, by=desk, now=NOW)
    third = make_appointment(clinic, start=at(11), patient=make_patient())  # Room 1, right after the first
    with pytest.raises(SlotTaken):
        swap_rooms(first=first, second=later, by=desk, now=NOW)
    third.delete()
    RoomClosure.objects.create(room=clinic.rooms[0], start=at(11), end=at(12))
    with pytest.raises(SlotTaken):
        swap_rooms(first=first, second=later, by=desk, now=NOW)
    assert set(Appointment.objects.filter(room=clinic.rooms[0])) == {first}
