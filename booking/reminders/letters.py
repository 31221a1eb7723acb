"""From a row to a letter: templates, the recipient's language, the clinic's wall time, and nothing clinical."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext, override

from booking.feeds.ics import method_of, visit_calendar
from booking.models import Appointment, Location
from booking.reminders.channels.base import Letter
from booking.reminders.models import Communication
from booking.rules.reminders import FAREWELLS, is_reminder

# Letters that say when the visit is, or is no more, carry it as a calendar file.
_WITH_CALENDAR = frozenset({"confirmation", "approved", "moved", "cancellation"})
# Letters that speak of all sessions of a course.
_OF_ALL_SESSIONS = frozenset({"confirmation", "approved", "moved", "form-needed", "request-received"})


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another free time, offered in a mail."""

    start: datetime
    practitioner: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a letter. With a `url` its last line becomes a link, and the line before it the link's words."""

    lines: tuple[str, ...]
    words: str = ""
    url: str = ""


def tidied(text: str) -> str:
    """Text as templates leave it, with clean line ends and at most one empty line in a row."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def blocks_of(text: str) -> list[Block]:
    """The paragraphs of a letter's text, for its HTML form: the words are written once."""
    blocks = []
    for paragraph in text.strip().split("\n\n"):
        *lines, last = paragraph.split("\n")
        if lines and last.startswith(f"{settings.SITE_URL}/"):
            blocks.append(Block(tuple(lines[:-1]), lines[-1].rstrip(" :\xa0"), last))
        else:
            blocks.append(Block((*lines, last)))
    return blocks


def letter_of(communication: Communication, *, now: datetime) -> Letter:
    """The finished letter of a row, in its language. The same row always gives the same Message-ID."""
    visit = communication.appointment
    clinic = visit.location if visit else Location.objects.order_by("name").first()
    with override(communication.language):
        context = _context(communication, clinic, now)
        name = "reminder" if is_reminder(communication.kind) else communication.kind.replace("-", "_")
        subject, _, text = render_to_string(f"messages/{name}.txt", context).strip().partition("\n")
        text = tidied(text)
        html = render_to_string("messages/letter.html", context | {"subject": subject, "blocks": blocks_of(text)})
        calendar = _calendar(visit, communication.kind, now) if visit and communication.kind in _WITH_CALENDAR else None
    return Letter(
        recipient=communication.recipient,
        subject=subject.strip(),
        text=text,
        html=html,
        message_id=communication.message_id or message_id_of(communication),
        reply_to=clinic.email if clinic else "",
        calendar=calendar,
        calendar_method=method_of(visit) if visit else "PUBLISH",
    )


def message_id_of(communication: Communication) -> str:
    """The Message-ID of a row: a mail sent twice after an unclear answer is one mail to every good mailbox."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{communication.pk}@{domain or 'drypoint'}>"


def _context(communication: Communication, clinic: Location | None, now: datetime) -> dict[str, object]:
    content = communication.content or {}
    visit, token = communication.appointment, content.get("token")
    return content | {
        "site_url": settings.SITE_URL,
        "clinic": clinic,
        "visit": visit,
        "sessions": told_together(visit, communication.kind) if visit else [],
        "until": communication.not_after,
        "visit_url": f"{settings.SITE_URL}/visit/{token}/" if token else "",
        "free_cancel_until": visit.free_cancel_until
        if visit and visit.free_cancel_until and now < visit.free_cancel_until
        else None,
        "choices": [
            Alternative(datetime.fromisoformat(one["start"]), one["practitioner"]) for one in content.get("choices", [])
        ],
        "answer_by": datetime.fromisoformat(content["answer_by"]) if "answer_by" in content else None,
        "alternatives": [Alternative(datetime.fromisoformat(text)) for text in content.get("alternatives", [])],
    }


def told_together(visit: Appointment, kind: str) -> list[Appointment]:
    """The sessions of a course that one letter of this kind speaks of, in order; none for a visit by itself."""
    if visit.course_id is None or kind not in _OF_ALL_SESSIONS | FAREWELLS:
        return []
    sessions = Appointment.objects.filter(course=visit.course_id).order_by("start")
    sessions = sessions.select_related("service", "practitioner", "location")
    if kind in FAREWELLS:
        return list(sessions.filter(cancelled_at=visit.cancelled_at))
    ended = (Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR, Appointment.Status.PROPOSED)
    return list(sessions.exclude(status__in=ended))


def _calendar(visit: Appointment, kind: str, now: datetime) -> bytes:
    place = visit.location
    title = gettext("Appointment at %(clinic)s") % {"clinic": place.name}
    note = gettext("To move or cancel, use the link in our e-mail or call %(phone)s.") % {
        "phone": place.phone.as_national
    }
    certain = [one for one in told_together(visit, kind) if one.status != Appointment.Status.PENDING]
    return visit_calendar(appointment=visit, besides=certain, title=title, note=note, now=now)
