"""Links into the common calendars: what others learn is a neutral title, the time and the place."""

from urllib.parse import parse_qs, urlsplit

from frontend.patient.calendar_links import calendar_links
from tests.booking.feeds.test_ics import MOMENTS, visit_at


def test_others_learn_title_time_and_place_and_nothing_else() -> None:
    visit = visit_at(MOMENTS[0][1])
    file, google, outlook = calendar_links(visit)
    assert file.url == "/visit/calendar.ics"
    place = "12 River Road, Edmonton AB"
    assert {name: value for name, (value,) in parse_qs(urlsplit(google.url).query).items()} == {
        "action": "TEMPLATE",
        "text": "Appointment",
        "dates": "20261201T150000Z/20261201T154500Z",
        "ctz": "America/Edmonton",
        "location": place,
    }
    assert {name: value for name, (value,) in parse_qs(urlsplit(outlook.url).query).items()} == {
        "rru": "addevent",
        "path": "/calendar/action/compose",
        "subject": "Appointment",
        "startdt": "2026-12-01T15:00:00+00:00",
        "enddt": "2026-12-01T15:45:00+00:00",
        "location": place,
    }


def test_a_visit_by_phone_has_no_place() -> None:
    visit = visit_at(MOMENTS[0][1])
    visit.service.room_kind = ""
    assert all("River" not in link.url for link in calendar_links(visit))
