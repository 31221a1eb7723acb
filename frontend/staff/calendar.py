"""The week of one therapist, or a day with therapists side by side; and time off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.models import Appointment, Location, Practitioner, TimeOff
from booking.rules.intervals import Interval
from booking.rules.walltime import start_of_day, to_wall, wall_date
from booking.selectors.calendar import Day, week, week_to_show
from booking.selectors.outside_hours import Uncovered
from frontend.staff.desk import OVER, read_date, read_practitioner
from frontend.staff.frame import CLINIC, clinic_or_refuse, for_roles, me, page
from intake import clock

LINE = 5  # minutes of one line of the grid
_KINDS = {"proposed": "held", "pending": "pending"}
_BEYOND: dict[Uncovered, str | Promise] = {
    "outside-hours": _("outside the hours"),
    "not-authorised": _("authorisation ends before"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """Something that takes up room in a column: from line `at` on, `lines` long (five minutes each)."""

    at: int
    lines: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class VisitBlock(Block):
    """A visit or a hold."""

    visit: Appointment
    kind: str
    why: str | Promise


@dataclass(frozen=True, slots=True)
class AwayBlock(Block):
    """Time off."""

    time_off: TimeOff


@dataclass(frozen=True, slots=True)
class CalendarColumn:
    """One day of one therapist."""

    practitioner: Practitioner
    date: date
    open: tuple[Block, ...]
    away: tuple[AwayBlock, ...]
    busy: tuple[Block, ...]
    visits: tuple[VisitBlock, ...]
    is_today: bool
    closed: str | None


@for_roles(*CLINIC)
def calendar(request: HttpRequest) -> HttpResponse:
    """A week of one therapist, or with `view=day` a day of all."""
    clinic, now = clinic_or_refuse(), clock.now()
    today = wall_date(now, clinic.time_zone)
    by_day = request.GET.get("view") == "day"
    given = read_date(request.GET.get("week", "") or request.GET.get("date", ""))
    asked = given or (today if by_day else week_to_show(clinic, now=now))
    first = asked if by_day else asked - timedelta(days=asked.weekday())
    whose = None if by_day else _whose(request)
    step = timedelta(days=1 if by_day else 7)
    found = week(
        location=clinic, first_date=first, days=1 if by_day else 7, practitioner=whose, by=me(request), now=now
    )
    columns = [_column(one.practitioner, day, clinic, today, found.beyond) for one in found.columns for day in one.days]
    first_hour, last_hour = _span(columns)
    context = {
        "location": clinic,
        "closed_rooms": found.closed_rooms,
        "columns": [one for one in columns if by_day or _has_something(one) or one.date.weekday() < 5],
        "by_day": by_day,
        "whose": whose,
        "first": first,
        "last": first + step - timedelta(days=1),
        "asked": asked,
        "before": first - step,
        "after": first + step,
        "today": today,
        "hours": range(first_hour, last_hour),
        "first_hour": first_hour,
        "hour_count": last_hour - first_hour,
        "practitioners": Practitioner.objects.filter(active=True),
    }
    return page(request, "staff/calendar.html", context)


def _whose(request: HttpRequest) -> Practitioner | None:
    asked = read_practitioner(request.GET.get("practitioner", ""))
    active = Practitioner.objects.filter(active=True)
    return asked or active.filter(user=me(request)).first() or active.first()


def _column(
    practitioner: Practitioner, day: Day, clinic: Location, today: date, beyond: Mapping[UUID, Uncovered]
) -> CalendarColumn:
    zone = clinic.time_zone
    whole = Interval(start_of_day(day.date, zone), start_of_day(day.date + timedelta(days=1), zone))
    return CalendarColumn(
        practitioner=practitioner,
        date=day.date,
        open=tuple(Block(*_place(one, whole, zone)) for one in day.hours),
        away=tuple(AwayBlock(*_place(one, whole, zone), one) for one in day.away),
        busy=tuple(Block(*_place(one, whole, zone)) for one in day.busy),
        visits=tuple(VisitBlock(*_place(one, whole, zone), one, *_kind(one, beyond.get(one.pk))) for one in day.visits),
        is_today=day.date == today,
        closed=day.closed,
    )


def _place(thing: Interval | TimeOff | Appointment, whole: Interval, zone: str) -> tuple[int, int, datetime, datetime]:
    """Where it stands in the grid, as the clinic's clock shows it, cut to the day."""
    start, end = max(thing.start, whole.start), min(thing.end, whole.end)
    first = _line(start, zone)
    last = 24 * 60 // LINE if end == whole.end else _line(end, zone)
    return first, max(1, last - first), start, end


def _line(moment: datetime, zone: str) -> int:
    wall = to_wall(moment, zone)
    return (wall.hour * 60 + wall.minute) // LINE


def _kind(visit: Appointment, beyond: Uncovered | None) -> tuple[str, str | Promise]:
    """How it looks, and why it must be moved."""
    if getattr(visit, "displaced", False):
        return "stop", _("therapist away")
    if getattr(visit, "room_closed", False):
        return "stop", _("room closed")
    if beyond is not None:
        return "stop", _BEYOND[beyond]
    return "over" if visit.status in OVER else _KINDS.get(visit.status, ""), ""


def _has_something(column: CalendarColumn) -> bool:
    return bool(column.open or column.visits)


def _span(columns: list[CalendarColumn]) -> tuple[int, int]:
    """From which hour to which the grid must go."""
    blocks = list(_all_blocks(columns))
    if not blocks:
        return 8, 18
    return min(block.at for block in blocks) * LINE // 60, -(
        -max(block.at + block.lines for block in blocks) * LINE // 60
    )


def _all_blocks(columns: list[CalendarColumn]) -> Iterator[Block]:
    for column in columns:
        yield from column.open
        yield from column.visits
