"""From a row to a letter: templates, the recipient's language, the clinic's wall time, and nothing clinical."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override

from booking.feeds.ics import method_of, visit_calendar
from booking.models import Appointment, Location
from booking.reminders.channels.base import Letter
from booking.reminders.models import Communication
from booking.reminders.of_stories import story_context
from booking.reminders.settings import message_language
from booking.reminders.wording import Words, our_words, words_of
from booking.rules.kinds import EMAIL, kind_of
from booking.rules.short_texts import as_short_text
from intake.models import Patient

_MOMENTS = ("answer_by", "ends_at", "day_of")


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
    """The finished letter or short text of a row, in its language. The same row always gives the same Message-ID."""
    language = message_language(communication.language)
    with override(language):
        context = context_of(communication, now=now)
        words = words_of(communication.kind, channel=communication.channel, language=language, context=context)
        return letter_in(words, communication, context=context, now=now)


def letter_in(words: Words, communication: Communication, *, context: Mapping[str, Any], now: datetime) -> Letter:
    """A letter, or a short text, that says this; the reader's language is the active one."""
    message_id = communication.message_id or message_id_of(communication)
    if communication.channel == Communication.Channel.SMS:
        return Letter(communication.recipient, "", as_short_text(words.text), "", message_id)
    clinic, visit = context["clinic"], communication.appointment
    text = tidied(words.text)
    looks = {
        "subject": words.subject,
        "blocks": blocks_of(text),
        "signed_by": clinic.name if clinic else "",
        "has_links": kind_of(communication.kind).marketing,
    }
    return Letter(
        recipient=communication.recipient,
        subject=words.subject,
        text=text,
        html=render_to_string("messages/letter.html", looks),
        message_id=message_id,
        reply_to=clinic.email if clinic else "",
        leave_url=context.get("leave_url", ""),
        calendar=_calendar(visit, communication, context, now)
        if visit and kind_of(communication.kind).calendar
        else None,
        calendar_method=method_of(visit) if visit else "PUBLISH",
    )


def message_id_of(communication: Communication) -> str:
    """The Message-ID of a row: a mail sent twice after an unclear answer is one mail to every good mailbox."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{communication.pk}@{domain or 'drypoint'}>"


def context_of(communication: Communication, *, now: datetime) -> dict[str, Any]:
    """What the words of a message are made from."""
    content = communication.content or {}
    visit, patient, token = communication.appointment, communication.patient, content.get("token")
    free_until = visit.free_cancel_until if visit else None
    clinic = visit.location if visit else _clinic_of(content)
    said = content | (story_context(communication, clinic) if communication.story_id else {})
    return said | {
        "site_url": settings.SITE_URL,
        "clinic": clinic,
        "visit": visit,
        "reader": patient.given_name if patient else "",
        "given_name": name_where_shared(patient, communication.channel) if patient else "",
        "sessions": told_together(visit, communication.kind) if visit else [],
        "until": communication.not_after,
        "visit_url": f"{settings.SITE_URL}/visit/{token}/" if token else "",
        "free_cancel_until": free_until if free_until and now < free_until else None,
        "choices": [
            Alternative(datetime.fromisoformat(one["start"]), one["practitioner"]) for one in content.get("choices", [])
        ],
        "alternatives": [Alternative(datetime.fromisoformat(text)) for text in content.get("alternatives", [])],
        "visits": [one | {"start": datetime.fromisoformat(one["start"])} for one in content.get("visits", [])],
        **{name: datetime.fromisoformat(content[name]) if name in content else None for name in _MOMENTS},
    }


def _clinic_of(content: Mapping[str, Any]) -> Location | None:
    """The clinic that a message about no visit says it comes from; else the first one, as on the public pages."""
    places = Location.objects.order_by("name")
    return (places.filter(pk=content["place"]).first() if "place" in content else None) or places.first()


def name_where_shared(patient: Patient, channel: str) -> str:
    """The given name, if somebody of another one is written to at the same address; families share them. Else empty."""
    return patient.given_name if _is_shared(patient, channel) else ""


def _is_shared(patient: Patient, channel: str) -> bool:
    others = Patient.objects.filter(erased_at=None).exclude(given_name__iexact=patient.given_name)
    if channel == Communication.Channel.SMS:
        return bool(patient.phone) and others.filter(phone=patient.phone).exists()
    return bool(patient.email) and others.filter(email__iexact=patient.email).exists()


def told_together(visit: Appointment, kind: str) -> list[Appointment]:
    """The sessions of a course that one letter of this kind speaks of, in order; none for a visit by itself."""
    if visit.course_id is None or not kind_of(kind).all_sessions:
        return []
    sessions = Appointment.objects.filter(course=visit.course_id).order_by("start")
    sessions = sessions.select_related("service", "practitioner", "location")
    if kind_of(kind).tells_end:
        return list(sessions.filter(cancelled_at=visit.cancelled_at))
    ended = (Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR, Appointment.Status.PROPOSED)
    return list(sessions.exclude(status__in=ended))


def _calendar(visit: Appointment, communication: Communication, context: Mapping[str, Any], now: datetime) -> bytes:
    words = our_words("calendar", channel=EMAIL, language=message_language(communication.language), context=context)
    together = told_together(visit, communication.kind)
    certain = [one for one in together if one.status != Appointment.Status.PENDING]
    return visit_calendar(appointment=visit, besides=certain, title=words.subject, note=words.text, now=now)
