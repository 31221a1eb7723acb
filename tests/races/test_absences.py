"""A time is booked while it is taken away: either nobody books it any more, or whoever takes it away sees the visit."""

from collections import Counter
from typing import Final

import pytest

from booking.models import Schedule
from intake.models import Role
from tests.factories.booking import Clinic, at, make_clinic, make_hours, make_staff
from tests.races import absences, doors
from tests.races.absences import ABSENCES, Absence, come_and_dream, take_away
from tests.races.crowd import at_once
from tests.races.doors import TAKERS, Door
from tests.races.unguarded import Meeting

pytestmark = pytest.mark.django_db(transaction=True)
# What must not happen: one books, and the other sees nobody there.
UNSEEN: Final = Counter({"done": 1, "saw-nothing": 1})
HEARD: Final = {"done", "saw-nothing", "slot-not-offered", "slot-taken"}
# An offered time is held before anybody comes, a visit is realigned wherever it falls; and who stands at the desk is
# booked beyond hours.
DOORS: Final = [door for door in TAKERS if door not in (doors.offered, doors.realigned)]
BEYOND: Final = [(doors.walk_in, one) for one in (absences.day_closed, absences.other_hours, absences.other_day)]
PAIRS: Final = [(door, absence) for door in DOORS for absence in ABSENCES if (door, absence) not in BEYOND]
SHORT: Final = [(one, other) for one, other in PAIRS if one is doors.patient_page or other is absences.time_off]


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    """Calls that need the only room, and come in courses; people may come at once."""
    made = make_clinic(minimum_notice_minutes=0, request_notice_minutes=0)
    made.rooms[1].active = False
    made.rooms[1].save()
    made.call.room_kind = "treatment"
    made.call.course_sessions_max, made.call.course_min_days, made.call.course_max_days = 2, 1, 60
    made.call.save()
    return made


def race(clinic: Clinic, number: int, door: Door, absence: Absence, *, locked: bool = True) -> Counter[str]:
    """Both at one time, on a working day of its own; what they heard."""
    start = at(10, days=number // 5 * 7 + number % 5)
    manager, wanted = make_staff(Role.MANAGER), doors.prepare(clinic, start, number, make_staff(), (door,))
    meeting = Meeting(locked=locked)
    heard = at_once((come_and_dream, (door, wanted, meeting)), (take_away, (absence, wanted, manager.pk, meeting)))
    if absence is absences.other_hours:
        Schedule.objects.filter(practitioner=clinic.anna).delete()
        make_hours(clinic.anna, clinic.location)
    return heard


@pytest.mark.parametrize("absence", ABSENCES, ids=lambda one: one.__name__)
def test_a_time_is_taken_away_while_it_is_booked(clinic: Clinic, absence: Absence) -> None:
    pairs = [(one, other) for one, other in SHORT if other is absence]
    heard = {door.__name__: race(clinic, number, door, absence) for number, (door, _) in enumerate(pairs)}
    assert {name: one for name, one in heard.items() if one == UNSEEN or not set(one) <= HEARD} == {}


@pytest.mark.parametrize("absence", ABSENCES, ids=lambda one: one.__name__)
def test_unlocked_neither_sees_the_other(clinic: Clinic, absence: Absence) -> None:
    """The negative control: were this never to happen without locks, the race above would prove nothing."""
    assert race(clinic, 0, doors.patient_moves, absence, locked=False) == UNSEEN


@pytest.mark.chaos
@pytest.mark.parametrize("_round", range(3))
@pytest.mark.parametrize("absence", ABSENCES, ids=lambda one: one.__name__)
def test_every_door_again_and_again(clinic: Clinic, absence: Absence, _round: int) -> None:
    pairs = [(one, other) for one, other in PAIRS if other is absence]
    heard = {door.__name__: race(clinic, number, door, absence) for number, (door, _) in enumerate(pairs)}
    assert {name: one for name, one in heard.items() if one == UNSEEN or not set(one) <= HEARD} == {}
