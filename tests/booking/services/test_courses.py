"""Courses: held and booked all or none, with one record, one set of answers and one mail."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from booking.errors import (
    HoldExpired,
    NotCleared,
    PaymentNotOffered,
    SlotTaken,
    SpacingBroken,
    TooManyHolds,
)
from booking.models import Appointment, Course
from booking.rules.courses import Session, Spacing
from booking.selectors.courses import propose_course
from booking.services.courses import book_course_for_caller
from booking.services.holds import expire_holds, extend_hold, release_hold
from intake.models import Patient
from tests.booking.services.booking_steps import details, hold
from tests.booking.services.course_steps import FOUR, book_four, clinic_with_courses, confirm_four, hold_four, sessions
from tests.factories.booking import NOW, at, make_appointment, make_staff
from tests.factories.intake import make_patient, make_screening, review_line

pytestmark = pytest.mark.django_db(transaction=True)
SPACING = Spacing(5, 10)


def test_a_proposal_keeps_weekday_and_hour_and_says_what_it_could_not_keep(
    django_assert_max_num_queries: Any,
) -> None:
    clinic = clinic_with_courses()
    make_appointment(clinic, start=at(10, days=8), patient=make_patient(now=NOW))
    with django_assert_max_num_queries(8):
        found = propose_course(
            service=clinic.needling, practitioner=clinic.anna, first_start=at(10), sessions=3, spacing=SPACING, now=NOW
        )
    assert [choice.session for choice in found.choices] == [
        Session(1, at(10)),
        Session(2, at(9, days=8), other_hour=True, why="not-free"),
        Session(3, at(10, days=15)),
    ]
    assert found.is_whole
    assert found.practitioner == clinic.anna


def test_without_a_therapist_it_is_the_one_with_the_best_series() -> None:
    clinic = clinic_with_courses()
    make_appointment(clinic, start=at(10, days=8), patient=make_patient(now=NOW))
    found = propose_course(
        service=clinic.needling, practitioner=None, first_start=at(10), sessions=3, spacing=SPACING, now=NOW
    )
    assert (found.practitioner, found.differing) == (clinic.ben, 0)


def test_all_sessions_are_held_and_then_booked_for_one_record_on_the_same_answers() -> None:
    clinic = clinic_with_courses()
    held = hold_four(clinic)
    assert sessions(held.course) == [(number, "proposed", start) for number, start in enumerate(FOUR, 1)]
    visits = confirm_four(held)
    assert sessions(held.course) == [(number, "booked", start) for number, start in enumerate(FOUR, 1)]
    course = Course.objects.get()
    assert (course.sessions, course.review_after, course.patient) == (4, 3, Patient.objects.get())
    assert {(one.patient, one.screening) for one in visits} == {(course.patient, visits[0].screening)}
    assert confirm_four(held) == visits


def test_if_one_time_is_gone_nothing_is_held_and_another_series_is_proposed() -> None:
    clinic = clinic_with_courses()
    make_appointment(clinic, start=FOUR[2], patient=make_patient(now=NOW))
    with pytest.raises(SlotTaken) as refused:
        hold_four(clinic)
    assert not Appointment.objects.filter(status="proposed").exists()
    assert not Course.objects.exists()
    proposal = refused.value.details["proposal"]
    assert proposal.is_whole
    assert proposal.starts == [FOUR[0], FOUR[1], at(9, days=15), FOUR[3]]


def test_the_same_request_gives_the_same_holds_and_the_course_is_one_booking_to_the_limits() -> None:
    clinic = clinic_with_courses()
    key, answers = uuid4(), make_screening(now=NOW).screening
    once = hold_four(clinic, request_key=key, screening=answers)
    again = hold_four(clinic, request_key=key, screening=answers)
    assert [one.token for one in once.holds] == [one.token for one in again.holds]
    for hour in (12, 14):
        hold(clinic, held_by="browser", start=at(hour))
    with pytest.raises(TooManyHolds):
        hold(clinic, held_by="browser", start=at(15))


def test_a_hold_becomes_the_first_session_and_the_whole_course_is_extended_and_let_go() -> None:
    clinic = clinic_with_courses()
    answers = make_screening(now=NOW).screening
    first = hold(clinic, held_by="browser", start=FOUR[0], screening=answers).appointment
    held = hold_four(clinic, screening=answers, instead_of=first)
    first.refresh_from_db()
    assert first.cancel_reason == "hold-released"
    extend_hold(appointment=held.holds[1].appointment, now=NOW + timedelta(minutes=9))
    assert expire_holds(now=NOW + timedelta(minutes=11)) == 0
    release_hold(appointment=held.holds[0].appointment, now=NOW)
    assert {state for _number, state, _start in sessions(held.course)} == {"cancelled"}
    with pytest.raises(HoldExpired):
        confirm_four(held)


def test_sessions_at_wrong_distances_or_too_many_of_them_are_refused() -> None:
    clinic = clinic_with_courses()
    with pytest.raises(SpacingBroken) as refused:
        hold_four(clinic, starts=(at(10), at(10, days=3), at(10, days=10)))
    assert refused.value.details["sessions"] == [2]


def test_a_course_is_not_paid_online_and_a_price_is_never_taken_before() -> None:
    clinic = clinic_with_courses()
    held = hold_four(clinic)
    with pytest.raises(PaymentNotOffered):
        confirm_four(held, payment="online")
    assert {state for _number, state, _start in sessions(held.course)} == {"proposed"}


def test_if_the_birth_date_forbids_it_all_times_are_let_go() -> None:
    clinic = clinic_with_courses()
    held = hold_four(clinic)
    with pytest.raises(NotCleared):
        confirm_four(held, patient=details(birth_date=NOW.date() - timedelta(days=3000)))
    assert {state for _number, state, _start in sessions(held.course)} == {"cancelled"}


def test_a_visit_of_the_same_patient_at_one_of_the_times_leaves_everything_as_it_was() -> None:
    clinic = clinic_with_courses()
    user = make_staff()
    ada = book_four(clinic)[0].patient
    held = hold_four(clinic, practitioner=clinic.ben, held_by=f"staff:{user.pk}", by=user)
    from_before = sessions(held.course)
    with pytest.raises(Exception, match="already a visit"):
        confirm_four(held, patient=ada, by=user)
    assert sessions(held.course) == from_before


def test_sessions_beyond_the_answers_are_booked_and_only_the_first_must_lie_within() -> None:
    clinic = clinic_with_courses()
    answers = make_screening(now=NOW).screening
    answers.valid_until = at(12, days=9)
    answers.save()
    visits = book_four(clinic, screening=answers)
    assert [one.status for one in visits] == ["booked"] * 4
    answers.valid_until = at(9, days=1)
    answers.save()
    with pytest.raises(NotCleared):
        hold_four(clinic, screening=answers, practitioner=clinic.ben)


def test_answers_that_a_therapist_must_see_make_all_sessions_wait() -> None:
    clinic = clinic_with_courses()
    visits = book_four(clinic, review_line())
    assert {(one.status, one.awaiting) for one in visits} == {("pending", "review")}
    assert len({one.screening_id for one in visits}) == 1


def test_reception_books_a_course_for_a_caller_in_one_go() -> None:
    clinic = clinic_with_courses()
    made = book_course_for_caller(
        service=clinic.needling,
        practitioner=clinic.anna,
        starts=FOUR,
        patient=details(),
        wait_for_form=True,
        request_key=uuid4(),
        by=make_staff(),
        now=NOW,
    )
    assert [one.appointment.awaiting for one in made] == ["form"] * 4
    assert Patient.objects.count() == 1
