"""What a message is about, as its key says it: a visit, or several sessions of a course of which is told at once."""

from datetime import datetime
from typing import Final

from booking.models import Appointment
from booking.rules.kinds import kind_of

OF_COURSE: Final = "course/"


def subject_of(appointment: Appointment, kind: str, *, now: datetime) -> str:
    """The beginning of the key of a message about this visit. What is told of several sessions of a course in one
    moment (booked, asked for, moved, cancelled) has the same one for all of them, so it is said once.
    """
    since = appointment.review_since if kind_of(kind).told_of in ("review", "answer") else None
    at = _told_at(appointment, kind, now) if appointment.course_id else None
    if at is None:
        return f"appointment/{appointment.pk}{f'/review/{int(since.timestamp())}' if since else ''}"
    return f"{OF_COURSE}{appointment.course_id}/{at:%Y%m%dT%H%M%S%f}"


def key_of(subject: str, *, kind: str, channel: str, version: int) -> str:
    """The whole key. What is about a course is set apart by its moment; versions are its sessions' own."""
    return f"{subject}:{kind}:{channel}:v{0 if subject.startswith(OF_COURSE) else version}"


def _told_at(appointment: Appointment, kind: str, now: datetime) -> datetime | None:
    """The moment of the fact that is told of a whole course; None: it is about this session alone."""
    moments = {
        "move": now,
        "answer": now,
        "review": appointment.review_since,
        "booking": appointment.confirmed_at,
        "end": appointment.cancelled_at,
    }
    return moments.get(kind_of(kind).told_of)
