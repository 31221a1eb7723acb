"""A visit that is moved over a change of the clocks keeps its clock time, and so do its messages."""

from datetime import datetime, timedelta

import pytest

from booking.models import Appointment
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.rules.walltime import to_utc, wall_text
from booking.selectors.slots import free_times
from booking.services.appointments import reschedule_appointment
from booking.services.schedules import add_time_off
from config.invariants import broken_promises
from tests.factories.booking import make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "before", "after", "utc"),
    [
        # Nine in the morning on the last working day before and the first after; both in UTC.
        ("America/Edmonton", "2025-10-31", "2025-11-03", ("15:00", "16:00")),
        ("America/Edmonton", "2026-03-06", "2026-03-09", ("16:00", "15:00")),
        ("America/Edmonton", "2026-10-30", "2026-11-02", ("15:00", "15:00")),  # after the law
        ("America/Vancouver", "2025-10-31", "2025-11-03", ("16:00", "17:00")),
        ("America/Vancouver", "2026-03-06", "2026-03-09", ("17:00", "16:00")),
        ("America/Vancouver", "2026-10-30", "2026-11-02", ("16:00", "16:00")),
        ("America/Toronto", "2026-10-30", "2026-11-02", ("13:00", "14:00")),
        ("America/St_Johns", "2026-10-30", "2026-11-02", ("11:30", "12:30")),
        ("Australia/Lord_Howe", "2026-10-02", "2026-10-05", ("22:30", "22:00")),
        ("Europe/London", "2026-10-23", "2026-10-26", ("08:00", "09:00")),
    ],
)
def test_nine_stays_nine(zone: str, before: str, after: str, utc: tuple[str, str]) -> None:
    clinic, staff = make_clinic(time_zone=zone), make_staff()
    old, new = (to_utc(datetime.fromisoformat(f"{day}T09:00"), zone) for day in (before, after))
    assert tuple(f"{one:%H:%M}" for one in (old, new)) == utc
    now = old - 10 * DAY
    visit = make_appointment(clinic, start=old, service=clinic.call, patient=make_patient(email="ada@example.org"))
    day = datetime.fromisoformat(after).date()
    asked = {"service": clinic.call, "practitioner": clinic.anna, "by_staff": True, "now": now}
    assert new in [one.start for one in free_times(**asked, from_date=day, to_date=day).slots]
    reschedule_appointment(appointment=visit, practitioner=None, start=new, by=staff, now=now)
    moved = Appointment.objects.get()
    assert (moved.start, moved.wall_start, moved.end - moved.start) == (new, f"{after}T09:00", timedelta(minutes=15))
    assert moved.free_cancel_until == new - DAY
    assert wall_text(moved.start, zone) == moved.wall_start
    due = {one.kind: one.due_at for one in Communication.objects.filter(kind__startswith="reminder-")}
    assert due["reminder-1"] == new - 2 * DAY
    letter = letter_of(Communication.objects.get(kind="moved"), now=now)
    assert "9:00" in letter.text
    add_time_off(location=clinic.location, practitioner=clinic.anna, start=old, end=new, by=staff, now=now)
    assert [one.name for one in broken_promises(now=now) if one.name.startswith("wall-time")] == []
