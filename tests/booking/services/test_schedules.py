"""Hours and time off."""

from datetime import datetime, time

import pytest

from booking.errors import WallTimeInvalid
from booking.models import Schedule, TimeOff
from booking.rules.availability import Hours
from booking.selectors.slots import nearest_slots
from booking.selectors.time_off import displaced_by
from booking.services.schedules import add_time_off, moment_at, remove_time_off, set_hours
from intake.errors import NotAllowed
from intake.models import AuditEvent, Role
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_location, make_staff
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db


def test_time_off_may_lie_over_visits_and_says_which(clinic: Clinic) -> None:
    hit = book(clinic).appointment
    make_appointment(clinic, start=at(13), patient=make_patient())
    make_appointment(clinic, start=at(10, days=-4), patient=make_patient())
    off = add_time_off(
        location=clinic.location, practitioner=clinic.anna, start=at(9, days=-5), end=at(12), by=make_staff(), now=NOW
    )
    assert list(displaced_by(off, now=NOW)) == [hit]
    assert AuditEvent.objects.filter(entity_id=off.pk).get().action == "time-off-added"


def test_a_closed_clinic_displaces_everybody(clinic: Clinic) -> None:
    visits = [book(clinic).appointment, book(clinic, practitioner=clinic.ben).appointment]
    off = add_time_off(location=clinic.location, practitioner=None, start=at(9), end=at(12), by=make_staff(), now=NOW)
    assert set(displaced_by(off, now=NOW)) == set(visits)


def test_time_off_taken_back_gives_the_times_back(clinic: Clinic) -> None:
    desk = make_staff()
    off = add_time_off(location=clinic.location, practitioner=None, start=at(9, days=0), end=at(12), by=desk, now=NOW)
    soonest = {"service": clinic.needling, "limit": 1, "now": NOW}
    assert nearest_slots(**soonest)[0].start == at(12)
    remove_time_off(time_off=off, by=desk, now=NOW)
    assert nearest_slots(**soonest)[0].start == at(10, days=0)


def test_new_hours_replace_the_old_ones_at_that_clinic_only(clinic: Clinic) -> None:
    elsewhere = make_location()
    said = {"practitioner": clinic.anna, "by": make_staff(Role.MANAGER), "now": NOW}
    set_hours(location=elsewhere, hours=[Hours(5, time(9), time(12))], **said)
    set_hours(location=clinic.location, hours=[Hours(2, time(13), time(18))], **said)
    rows = Schedule.objects.filter(practitioner=clinic.anna).order_by("weekday")
    assert list(rows.values_list("location", "weekday", "start_time", "end_time")) == [
        (clinic.location.pk, 2, time(13), time(18)),
        (elsewhere.pk, 5, time(9), time(12)),
    ]


def test_patients_and_owners_write_no_schedules(clinic: Clinic) -> None:
    for stranger in (make_user(Role.PATIENT), make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            add_time_off(
                location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12), by=stranger, now=NOW
            )
        with pytest.raises(NotAllowed):
            set_hours(practitioner=clinic.anna, location=clinic.location, hours=[], by=stranger, now=NOW)
    assert not TimeOff.objects.exists()
    assert clinic.anna.schedules.count() == 5


def test_a_wall_time_in_a_jump_is_refused_and_one_that_comes_twice_is_asked_for() -> None:
    place = make_location(time_zone="America/Toronto")
    for wall, ambiguous in ((datetime(2027, 3, 14, 2, 30), False), (datetime(2026, 11, 1, 1, 30), True)):
        with pytest.raises(WallTimeInvalid) as refused:
            moment_at(location=place, wall=wall)
        assert refused.value.details == {"ambiguous": ambiguous}
    assert moment_at(location=place, wall=datetime(2026, 11, 1, 1, 30), fold=1).hour == 6
