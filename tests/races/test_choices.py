"""Several people decide about one displaced visit at the same moment: one decision counts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection

from booking.models import Appointment, Displacement, Offer, Practitioner
from booking.selectors.closures import Closure, closure_of
from booking.services.appointments import reschedule_appointment
from booking.services.displacements import (
    Choice,
    cancel_displaced,
    send_choices,
    settle_displacements,
    take_choice,
)
from booking.services.rooms import swap_rooms
from booking.services.schedules import add_time_off
from intake.models import User
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.races.crowd import at_once
from tests.races.test_one_slot import double_bookings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def closure(clinic: Clinic) -> Closure:
    staff = make_staff()
    off = add_time_off(
        location=clinic.location, practitioner=clinic.anna, start=at(0), end=at(0, days=2), by=staff, now=NOW
    )
    return closure_of(off)


@pytest.fixture
def _asked_as_often_as_one_likes(clinic: Clinic) -> Iterator[None]:
    (constraint,) = [one for one in Displacement._meta.constraints if one.name == "displacement_asked_once_at_a_time"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Displacement, constraint)
    yield
    Offer.objects.all().delete()
    Displacement.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Displacement, constraint)


def send(visit: UUID, closure: Closure, when: list[tuple[datetime, UUID]], staff: UUID) -> None:
    choices = [Choice(start, Practitioner.objects.get(pk=who)) for start, who in when]
    appointment = Appointment.objects.get(pk=visit)
    send_choices(appointment=appointment, choices=choices, closure=closure, by=User.objects.get(pk=staff), now=NOW)


def send_unlocked(visit: UUID, closure: Closure, when: list[tuple[datetime, UUID]], staff: UUID) -> None:
    """The negative control: nobody waits for anybody."""
    free = mock.patch("booking.services.displacements.lock_appointments", lambda rows, **_more: list(rows))
    dream = mock.patch("booking.services.displacements._require_askable", return_value=None)
    with ExitStack() as stack:
        for patch in (free, dream):
            stack.enter_context(patch)
        send(visit, closure, when, staff)


def take(asked: UUID, start: datetime) -> None:
    offer = Offer.objects.get(group=asked, hold__start=start)
    take_choice(displacement=Displacement.objects.get(pk=asked), offer=offer, now=NOW)


def cancel(asked: UUID) -> None:
    cancel_displaced(displacement=Displacement.objects.get(pk=asked), by=None, now=NOW)


def move(visit: UUID, who: UUID, start: datetime, staff: UUID) -> None:
    reschedule_appointment(
        appointment=Appointment.objects.get(pk=visit),
        practitioner=Practitioner.objects.get(pk=who),
        start=start,
        by=User.objects.get(pk=staff),
        now=NOW,
    )


def settle() -> None:
    settle_displacements(now=NOW)


def swap(first: UUID, second: UUID, staff: UUID) -> None:
    one, other = Appointment.objects.get(pk=first), Appointment.objects.get(pk=second)
    swap_rooms(first=one, second=other, by=User.objects.get(pk=staff), now=NOW)


def ask(clinic: Clinic, closure: Closure) -> tuple[Appointment, Displacement]:
    visit = book(clinic).appointment if not Appointment.objects.exists() else Appointment.objects.get()
    choices = [Choice(at(10), clinic.ben), Choice(at(10, days=2), clinic.anna)]
    sent = send_choices(appointment=visit, choices=choices, closure=closure, by=make_staff(), now=NOW)
    return visit, sent.displacement


def displaced_visit(clinic: Clinic) -> Appointment:
    visit = book(clinic, start=at(10, days=2)).appointment
    Appointment.objects.filter(pk=visit.pk).update(
        start=at(10), end=at(11), occupied=(at(10), at(11)), wall_start="2026-11-24T10:00"
    )
    return Appointment.objects.get(pk=visit.pk)


def test_two_tabs_take_two_of_the_times_and_one_counts(clinic: Clinic, closure: Closure) -> None:
    displaced_visit(clinic)
    _visit, asked = ask(clinic, closure)
    came_of_it = at_once((take, (asked.pk, at(10))), (take, (asked.pk, at(10, days=2))), (settle, ()))
    assert came_of_it["done"] == 2
    assert sum(came_of_it.values()) == 3
    assert Offer.objects.filter(status="accepted").count() == 1
    assert not Appointment.objects.filter(status="proposed").exists()
    settle()
    assert Displacement.objects.get().state == "moved"
    assert double_bookings() == 0


def test_a_yes_a_no_and_a_colleague_at_the_desk_at_once(clinic: Clinic, closure: Closure) -> None:
    displaced_visit(clinic)
    visit, asked = ask(clinic, closure)
    staff = make_staff().pk
    came_of_it = at_once(
        (take, (asked.pk, at(10))),
        (cancel, (asked.pk,)),
        (move, (visit.pk, clinic.ben.pk, at(14), staff)),
    )
    assert came_of_it["done"] >= 1
    assert not any(outcome.startswith("crash") for outcome in came_of_it)
    settle()
    assert Displacement.objects.get().state in ("moved", "cancelled", "settled")
    assert not Appointment.objects.filter(status="proposed").exists()
    assert double_bookings() == 0


def test_two_at_the_desk_send_once(clinic: Clinic, closure: Closure) -> None:
    visit, staff = displaced_visit(clinic), make_staff().pk
    sets = [[(at(10), clinic.ben.pk)], [(at(10, days=2), clinic.anna.pk)]]
    came_of_it = at_once(*[(send, (visit.pk, closure, when, staff)) for when in sets])
    assert came_of_it == Counter({"done": 1, "not-possible-now": 1})
    assert Offer.objects.filter(status="open").count() == 1


@pytest.mark.usefixtures("_asked_as_often_as_one_likes")
def test_without_lock_and_constraint_the_patient_is_asked_twice(clinic: Clinic, closure: Closure) -> None:
    """The negative control of the race above."""
    visit, staff = displaced_visit(clinic), make_staff().pk
    sets = [[(at(10), clinic.ben.pk)], [(at(10, days=2), clinic.anna.pk)]]
    assert at_once(*[(send_unlocked, (visit.pk, closure, when, staff)) for when in sets]) == Counter({"done": 2})
    assert Displacement.objects.filter(state="asked").count() == 2


def test_the_colleague_is_taken_while_the_choices_are_sent(clinic: Clinic, closure: Closure) -> None:
    visit, staff = displaced_visit(clinic), make_staff().pk
    other = make_appointment(
        clinic, start=at(15), service=clinic.needling, practitioner=clinic.ben, patient=make_patient()
    )
    both = [(at(10), clinic.ben.pk), (at(10, days=2), clinic.anna.pk)]
    at_once((send, (visit.pk, closure, both, staff)), (move, (other.pk, clinic.ben.pk, at(10), staff)))
    assert Offer.objects.filter(status="open").count() in (1, 2)
    assert double_bookings() == 0


def test_rooms_swapped_at_once_from_both_sides_are_swapped_one_after_the_other(clinic: Clinic) -> None:
    staff = make_staff().pk
    one = make_appointment(clinic, start=at(10), patient=make_patient())
    two = make_appointment(clinic, start=at(10), patient=make_patient(), practitioner=clinic.ben, room=clinic.rooms[1])
    came_of_it = at_once(*[(swap, pair) for pair in [(one.pk, two.pk, staff), (two.pk, one.pk, staff)] * 3])
    assert set(came_of_it) <= {"done", "not-possible-now"}
    assert came_of_it["done"] >= 1
    assert double_bookings() == 0
    assert set(Appointment.objects.values_list("room", flat=True)) == {room.pk for room in clinic.rooms}
