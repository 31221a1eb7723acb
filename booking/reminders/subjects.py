"""What a message is about, as its key says it: a visit, or several sessions of a course of which is told at once."""

from datetime import datetime
from typing import Final

from booking.models import Appointment
from booking.rules.reminders import FAREWELLS

OF_COURSE: Final = "course/"
# What is said once for each time that a therapist is asked, so perhaps again about the same visit at the same time.
_OF_A_REVIEW: Final = frozenset(
    {
        "request-received",
        "request-waiting",
        "request-still-waiting",
        "request-answered",
        "request-overdue",
        "question-waiting",
        "approved",
    }
)
_OF_A_BOOKING: Final = frozenset({"confirmation", "form-needed"})


def subject_of(appointment: Appointment, kind: str, *, now: datetime) -> str:
    """The beginning of the key of a message about this visit. What is told of several sessions of a course in one
    moment (booked, asked for, moved, cancelled) has the same one for all of them, so it is said once.
    """
    since = appointment.review_since if kind in _OF_A_REVIEW else None
    at = _told_at(appointment, kind, now) if appointment.course_id else None
    if at is None:
        return f"appointment/{appointment.pk}{f'/review/{int(since.timestamp())}' if since else ''}"
    return f"{OF_COURSE}{appointment.course_id}/{at:%Y%m%dT%H%M%S%f}"


def key_of(subject: str, *, kind: str, channel: str, version: int) -> str:
    """The whole key. What is about a course is set apart by its moment; versions are its sessions' own."""
    return f"{subject}:{kind}:{channel}:v{0 if subject.startswith(OF_COURSE) else version}"


def _told_at(appointment: Appointment, kind: str, now: datetime) -> datetime | None:
    """The moment of the fact that is told of a whole course; None: it is about this session alone."""
    if kind in ("moved", "approved"):
        return now
    if kind in _OF_A_REVIEW:
        return appointment.review_since
    if kind in _OF_A_BOOKING:
        return appointment.confirmed_at
    if kind in FAREWELLS:
        return appointment.cancelled_at
    return None
