"""Many want one time: exactly one gets it, through every pair of doors."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, combinations
from uuid import UUID, uuid4

import pytest
from django.db import connection

from booking.models import Appointment, TimeOff
from booking.models.appointment import OCCUPYING
from booking.rules.intervals import Interval, overlaps
from intake.models import Patient
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.races import deeds
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


def double_bookings() -> int:
    """How many pairs of visits share a moment of a therapist, a room or a patient."""
    rows = list(Appointment.objects.filter(OCCUPYING))
    pairs = [
        (one, other)
        for one, other in combinations(rows, 2)
        if overlaps(
            Interval(one.occupied.lower, one.occupied.upper), Interval(other.occupied.lower, other.occupied.upper)
        )
    ]
    return sum(
        one.practitioner_id == other.practitioner_id
        or (one.room_id is not None and one.room_id == other.room_id)
        or (one.patient_id is not None and one.patient_id == other.patient_id)
        for one, other in pairs
    )


@pytest.fixture
def _without_the_constraint(clinic: Clinic) -> Iterator[None]:
    constraint = next(one for one in Appointment._meta.constraints if one.name == "appointment_no_practitioner_overlap")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Appointment, constraint)
    yield
    Appointment.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Appointment, constraint)


def test_fifty_processes_want_one_time(clinic: Clinic) -> None:
    wish = (deeds.hold, (clinic.call.pk, clinic.anna.pk, at(10)))
    assert at_once(*[wish] * 50) == Counter({"done": 1, "slot-taken": 49})
    assert Appointment.objects.count() == 1


@pytest.mark.usefixtures("_without_the_constraint")
def test_without_lock_and_constraint_the_same_race_books_twice(clinic: Clinic) -> None:
    """The negative control: were this to pass with one winner, the race above would prove nothing."""
    for attempt in range(5):
        wish = (deeds.hold_unlocked, (clinic.call.pk, clinic.anna.pk, at(10 + attempt)))
        at_once(*[wish] * 16)
        if double_bookings():
            return
    pytest.fail("no double booking in five races without any guard")


def test_one_double_tap_is_one_hold(clinic: Clinic) -> None:
    tap = (deeds.hold, (clinic.call.pk, None, at(10), uuid4(), "the same browser"))
    assert at_once(*[tap] * 12) == Counter({"done": 12})
    assert Appointment.objects.count() == 1


def test_any_therapist_gives_each_winner_another_one(clinic: Clinic) -> None:
    wish = (deeds.hold, (clinic.call.pk, None, at(10)))
    assert at_once(*[wish] * 12) == Counter({"done": 2, "slot-taken": 10})
    assert double_bookings() == 0


def test_one_holder_gets_three_however_fast(clinic: Clinic) -> None:
    wishes = [(deeds.hold, (clinic.call.pk, clinic.anna.pk, at(hour), None, "one")) for hour in range(9, 17)]
    assert at_once(*wishes) == Counter({"done": 3, "too-many-holds": 5})


def test_every_pair_of_doors(clinic: Clinic) -> None:
    """Patient pages, the phone and a move, four of each, want the same time of the same therapist."""
    staff = make_staff().pk
    patients = [make_patient(email=f"p{number}@example.org") for number in range(4)]
    visits = [_visit(clinic, patient, at(9 + number, days=2)) for number, patient in enumerate(patients)]
    doors = [
        *[(deeds.hold_and_confirm, (clinic.call.pk, clinic.anna.pk, at(10)))] * 4,
        *[(deeds.book_by_phone, (clinic.call.pk, clinic.anna.pk, at(10), staff))] * 4,
        *[(deeds.move, (visit, clinic.anna.pk, at(10), staff)) for visit in visits],
    ]
    came_of_it = at_once(*doors)
    assert came_of_it == Counter({"done": 1, "slot-taken": 11})
    assert double_bookings() == 0
    assert Patient.objects.count() in (4, 5)  # losers leave no record behind


def _visit(clinic: Clinic, patient: Patient, start: datetime) -> UUID:
    return make_appointment(clinic, start=start, patient=patient, service=clinic.call).pk


def test_time_off_against_booking(clinic: Clinic) -> None:
    """Whoever comes first counts: a booking after the time off is refused, one before it is displaced, none is lost."""
    staff = make_staff().pk
    for hour in (9, 11, 13):
        away = (deeds.go_away, (clinic.anna.pk, at(hour), at(hour + 1), staff))
        book = (deeds.hold, (clinic.call.pk, clinic.anna.pk, at(hour)))
        came_of_it = at_once(away, book)
        assert came_of_it in (Counter({"done": 2}), Counter({"done": 1, "slot-not-offered": 1}))
    for hold in Appointment.objects.all():
        off = TimeOff.objects.get(start=hold.start)
        assert _written_at(hold) < _written_at(off)


@pytest.mark.parametrize("locked", [True, False])
def test_time_off_entered_while_a_booking_looks(clinic: Clinic, locked: bool) -> None:
    """With the lock it waits for the booking and so displaces it; without (the control) the booking never sees it."""
    staff = make_staff().pk
    book = (deeds.hold_slowly, (clinic.call.pk, clinic.anna.pk, at(10), locked))
    away = (deeds.go_away_in_between, (clinic.anna.pk, at(10), at(11), staff, locked))
    assert at_once(book, away) == Counter({"done": 2})
    booked_first = _written_at(Appointment.objects.get()) < _written_at(TimeOff.objects.get())
    assert booked_first is locked


def _written_at(row: Appointment | TimeOff) -> int:
    """The number of the transaction that wrote the row: numbers follow each other under the lock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT xmin::text::bigint FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return int(cursor.fetchone()[0])


def test_two_tabs_confirm_once(clinic: Clinic) -> None:
    held = deeds.hold(clinic.call.pk, clinic.anna.pk, at(10))
    assert at_once(*[(deeds.confirm, (held,))] * 6) == Counter({"done": 6})
    assert (Appointment.objects.get().status, Patient.objects.count()) == ("booked", 1)


def test_a_hold_that_runs_out_while_its_owner_confirms_goes_to_one_of_two(clinic: Clinic) -> None:
    in_time, too_late = NOW + timedelta(minutes=9), NOW + timedelta(minutes=10)
    for hour in range(9, 14):
        held = deeds.hold(clinic.call.pk, clinic.anna.pk, at(hour))
        taker = (deeds.hold, (clinic.call.pk, clinic.anna.pk, at(hour), None, "", too_late))
        came_of_it = at_once((deeds.confirm, (held, in_time)), taker, (deeds.sweep, (too_late,)))
        assert came_of_it in (Counter({"done": 2, "slot-taken": 1}), Counter({"done": 2, "hold-expired": 1}))
    assert double_bookings() == 0


@pytest.mark.chaos
def test_a_storm_through_all_doors_leaves_nothing_double(clinic: Clinic) -> None:
    staff = make_staff().pk
    patients = [make_patient(email=f"p{number}@example.org") for number in range(8)]
    visits = [_visit(clinic, patient, at(9 + number, days=2)) for number, patient in enumerate(patients)]
    times = [at(hour, minute) for hour in range(9, 12) for minute in (0, 15, 30, 45)]
    both = (clinic.anna.pk, clinic.ben.pk)
    doors = [
        (
            (deeds.hold_and_confirm, (clinic.call.pk, None, time)),
            (deeds.hold, (clinic.call.pk, both[number % 2], time)),
            (deeds.book_by_phone, (clinic.assessment.pk, both[number % 2], time, staff)),
            (deeds.move, (visits[number % 8], both[number % 2], time, staff)),
            (deeds.sweep, (NOW,)),
        )
        for number in range(8)
        for time in times
    ]
    came_of_it = at_once(*chain.from_iterable(doors), workers=40)
    assert not [outcome for outcome in came_of_it if outcome.startswith("crash")]
    refusals = {"slot-taken", "slot-not-offered", "not-possible-now", "patient-busy", "try-again"}
    assert set(came_of_it) <= {"done"} | refusals
    assert double_bookings() == 0
