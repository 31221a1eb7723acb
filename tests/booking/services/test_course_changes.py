"""What becomes of a course: moved together or singly, ended, looked at half way, made longer; and what is written."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from icalendar import Calendar

from booking.errors import NotPossibleNow, ReasonNeeded, SlotTaken, SpacingBroken
from booking.models import Appointment, Course
from booking.payments.ledger import balance_of
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.selectors.day_board import blockers_of
from booking.selectors.requests import waiting_requests
from booking.services.appointments import reschedule_appointment
from booking.services.cancellations import settle_cancellations
from booking.services.course_changes import add_sessions, cancel_rest, move_course, review_course
from booking.services.courses import book_course_for_caller
from booking.services.forms import attach_form
from booking.services.reviews import decide_request
from intake.errors import NotAllowed
from intake.services.screenings import attach_screening
from tests.booking.services.booking_steps import details
from tests.booking.services.course_steps import FOUR, book_four, clinic_with_courses, sessions
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import clear_line, make_patient, make_screening, review_line

pytestmark = pytest.mark.django_db(transaction=True)
WEEK = timedelta(days=7)


@pytest.fixture
def clinic() -> Clinic:
    return clinic_with_courses()


def course_of(visits: list[Appointment]) -> Course:
    return Course.objects.get(pk=visits[0].course_id)


def starts(course: Course) -> list[datetime]:
    return [start for _number, _state, start in sessions(course)]


def mails(kind: str) -> list[Communication]:
    return list(Communication.objects.filter(kind=kind, patient__isnull=False).select_related("appointment"))


def over(visits: list[Appointment], count: int) -> datetime:
    """The first `count` sessions are done; the hour after the last of them."""
    for visit in visits[:count]:
        Appointment.objects.filter(pk=visit.pk).update(status="fulfilled", finished_at=visit.end)
    return visits[count - 1].end + timedelta(hours=1)


def test_one_mail_tells_of_all_sessions_and_carries_them_all(clinic: Clinic) -> None:
    book_four(clinic)
    (mail,) = mails("confirmation")
    letter = letter_of(mail, now=NOW)
    assert letter.subject == "Your 4 appointments are booked"
    assert "1. Tuesday 24 November 2026, 10:00\n2. Tuesday 1 December 2026, 10:00\n" in letter.text
    assert "cancel it" not in letter.text
    assert letter.calendar is not None
    assert [event.start for event in Calendar.from_ical(letter.calendar).walk("VEVENT")] == list(FOUR)
    assert len(mails("reminder-2")) == 4


def test_all_move_together_by_a_week_with_one_mail_and_no_fee(clinic: Clinic) -> None:
    visits = book_four(clinic)
    course = course_of(visits)
    later = [one.start + WEEK for one in visits]
    assert [moved.fee for moved in move_course(course=course, starts=later, by=make_staff(), now=NOW)] == [0] * 4
    assert starts(course) == later
    (mail,) = mails("moved")
    assert letter_of(mail, now=NOW).subject == "Your appointments have new times"


def test_if_one_of_the_new_times_is_taken_none_moves(clinic: Clinic) -> None:
    visits = book_four(clinic)
    make_appointment(clinic, start=at(10, days=17), patient=make_patient(now=NOW))
    wanted = [at(10, days=day) for day in (3, 10, 17, 24)]
    with pytest.raises(SlotTaken) as refused:
        move_course(course=course_of(visits), starts=wanted, by=None, now=NOW)
    assert starts(course_of(visits)) == list(FOUR)
    assert refused.value.details["proposal"].starts == [*wanted[:2], at(9, days=17), wanted[3]]


def test_sessions_move_together_only_at_the_right_distances(clinic: Clinic) -> None:
    visits = book_four(clinic)
    with pytest.raises(SpacingBroken):
        move_course(
            course=course_of(visits), starts=[at(10, days=day) for day in (3, 5, 17, 24)], by=make_staff(), now=NOW
        )


def test_a_patient_moves_one_session_within_the_spacing_and_staff_beyond_it_with_a_reason(clinic: Clinic) -> None:
    second = book_four(clinic)[1]

    def move(day: int, **over: Any) -> Appointment:
        to = {"practitioner": None, "start": at(10, days=day), "by": None, "now": NOW, **over}
        return reschedule_appointment(appointment=second, **to).appointment

    assert move(9).start == at(10, days=9)
    with pytest.raises(SpacingBroken):
        move(11)  # only four days before the third
    with pytest.raises(ReasonNeeded):
        move(11, by=make_staff())
    assert move(11, by=make_staff(), set_aside=Appointment.SetAside.values[0]).start == at(10, days=11)


def test_what_is_left_is_cancelled_with_one_mail(clinic: Clinic) -> None:
    visits = book_four(clinic)
    now = over(visits, 1)
    cancel_rest(course=course_of(visits), by=None, reason=Appointment.CancelReason.PATIENT, now=now)
    assert [state for _number, state, _start in sessions(course_of(visits))] == ["fulfilled", *["cancelled"] * 3]
    settle_cancellations(now=now + timedelta(minutes=4))
    (mail,) = mails("cancellation")
    assert letter_of(mail, now=now).subject == "3 appointments are cancelled"
    with pytest.raises(NotPossibleNow):
        cancel_rest(course=course_of(visits), by=None, reason=Appointment.CancelReason.PATIENT, now=now)


def test_the_review_point_shows_on_the_next_session_until_the_therapist_answers(clinic: Clinic) -> None:
    visits = book_four(clinic)
    desk, course = make_staff(), course_of(visits)

    def codes(now: datetime) -> set[str]:
        return {one.code for one in blockers_of(visits[3], by=desk, now=now)}

    assert "review-point" not in codes(over(visits, 2))
    with pytest.raises(NotPossibleNow):
        review_course(course=course, outcome="continued", by=clinic.anna.user, now=over(visits, 2))
    now = over(visits, 3)
    assert "review-point" in codes(now)
    with pytest.raises(NotAllowed):
        review_course(course=course, outcome="continued", by=desk, now=now)
    said = review_course(course=course, outcome="continued", by=clinic.anna.user, now=now)
    assert (said.review, said.reviewed_at, said.reviewed_by) == ("continued", now, clinic.anna.user)
    assert "review-point" not in codes(now)


def test_ended_at_the_review_point_the_rest_costs_nothing_however_late_it_is(clinic: Clinic) -> None:
    visits = book_four(clinic)
    over(visits, 3)
    now = visits[3].start - timedelta(hours=1)
    review_course(course=course_of(visits), outcome="ended", by=clinic.anna.user, now=now)
    settle_cancellations(now=now + timedelta(minutes=4))
    last = Appointment.objects.get(pk=visits[3].pk)
    assert (last.cancel_reason, balance_of(last).due) == ("clinic", 0)


def test_sessions_are_added_up_to_six_on_the_same_answers_with_a_mail_of_their_own(clinic: Clinic) -> None:
    visits = book_four(clinic)
    now, course, anna = over(visits, 3), course_of(visits), clinic.anna.user
    with pytest.raises(SpacingBroken):
        add_sessions(course=course, starts=[at(10, days=24)], request_key=uuid4(), by=anna, now=now)
    more = [at(10, days=29), at(10, days=36)]
    assert visits[3].patient is not None
    answers = make_screening(clear_line(visit="return"), now=now).screening  # as before each later visit
    attach_screening(screening=answers, patient=visits[3].patient, now=now)
    add_sessions(course=course, starts=more, request_key=uuid4(), by=anna, now=now)
    course.refresh_from_db()
    assert [one[:2] for one in sessions(course)][3:] == [(4, "booked"), (5, "booked"), (6, "booked")]
    assert (course.sessions, course.review, len(mails("confirmation"))) == (6, "extended", 2)
    with pytest.raises(NotPossibleNow):
        add_sessions(course=course, starts=[at(10, days=43)], request_key=uuid4(), by=anna, now=now)


def test_one_decision_moves_all_sessions_that_it_covers(clinic: Clinic) -> None:
    visits = book_four(clinic, review_line())
    anna = clinic.anna.user
    assert list(waiting_requests(by=anna, now=NOW)) == visits[:1]
    assert len(mails("request-received")) == 1
    decide_request(appointment=visits[0], decision="approved", reason="We talked.", visits=2, by=anna, now=NOW)
    assert [state for _number, state, _start in sessions(course_of(visits))] == [
        *["booked"] * 2,
        *["pending review"] * 2,
    ]
    (mail,) = mails("approved")
    assert "3. Tuesday 8 December 2026, 10:00 (not confirmed yet)" in letter_of(mail, now=NOW).text
    assert list(waiting_requests(by=anna, now=NOW)) == visits[2:3]
    decide_request(appointment=visits[2], decision="declined", reason="Not now.", by=anna, now=NOW)
    assert [state for _number, state, _start in sessions(course_of(visits))][2:] == ["cancelled"] * 2
    assert len(mails("declined")) == 1


def test_a_serious_answer_in_the_middle_makes_all_coming_sessions_wait(clinic: Clinic) -> None:
    visits = book_four(clinic)
    now = over(visits, 1)
    answers = make_screening(review_line(), now=now).screening
    assert visits[0].patient is not None
    attach_screening(screening=answers, patient=visits[0].patient, now=now)
    assert [state for _number, state, _start in sessions(course_of(visits))] == ["fulfilled", *["pending review"] * 3]
    assert {one.late_fee_amount and balance_of(one).paid for one in visits} == {0}


def test_one_form_answers_for_all_sessions_that_wait_for_it(clinic: Clinic) -> None:
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
    assert len(mails("form-needed")) == 1
    visit = made[0].appointment
    attach_form(appointment=visit, screening=make_screening(now=NOW).screening, now=NOW)
    assert visit.course is not None
    assert [state for _number, state, _start in sessions(visit.course)] == ["booked"] * 4
    assert len(mails("confirmation")) == 1
