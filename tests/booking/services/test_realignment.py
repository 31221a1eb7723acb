"""A law changes the clocks: agreed clock times stay, and their moments follow."""

import json
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, BusyTime, DaySchedule, Schedule, TimeOff
from booking.reminders.models import Communication
from booking.reminders.services import plan_booking_messages
from booking.rules import walltime
from booking.rules.intervals import Interval
from booking.rules.walltime import wall_text
from booking.selectors.working_time import _windows
from booking.services.rooms import close_room
from booking.services.schedules import add_time_off
from config.invariants import broken_promises
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@contextmanager
def clocks_of(other: str, folder: Path) -> Iterator[None]:
    """Newer data, by which the clocks in Edmonton go as they go elsewhere."""
    file = folder / "America" / "Edmonton"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(resources.files("tzdata.zoneinfo").joinpath(*other.split("/")).read_bytes())
    zoneinfo.reset_tzpath(to=[folder])
    _forget()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath(to=())
        _forget()


def _forget() -> None:
    ZoneInfo.clear_cache()
    walltime._both_readings.cache_clear()
    _windows.cache_clear()


def realign(*arguments: str) -> tuple[dict, int]:
    """What the command says, and how it ends."""
    out, status = StringIO(), 0
    try:
        call_command("realign_wall_times", "--json", *arguments, stdout=out)
    except SystemExit as ended:
        status = int(str(ended.code))
    return json.loads(out.getvalue()), status


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.management.commands.realign_wall_times.now", lambda: NOW)


def visit(clinic: Clinic, start: datetime, **over: object) -> Appointment:
    return make_appointment(clinic, start=start, patient=make_patient(), **over)


def _broken() -> list[str]:
    return [one.name for one in broken_promises(now=NOW) if one.name.startswith("wall-time")]


def test_visits_keep_their_clock_time_and_all_that_hangs_on_it_follows(clinic: Clinic, tmp_path: Path) -> None:
    one = visit(clinic, at(9, days=10))
    plan_booking_messages(appointment=one, manage_token="t", now=NOW)
    reminders = Communication.objects.filter(appointment=one, kind__startswith="reminder-").order_by("due_at")
    before = list(reminders.values_list("pk", "due_at", "not_after"))
    over = visit(clinic, at(9, days=-3))
    assert before
    with clocks_of("America/Denver", tmp_path):  # an hour more behind UTC in winter
        assert _broken() == ["wall-time"]
        said, status = realign()
        moved = Appointment.objects.get(pk=one.pk)
        assert wall_text(moved.start, moved.time_zone) == moved.wall_start == "2026-12-03T09:00"
        assert _broken() == []
        assert realign() == ({"moved": [], "conflicts": [], "absences": 0}, 0)
    assert status == 0
    assert said["moved"] == [
        {
            "appointment": str(one.pk),
            "wall_start": "2026-12-03T09:00",
            "before": one.start.isoformat(),
            "after": (one.start + HOUR).isoformat(),
        }
    ]
    assert (moved.start, moved.end) == (one.start + HOUR, one.end + HOUR)
    assert (moved.occupied.lower, moved.occupied.upper) == (one.occupied.lower + HOUR, one.occupied.upper + HOUR)
    assert moved.free_cancel_until == one.free_cancel_until + HOUR
    assert moved.schedule_version == one.schedule_version
    assert list(reminders.values_list("pk", "due_at", "not_after")) == [
        (pk, due + HOUR, until + HOUR) for pk, due, until in before
    ]
    assert Appointment.objects.get(pk=over.pk).start == over.start


@pytest.mark.parametrize(("other", "by"), [("America/Denver", HOUR), ("America/New_York", -HOUR)])
def test_neighbours_move_together_in_either_direction(
    clinic: Clinic, tmp_path: Path, other: str, by: timedelta
) -> None:
    row = [visit(clinic, at(hour, days=10)) for hour in (9, 10, 11)]
    with clocks_of(other, tmp_path):
        said, status = realign()
    assert (len(said["moved"]), said["conflicts"], status) == (3, [], 0)
    assert [Appointment.objects.get(pk=one.pk).start for one in row] == [one.start + by for one in row]


def test_a_conflict_is_told_and_left_alone(clinic: Clinic, tmp_path: Path) -> None:
    moving = visit(clinic, at(9, days=10))
    fixed = visit(clinic, at(10, days=10), time_zone="UTC", wall_start="2026-12-03T16:00")
    with clocks_of("America/Denver", tmp_path):
        said, status = realign()
    assert (said["moved"], status) == ([], 1)
    assert [(one["appointment"], one["problem"]) for one in said["conflicts"]] == [(str(moving.pk), "slot-taken")]
    assert Appointment.objects.get(pk=moving.pk).start == moving.start
    assert Appointment.objects.get(pk=fixed.pk).start == fixed.start


def test_a_clock_time_that_is_jumped_over_is_a_conflict(clinic: Clinic, tmp_path: Path) -> None:
    night = visit(clinic, datetime(2027, 3, 14, 8, 30, tzinfo=UTC))
    assert night.wall_start == "2027-03-14T02:30"
    with clocks_of("America/Denver", tmp_path):
        said, status = realign()
    assert status == 1
    assert [one["problem"] for one in said["conflicts"]] == ["no-such-wall-time"]


def test_a_dry_run_changes_nothing(clinic: Clinic, tmp_path: Path) -> None:
    one = visit(clinic, at(9, days=10))
    with clocks_of("America/Denver", tmp_path):
        said, status = realign("--dry-run")
    assert (len(said["moved"]), status) == (1, 0)
    assert Appointment.objects.get(pk=one.pk).start == one.start


def test_time_off_closed_rooms_and_busy_times_follow_and_moments_stay(clinic: Clinic, tmp_path: Path) -> None:
    desk, day = make_staff(), {"start": at(9, days=10), "end": at(12, days=10)}
    off = add_time_off(location=clinic.location, practitioner=clinic.anna, by=desk, now=NOW, **day)
    shut = close_room(room=clinic.rooms[0], by=desk, now=NOW, **day)
    said = {"practitioner": clinic.anna, "source_name": "x", "uploaded_at": NOW, **day}
    follows = BusyTime.objects.create(
        wall_start="2026-12-03T09:00:00", wall_end="2026-12-03T12:00:00", time_zone="America/Edmonton", **said
    )
    moment = BusyTime.objects.create(**said)
    with clocks_of("America/Denver", tmp_path):
        assert _broken() == ["wall-time-of-absences"]
        assert realign()[0]["absences"] == 3
        assert _broken() == []
    for row in (off, shut, follows, moment):
        by = timedelta() if row is moment else HOUR
        row.refresh_from_db()
        assert Interval(row.start, row.end) == Interval(day["start"] + by, day["end"] + by)
    assert TimeOff.objects.count() == 1


def test_who_works_on_dates_only_is_locked_too_when_a_closing_moves(clinic: Clinic, tmp_path: Path) -> None:
    Schedule.objects.filter(practitioner=clinic.ben).delete()
    DaySchedule.objects.create(
        practitioner=clinic.ben,
        location=clinic.location,
        date=at(9, days=10).date(),
        start_time=time(9),
        end_time=time(17),
    )
    day = {"start": at(9, days=10), "end": at(12, days=10)}
    add_time_off(location=clinic.location, practitioner=None, by=make_staff(), now=NOW, **day)
    with clocks_of("America/Denver", tmp_path), CaptureQueriesContext(connection) as asked:
        assert realign()[0]["absences"] == 1
    locking = [one["sql"] for one in asked if "booking_practitioner" in one["sql"] and "NO KEY UPDATE" in one["sql"]]
    assert [clinic.ben.pk.hex in one for one in locking] == [True]
