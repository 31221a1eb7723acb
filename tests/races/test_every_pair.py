"""Two at two doors want one time of one therapist: exactly one has it, whichever the doors are."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import combinations_with_replacement
from multiprocessing import get_context
from typing import Final
from unittest import mock

import pytest
from django.db import connection

from booking.models import Appointment
from booking.models.appointment import OCCUPYING
from tests.factories.booking import NOW, Clinic, at, make_clinic, make_staff
from tests.races import doors
from tests.races.crowd import at_once
from tests.races.doors import REFUSALS, TAKERS, Door, Wanted

pytestmark = pytest.mark.django_db(transaction=True)
# Two at such a door would want the same visit.
BEGIN_FROM_ONE: Final = (doors.undone, doors.offered, doors.staff_moves, doors.patient_moves, doors.realigned)
PAIRS: Final = [
    pair for pair in combinations_with_replacement(TAKERS, 2) if pair[0] is not pair[1] or pair[0] not in BEGIN_FROM_ONE
]


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    """Where people may come at once, and phone calls come in courses."""
    made = make_clinic()
    made.location.minimum_notice_minutes = made.location.request_notice_minutes = 0
    made.location.save()
    made.call.course_sessions_max, made.call.course_min_days, made.call.course_max_days = 2, 1, 60
    made.call.save()
    return made


def time_of(number: int) -> datetime:
    """Half an hour for each pair, 14 a day."""
    return at(9, 30 * (number % 14) % 60, days=1 + number // 14) + timedelta(hours=number % 14 // 2)


def who_has(wanted: Wanted) -> int:
    """How many live visits of the therapist lie at that time."""
    found = Appointment.objects.filter(OCCUPYING, practitioner=wanted.practitioner, start=wanted.start)
    return found.count()


def race_all(clinic: Clinic, pairs: list[tuple[Door, Door]]) -> tuple[list[int], Counter[str]]:
    """All pairs in turn, the two of each at the same moment: how many got each time, and what they heard."""
    staff, barrier = make_staff(), get_context("fork").Barrier(2)
    wanted = [doors.prepare(clinic, time_of(number), number, staff, pair) for number, pair in enumerate(pairs)]
    deeds = [(doors.together, (barrier, door, one)) for one, pair in zip(wanted, pairs, strict=True) for door in pair]
    heard = at_once(*deeds, workers=2)
    return [who_has(one) for one in wanted], heard


def test_every_pair_of_doors_has_one_winner(clinic: Clinic) -> None:
    winners, heard = race_all(clinic, PAIRS)
    assert dict(zip([f"{one.__name__} + {other.__name__}" for one, other in PAIRS], winners, strict=True)) == {
        f"{one.__name__} + {other.__name__}": 1 for one, other in PAIRS
    }
    assert heard["done"] == len(PAIRS)
    assert set(heard) <= {"done"} | REFUSALS


@pytest.fixture
def _unguarded(clinic: Clinic) -> Iterator[None]:
    """No lock of therapists, rooms and patients, and no constraint that keeps a therapist from two visits."""
    constraint = next(one for one in Appointment._meta.constraints if one.name == "appointment_no_practitioner_overlap")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Appointment, constraint)
    with ExitStack() as stack:
        for room in ("locks", "holds", "room_picking", "schedules"):
            stack.enter_context(mock.patch(f"booking.services.{room}.lock_resources"))
        yield
    _clear(clinic)
    with connection.schema_editor() as editor:
        editor.add_constraint(Appointment, constraint)


def _clear(clinic: Clinic) -> None:
    """Rows that break the constraint must not stand in its way when it comes back."""
    Appointment.objects.filter(OCCUPYING, practitioner=clinic.anna).update(
        status="cancelled", awaiting="", cancel_reason="clinic", cancelled_at=NOW, hold_expires_at=None
    )


@pytest.mark.usefixtures("_unguarded")
def test_unguarded_some_pair_has_two(clinic: Clinic) -> None:
    """The negative control: were this to pass with one winner each, the race above would prove nothing."""
    pairs = [pair for pair in PAIRS if doors.offered not in pair and doors.course not in pair]
    for _attempt in range(5):
        winners, _heard = race_all(clinic, pairs[:21])
        if max(winners) > 1:
            return
        _clear(clinic)
    pytest.fail("no double booking in five rounds without any guard")


@pytest.mark.chaos
@pytest.mark.parametrize("_round", range(20))
def test_again_and_again(clinic: Clinic, _round: int) -> None:
    winners, heard = race_all(clinic, PAIRS)
    assert (set(winners), heard["done"]) == ({1}, len(PAIRS))
