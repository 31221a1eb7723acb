"""The calendar behind a secret address, as an iCalendar file: taken times, perhaps with initials, never why."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext
from icalendar import Event

from booking.feeds.ics import add_times, new_calendar
from booking.models import Appointment, CalendarFeed

REFRESH = "PT15M"  # how often a calendar program is asked to look again


def feed_mark(feed: CalendarFeed, visits: Sequence[Appointment]) -> str:
    """The same as long as the calendar says the same: its ETag."""
    facts = [
        (str(one.pk), one.schedule_version, one.start.isoformat(), one.end.isoformat(), one.status, title_of(feed, one))
        for one in visits
    ]
    said = repr((name_of(feed), facts))
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def feed_calendar(feed: CalendarFeed, visits: Sequence[Appointment], *, now: datetime) -> bytes:
    """The visits as events."""
    calendar = new_calendar(visits)
    calendar.add("x-wr-calname", name_of(feed))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"}, encode=False)
    calendar.add("x-published-ttl", REFRESH)
    for one in visits:
        calendar.add_component(_event(feed, one, now))
    return calendar.to_ical()


def name_of(feed: CalendarFeed) -> str:
    """What the calendar is called."""
    return f"{feed.practitioner.name}, {feed.location.name}" if feed.practitioner else feed.location.name


def title_of(feed: CalendarFeed, visit: Appointment) -> str:
    """All that an entry says: "busy" or initials; in the clinic's calendar with the therapist's name before it."""
    patient = visit.patient
    shown = gettext("busy")
    if feed.shows == CalendarFeed.Shows.INITIALS and patient is not None:
        shown = " ".join(f"{name[0]}." for name in (patient.given_name, patient.family_name) if name) or shown
    return shown if feed.practitioner_id else f"{visit.practitioner.name}: {shown}"


def _event(feed: CalendarFeed, visit: Appointment, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{visit.pk}@calendar.drypoint")  # not the patient's: a therapist may be one
    event.add("sequence", visit.schedule_version)
    event.add("dtstamp", now.replace(microsecond=0))
    add_times(event, visit)
    event.add("summary", title_of(feed, visit))
    event.add("status", "TENTATIVE" if visit.status == Appointment.Status.PENDING else "CONFIRMED")
    event.add("class", "PRIVATE")
    return event
