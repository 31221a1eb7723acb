"""A visit as a calendar file (RFC 5545): when and where, never why."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from booking.models import Appointment

_MARGIN = timedelta(days=1)


def visit_calendar(
    *, appointment: Appointment, besides: Iterable[Appointment] = (), title: str, note: str = "", now: datetime
) -> bytes:
    """The visit as one event, with those `besides` (sessions of its course); a cancelled one takes the event out of the
    calendar again (METHOD:CANCEL).

    The UID never changes, and SEQUENCE rises with each move and with the end, so a later file replaces an earlier one.
    Times are those of the clinic's clock, with the rules of its zone as the pinned tzdata has them: a calendar whose
    own rules are out of date shows the hour that was agreed. `title` and `note` must be neutral.
    """
    visits = [appointment, *(one for one in besides if one.pk != appointment.pk)]
    calendar = new_calendar(visits)
    calendar.add("method", method_of(appointment))
    for one in visits:
        calendar.add_component(_event(one, title, note, now))
    return calendar.to_ical()


def new_calendar(visits: Sequence[Appointment]) -> Calendar:
    """A calendar without events, with the zones of these visits."""
    calendar = Calendar()
    calendar.add("prodid", "-//Drypoint//EN")
    calendar.add("version", "2.0")
    for name in sorted({one.time_zone for one in visits}):
        there = [one for one in visits if one.time_zone == name]
        first, last = min(one.start for one in there) - _MARGIN, max(one.end for one in there) + _MARGIN
        calendar.add_component(Timezone.from_tzinfo(ZoneInfo(name), name, first.date(), last.date()))
    return calendar


def add_times(event: Event, visit: Appointment) -> None:
    """When the visit is, by the clinic's clock."""
    zone = ZoneInfo(visit.time_zone)
    event.add("dtstart", visit.start.astimezone(zone))
    event.add("dtend", visit.end.astimezone(zone))


def method_of(appointment: Appointment) -> str:
    """The method of the file, which a mail's Content-Type repeats."""
    return "CANCEL" if appointment.status == Appointment.Status.CANCELLED else "PUBLISH"


def _event(appointment: Appointment, title: str, note: str, now: datetime) -> Event:
    place = appointment.location
    cancelled = appointment.status == Appointment.Status.CANCELLED
    event = Event()
    event.add("uid", f"{appointment.pk}@drypoint")
    event.add("sequence", 2 * appointment.schedule_version + cancelled)  # room for the end after every move
    event.add("dtstamp", now.replace(microsecond=0))
    add_times(event, appointment)
    event.add("summary", title)
    if appointment.service.in_person:
        event.add("location", ", ".join([place.name, *place.address.splitlines()]))
    if note:
        event.add("description", note)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    organizer = vCalAddress(f"mailto:{place.email}")
    organizer.params["cn"] = vText(place.name)
    event["organizer"] = organizer
    return event
