"""A visit as a calendar file (RFC 5545): when and where, never why."""

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar, Event, vCalAddress, vText

from booking.models import Appointment


def visit_calendar(
    *, appointment: Appointment, besides: Iterable[Appointment] = (), title: str, note: str = "", now: datetime
) -> bytes:
    """The visit as one event, with those `besides` (sessions of its course); a cancelled one takes the event out of the
    calendar again (METHOD:CANCEL).

    The UID never changes and SEQUENCE rises with each move, so a later file replaces an earlier one. Times are in UTC:
    every calendar shows its reader's hours, and none needs to know this zone's rules. `title` and `note` must be
    neutral.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Drypoint//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method_of(appointment))
    for one in (appointment, *(one for one in besides if one.pk != appointment.pk)):
        calendar.add_component(_event(one, title, note, now))
    return calendar.to_ical()


def _event(appointment: Appointment, title: str, note: str, now: datetime) -> Event:
    place = appointment.location
    cancelled = appointment.status == Appointment.Status.CANCELLED
    event = Event()
    event.add("uid", f"{appointment.pk}@drypoint")
    event.add("sequence", appointment.schedule_version)
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", appointment.start)
    event.add("dtend", appointment.end)
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


def method_of(appointment: Appointment) -> str:
    """The method of the file, which a mail's Content-Type repeats."""
    return "CANCEL" if appointment.status == Appointment.Status.CANCELLED else "PUBLISH"
