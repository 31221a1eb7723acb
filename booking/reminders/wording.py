"""The words of a message: from the files of its language, or a clinic's own with their placeholders filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template import Context, Engine

from booking.feeds.moments import clock, day, moment, zone_name
from booking.models import Location
from booking.reminders.models import MessageTemplate
from booking.rules.kinds import EMAIL, SMS, family_of
from booking.rules.wording import filled


@dataclass(frozen=True, slots=True)
class MessageForm:
    """One form of a message at a clinic: of which kind, by which channel, in which language."""

    location: Location
    kind: str
    channel: str
    language: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says: a short text has no subject."""

    subject: str
    text: str


def words_of(code: str, *, channel: str, language: str, context: Mapping[str, Any]) -> Words:
    """The words of a message: the clinic's own where it has some, or ours."""
    own = own_words(context["clinic"], code, channel=channel, language=language)
    if own is not None:
        return own_filled(own, code, channel=channel, language=language, context=context)
    return our_words(code, channel=channel, language=language, context=context)


def our_words(code: str, *, channel: str, language: str, context: Mapping[str, Any]) -> Words:
    """The words of a message as we ship them."""
    name = family_of(code)
    if channel == SMS:
        return Words("", rendered(f"{name}.sms", language, context))
    subject, _, text = rendered(name, language, context).strip().partition("\n")
    return Words(subject.strip(), text)


def own_words(location: Location | None, code: str, *, channel: str, language: str) -> Words | None:
    """What the clinic has written for such a message; None: ours are used."""
    written = MessageTemplate.objects.filter(
        location=location, kind=family_of(code), channel=channel, language=language
    )
    newest = written.order_by("-id").first()
    return Words(newest.subject, newest.text) if newest and newest.text else None


def own_filled(own: Words, code: str, *, channel: str, language: str, context: Mapping[str, Any]) -> Words:
    """A clinic's words with their placeholders filled in; a letter keeps our end: who writes, and where help is."""
    values = _values(code, channel=channel, language=language, context=context)
    text = filled(own.text, values)
    if channel == EMAIL:
        text = f"{text}\n\n{rendered('_end', language, context)}"
    return Words(filled(own.subject, values), text)


def rendered(name: str, language: str, context: Mapping[str, Any]) -> str:
    """One of our files in this language: plain text, so nothing in it is escaped."""
    template = Engine.get_default().get_template(f"messages/{language}/{name}.txt")
    return str(template.render(Context(dict(context), autoescape=False)))


def _values(code: str, *, channel: str, language: str, context: Mapping[str, Any]) -> dict[str, str]:
    clinic, visit = context["clinic"], context["visit"]
    values = {
        "given_name": context["reader"],
        "clinic": clinic.name,
        "phone": clinic.phone.as_national,
        "emergency": clinic.emergency_number,
        "nurse": clinic.nurse_line,
        "link": _link(context),
        "until": _until(context, clinic.time_zone),
        "times": _times(context, clinic.time_zone),
    }
    if visit is None:
        return values
    place = visit.location
    return values | {
        "date": day(visit.start, visit.time_zone),
        "time": clock(visit.start, visit.time_zone),
        "zone": zone_name(visit.time_zone),
        "place": ", ".join([place.name, *place.address.splitlines()]),
        "therapist": visit.practitioner.name,
        "visit": moment(visit.start, visit.time_zone)
        if channel == SMS
        else rendered("_visit", language, context).strip(),
        "manage": _link(context) if channel == SMS else rendered("_manage", language, context).strip(),
    }


def _link(context: Mapping[str, Any]) -> str:
    if context.get("path"):
        return f"{settings.SITE_URL}{context['path']}"
    return str(context["visit_url"] or f"{settings.SITE_URL}/account/")


def _until(context: Mapping[str, Any], zone: str) -> str:
    until: datetime | None = context["answer_by"] or context["ends_at"] or context["until"]
    return moment(until, zone)


def _times(context: Mapping[str, Any], zone: str) -> str:
    offered = [*context["choices"], *context["alternatives"]]
    lines = (", ".join(part for part in (moment(one.start, zone), one.practitioner) if part) for one in offered)
    return "\n".join(lines)
