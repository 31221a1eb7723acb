"""Courses want the same times at the same moment: whole ones are held and booked, or none."""

from collections import Counter
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from booking.models import Appointment, Course, HealthcareService, Practitioner
from booking.services.courses import confirm_course, hold_course
from booking.services.holds import hold_time
from intake.services.patients import PatientDetails
from tests.booking.services.course_steps import clinic_with_courses
from tests.factories.booking import NOW, Clinic, at
from tests.races import deeds
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
FOUR = [at(10, days=day) for day in (1, 8, 15, 22)]
LATER = [at(10, days=day) for day in (15, 22, 29, 36)]


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    clinic = clinic_with_courses()
    clinic.call.course_sessions_max = 6
    clinic.call.save()
    return clinic


def hold_all(service: UUID, practitioner: UUID, starts: list[datetime]) -> UUID:
    held = hold_course(
        service=HealthcareService.objects.get(pk=service),
        practitioner=Practitioner.objects.get(pk=practitioner),
        starts=starts,
        screening=None,
        request_key=uuid4(),
        held_by=str(uuid4()),
        source="patient",
        now=NOW,
    )
    return held.course.pk


def book_all(service: UUID, practitioner: UUID, starts: list[datetime]) -> None:
    course = Course.objects.get(pk=hold_all(service, practitioner, starts))
    ada = PatientDetails("Ada", "Berg", None, f"{course.pk}@example.com", "+17805550123", "en")
    confirm_course(course=course, patient=ada, payment="none", policies_accepted=True, now=NOW)


def hold_one_by_one(service: UUID, practitioner: UUID, starts: list[datetime]) -> None:
    """As it must not be done: each time in a transaction of its own."""
    holder = "net:" + str(uuid4())
    for start in starts:
        hold_time(
            screening=None,
            service=HealthcareService.objects.get(pk=service),
            practitioner=Practitioner.objects.get(pk=practitioner),
            start=start,
            request_key=uuid4(),
            held_by=holder,
            source="patient",
            now=NOW,
        )


def sizes() -> list[int]:
    """How many sessions each course has that anybody got."""
    live = Appointment.objects.exclude(status="cancelled").exclude(course=None)
    return sorted(Counter(live.values_list("course", flat=True)).values())


def test_of_many_courses_over_the_same_times_one_is_booked_whole(clinic: Clinic) -> None:
    wish = (book_all, (clinic.call.pk, clinic.anna.pk, FOUR))
    assert at_once(*[wish] * 8) == Counter({"done": 1, "slot-taken": 7})
    assert sizes() == [4]


def test_courses_and_single_visits_that_share_some_times_leave_no_half_course(clinic: Clinic) -> None:
    of_anna = (clinic.call.pk, clinic.anna.pk)
    outcomes = at_once(
        *[(hold_all, (*of_anna, FOUR)), (hold_all, (*of_anna, LATER))] * 4,
        *[(deeds.hold, (*of_anna, LATER[1]))] * 2,
    )
    assert set(outcomes) == {"done", "slot-taken"}
    assert outcomes["done"] in (1, 2)
    assert set(sizes()) <= {4}


def test_one_by_one_both_would_be_left_with_half_a_course(clinic: Clinic) -> None:
    """The negative control: without the one transaction nobody gets what they want."""
    of_anna = (clinic.call.pk, clinic.anna.pk)
    outcomes = at_once((hold_one_by_one, (*of_anna, FOUR)), (hold_one_by_one, (*of_anna, FOUR[::-1])))
    assert outcomes["done"] == 0
    assert Appointment.objects.filter(status="proposed").count() == 4
