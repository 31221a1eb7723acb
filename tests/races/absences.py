"""Whatever takes a time away from everybody, each a deed of one process; and doors that dream between looking and
writing.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import time as clock
from typing import Any, Final
from unittest import mock
from uuid import UUID

from booking.feeds.busy_upload import BusyStretch, CalendarRead
from booking.models import Appointment, Location, Practitioner, Room
from booking.models.appointment import OCCUPYING
from booking.rules.hours import DayHours, Hours
from booking.rules.walltime import wall_date
from booking.services.busy_calendars import upload_busy_times
from booking.services.holidays import override_holiday
from booking.services.rooms import close_room
from booking.services.schedules import add_time_off, set_day_hours, set_hours
from intake.errors import DrypointError
from intake.models import User
from tests.races.doors import Door, Wanted
from tests.races.unguarded import Meeting, dreaming, unlocked

Absence = Callable[[Wanted, Any], None]
LOOKERS: Final = ("holds", "moves", "undoing")


class SawNothing(DrypointError):
    """The time was taken away, and no visit lies in it that would have to be mended."""

    code = "saw-nothing"
    message = "Nobody had booked it."
    status = 409


def come_and_dream(door: Door, wanted: Wanted, meeting: Meeting) -> None:
    """Somebody at a door, who looks whether the time is free and takes a while to write."""
    with ExitStack() as stack:
        for room in LOOKERS:
            stack.enter_context(dreaming(f"booking.services.{room}.find_place", meeting.nap))
        stack.enter_context(unlocked(not meeting.locked))
        door(wanted)


def take_away(absence: Absence, wanted: Wanted, by: UUID, meeting: Meeting) -> None:
    """Somebody takes the time away meanwhile, and looks at once who is displaced.

    :raises SawNothing: nobody
    """
    with meeting.in_between():
        absence(wanted, {"by": User.objects.get(pk=by), "now": wanted.now})
        seen = Appointment.objects.filter(OCCUPYING, practitioner=wanted.practitioner, start=wanted.start).exists()
    if not seen:
        raise SawNothing


def time_off(wanted: Wanted, how: Any) -> None:
    add_time_off(**_where(wanted), start=wanted.start, end=wanted.until, **how)


def clinic_closed(wanted: Wanted, how: Any) -> None:
    place = _where(wanted)["location"]
    add_time_off(location=place, practitioner=None, start=wanted.start, end=wanted.until, **how)


def day_closed(wanted: Wanted, how: Any) -> None:
    place = _where(wanted)["location"]
    override_holiday(location=place, day=_day(wanted, place), is_open=False, name="Flood", **how)


def room_closed(wanted: Wanted, how: Any) -> None:
    for room in Room.objects.filter(active=True):
        close_room(room=room, start=wanted.start, end=wanted.until, **how)


def busy_upload(wanted: Wanted, how: Any) -> None:
    """The file is read already: reading takes no lock."""
    read = CalendarRead(times=(BusyStretch(wanted.start, wanted.until, "", "", ""),), left_out={})
    with mock.patch("booking.services.busy_calendars.read_calendar", return_value=read):
        upload_busy_times(**_where(wanted), name=f"{wanted.start}", data=b"", **how)


def other_hours(wanted: Wanted, how: Any) -> None:
    place = _where(wanted)
    weekday = _day(wanted, place["location"]).weekday()
    set_hours(**place, hours=[Hours(one, clock(9), clock(17)) for one in range(5) if one != weekday], **how)


def other_day(wanted: Wanted, how: Any) -> None:
    place = _where(wanted)
    day = _day(wanted, place["location"])
    set_day_hours(**place, day=day, hours=[DayHours(day)], **how)


ABSENCES: Final[tuple[Absence, ...]] = (
    time_off,
    clinic_closed,
    day_closed,
    room_closed,
    busy_upload,
    other_hours,
    other_day,
)


def _where(wanted: Wanted) -> dict[str, Any]:
    return {"practitioner": Practitioner.objects.get(pk=wanted.practitioner), "location": Location.objects.get()}


def _day(wanted: Wanted, place: Location) -> Any:
    return wall_date(wanted.start, place.time_zone)
