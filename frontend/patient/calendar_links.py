"""A visit put into the patient's own calendar by a link. Google and Microsoft learn a neutral title, time and place."""

from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from booking.models import Appointment

_GOOGLE = "https://calendar.google.com/calendar/render"
_OUTLOOK = "https://outlook.live.com/calendar/0/action/compose"


@dataclass(frozen=True, slots=True)
class CalendarLink:
    """One way into one calendar; `outside` leads away from us."""

    name: str | Promise
    url: str
    outside: bool = True


def calendar_links(visit: Appointment) -> tuple[CalendarLink, ...]:
    """The ways into the common calendars. Neither the clinic's name nor the kind of visit leaves the house."""
    place = ", ".join(visit.location.address.splitlines()) if visit.service.in_person else ""
    title = gettext("Appointment")
    start, end = (f"{one.astimezone(UTC):%Y%m%dT%H%M%SZ}" for one in (visit.start, visit.end))
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{start}/{end}",
        "ctz": visit.time_zone,
        "location": place,
    }
    outlook = {
        "rru": "addevent",
        "path": "/calendar/action/compose",
        "subject": title,
        "startdt": visit.start.astimezone(UTC).isoformat(),
        "enddt": visit.end.astimezone(UTC).isoformat(),
        "location": place,
    }
    return (
        CalendarLink(gettext_lazy("Apple, or another calendar (a file)"), reverse("patient:calendar-file"), False),
        CalendarLink("Google", f"{_GOOGLE}?{urlencode(google)}"),
        CalendarLink("Outlook", f"{_OUTLOOK}?{urlencode(outlook)}"),
    )
