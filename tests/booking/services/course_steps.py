"""Steps of courses: a clinic that offers them, and four sessions held, booked or half over."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from booking.models import Appointment, Course
from booking.services.courses import HeldCourse, confirm_course, hold_course
from tests.booking.services.booking_steps import details
from tests.factories.booking import NOW, Clinic, at, make_clinic
from tests.factories.intake import clear_line, make_screening, make_signature

FOUR = tuple(at(10, days=day) for day in (1, 8, 15, 22))


def clinic_with_courses(**over: Any) -> Clinic:
    clinic = make_clinic(**over)
    for service in (clinic.needling, clinic.follow_up):
        service.course_sessions_max = 6
        service.save()
    return clinic


def hold_four(clinic: Clinic, line: object = None, **over: Any) -> HeldCourse:
    """Somebody holds Anna's Tuesdays at ten for four weeks."""
    if "screening" not in over:
        over["screening"] = make_screening(line or clear_line(), now=NOW).screening
    wish = {
        "service": clinic.needling,
        "practitioner": clinic.anna,
        "starts": FOUR,
        "request_key": uuid4(),
        "held_by": "browser",
        "source": "patient",
        "now": NOW,
    }
    return hold_course(**{**wish, **over})


def confirm_four(held: HeldCourse, **over: Any) -> list[Appointment]:
    said = {
        "course": held.course,
        "patient": details(),
        "payment": "desk",
        "policies_accepted": True,
        "signature": make_signature(),
        "now": NOW,
    }
    return [one.appointment for one in confirm_course(**{**said, **over})]


def book_four(clinic: Clinic, line: object = None, **over: Any) -> list[Appointment]:
    return confirm_four(hold_four(clinic, line, **over))


def sessions(course: Course) -> list[tuple[int | None, str, datetime]]:
    """Number, state and start of every session, in the order of numbers."""
    rows = Appointment.objects.filter(course=course).order_by("session_number")
    return [(one.session_number, f"{one.status} {one.awaiting}".strip(), one.start) for one in rows]
