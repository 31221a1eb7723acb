"""Calendar files, read by two programs that know nothing of each other: icalendar, and vobject with its own zones."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import vobject
from icalendar import Calendar

from booking.feeds.ics import visit_calendar
from booking.models import Appointment, HealthcareService, Location

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
# Zones and hours on both sides of their changes of 2026 and 2027; Alberta and British Columbia have none any more.
MOMENTS = [
    ("America/Edmonton", datetime(2026, 12, 1, 15, tzinfo=UTC), "2026-12-01T09:00-0600"),
    ("America/Vancouver", datetime(2027, 1, 12, 17, tzinfo=UTC), "2027-01-12T10:00-0700"),
    ("America/Toronto", datetime(2026, 12, 1, 15, tzinfo=UTC), "2026-12-01T10:00-0500"),
    ("America/Halifax", datetime(2027, 3, 14, 12, tzinfo=UTC), "2027-03-14T09:00-0300"),
    ("America/St_Johns", datetime(2027, 11, 7, 13, 30, tzinfo=UTC), "2027-11-07T10:00-0330"),
    ("America/Winnipeg", datetime(2027, 7, 1, 15, tzinfo=UTC), "2027-07-01T10:00-0500"),
]


class Read(NamedTuple):
    """What a program makes of a file with one visit."""

    method: str
    uid: str
    sequence: int
    status: str
    begins: str
    minutes: float
    summary: str
    place: str


def visit_at(start: datetime, *, zone: str = "America/Edmonton", **over: Any) -> Appointment:
    place = Location(
        name="Riverside, Clinic; East",
        address="12 River Road\nEdmonton AB",
        phone="+17805550100",
        email="clinic@riverside.example",
        time_zone=zone,
    )
    fields = {"schedule_version": 1, "status": "booked"} | over
    service = HealthcareService(name="Dry needling", room_kind="treatment")
    return Appointment(
        location=place, service=service, start=start, end=start + timedelta(minutes=45), time_zone=zone, **fields
    )


def by_icalendar(file: bytes) -> Read:
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert [str(one["TZID"]) for one in calendar.walk("VTIMEZONE")] == [event["DTSTART"].params["TZID"]]
    return Read(
        str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"]), str(event["STATUS"]),
        f"{event.start:%Y-%m-%dT%H:%M%z}", (event.end - event.start).total_seconds() / 60, str(event["SUMMARY"]),
        str(event["LOCATION"]),
    )  # fmt: skip


def by_vobject(file: bytes) -> Read:
    calendar = vobject.readOne(file.decode())
    calendar.validate(raiseException=True)
    event = calendar.vevent
    begins, ends = event.dtstart.value, event.dtend.value
    return Read(
        calendar.method.value, event.uid.value, int(event.sequence.value), event.status.value,
        f"{begins:%Y-%m-%dT%H:%M%z}", (ends - begins).total_seconds() / 60, event.summary.value, event.location.value,
    )  # fmt: skip


@pytest.mark.parametrize(("zone", "start", "wall"), MOMENTS, ids=[zone for zone, _, _ in MOMENTS])
def test_both_readers_see_the_agreed_hour_by_the_rules_in_the_file(zone: str, start: datetime, wall: str) -> None:
    visit = visit_at(start, zone=zone)
    file = visit_calendar(appointment=visit, title="Appointment", note="Call us.", now=NOW)
    place = "Riverside, Clinic; East, 12 River Road, Edmonton AB"
    expected = Read("PUBLISH", f"{visit.pk}@drypoint", 2, "CONFIRMED", wall, 45, "Appointment", place)
    assert (by_icalendar(file), by_vobject(file)) == (expected, expected)


def test_each_file_replaces_the_one_before_it_and_the_end_takes_the_visit_out() -> None:
    start = MOMENTS[0][1]
    visit = visit_at(start)
    read = []
    for change in ({}, {"schedule_version": 2}, {"schedule_version": 3}, {"status": "cancelled"}):
        for name, value in change.items():
            setattr(visit, name, value)
        file = visit_calendar(appointment=visit, title="Appointment", now=NOW)
        read.append(by_vobject(file))
        assert by_icalendar(file) == read[-1]
    assert [(one.sequence, one.method, one.status) for one in read] == [
        (2, "PUBLISH", "CONFIRMED"),
        (4, "PUBLISH", "CONFIRMED"),
        (6, "PUBLISH", "CONFIRMED"),
        (7, "CANCEL", "CANCELLED"),
    ]
    assert len({one.uid for one in read}) == 1


def test_sessions_of_a_course_share_their_zone() -> None:
    visits = [visit_at(MOMENTS[2][1] + timedelta(weeks=week), zone="America/Montreal") for week in range(3)]
    file = visit_calendar(appointment=visits[0], besides=visits, title="Appointment", now=NOW)
    calendar = Calendar.from_ical(file)
    assert [len(calendar.walk(part)) for part in ("VTIMEZONE", "VEVENT")] == [1, 3]
    read = vobject.readOne(file.decode())
    read.validate(raiseException=True)
    assert {event.uid.value: event.dtstart.value for event in read.vevent_list} == {
        f"{visit.pk}@drypoint": visit.start for visit in visits
    }
    assert b"needling" not in file


def test_no_line_is_longer_than_a_reader_must_take() -> None:
    file = visit_calendar(appointment=visit_at(MOMENTS[0][1]), title="É" * 200, now=NOW)
    assert max(len(line) for line in file.split(b"\r\n")) <= 75
    assert b"\n" not in file.replace(b"\r\n", b"")
