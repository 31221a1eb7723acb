"""The week of one therapist, or a day with therapists side by side; and time off."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Appointment, Location, Practitioner, TimeOff
from booking.rules.intervals import Interval
from booking.rules.walltime import start_of_day, to_wall, wall_date
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.calendar import Day, week
from booking.selectors.time_off import displaced_by
from booking.services.schedules import add_time_off, moment_at, remove_time_off
from frontend.staff.desk import OVER, read_date, read_practitioner
from frontend.staff.forms import TimeOffForm
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from intake import clock
from intake.errors import DrypointError

LINE = 5  # minutes of one line of the grid
_KINDS = {"proposed": "held", "pending": "pending"}


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
    visits: tuple[VisitBlock, ...]
    is_today: bool


@for_roles(*CLINIC)
def calendar(request: HttpRequest) -> HttpResponse:
    """A week of one therapist, or with `view=day` a day of all."""
    clinic, now = clinic_or_refuse(), clock.now()
    today = wall_date(now, clinic.time_zone)
    by_day = request.GET.get("view") == "day"
    asked = read_date(request.GET.get("week", "") or request.GET.get("date", "")) or today
    first = asked if by_day else asked - timedelta(days=asked.weekday())
    whose = None if by_day else _whose(request)
    step = timedelta(days=1 if by_day else 7)
    found = week(
        location=clinic, first_date=first, days=1 if by_day else 7, practitioner=whose, by=me(request), now=now
    )
    columns = [_column(one.practitioner, day, clinic, today) for one in found.columns for day in one.days]
    first_hour, last_hour = _span(columns)
    context = {
        "location": clinic,
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


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def time_off(request: HttpRequest) -> HttpResponse:
    """Enter time off; what lies in it stays and is shown next, to be mended."""
    clinic, refusal = clinic_or_refuse(), None
    form = TimeOffForm(sent(request), initial=_first_guess(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = _add(request, clinic, form)
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Noted as away."))
            return SeeOther(reverse("staff:displaced", args=[made.pk]))
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/time_off.html", {"form": form, "refusal": refusal}, status=status)


@for_roles(*CLINIC)
def displaced(request: HttpRequest, time_off_id: UUID) -> HttpResponse:
    """The visits that lie in time off, each with its way to move it."""
    away = get_object_or_404(TimeOff.objects.select_related("practitioner", "location"), pk=time_off_id)
    now = clock.now()
    visible = appointments_visible_to(me(request), now=now)
    visits = visible.filter(pk__in=displaced_by(away, now=now).values("pk")).order_by("start").distinct()
    return page(request, "staff/displaced.html", {"away": away, "visits": visits, "zone": away.location.time_zone})


@for_roles(*CLINIC, methods=("POST",))
def back_again(request: HttpRequest, time_off_id: UUID) -> HttpResponse:
    """Take time off out again; a second tap finds nothing more to do."""
    away = TimeOff.objects.select_related("location", "practitioner").filter(pk=time_off_id).first()
    if away is not None:
        remove_time_off(time_off=away, by=me(request), now=clock.now())
    messages.success(request, _("Taken out. These times can be booked again."))
    return SeeOther(reverse("staff:calendar"))


def _add(request: HttpRequest, clinic: Location, form: TimeOffForm) -> TimeOff:
    said = form.cleaned_data
    start = moment_at(location=clinic, wall=datetime.combine(said["from_date"], said["from_time"]))
    end = moment_at(location=clinic, wall=datetime.combine(said["until_date"], said["until_time"]))
    if end <= start:
        raise DrypointError(_("The end must come after the beginning."))
    return add_time_off(
        location=clinic,
        practitioner=said["practitioner"],
        start=start,
        end=end,
        reason=said["reason"],
        by=me(request),
        now=clock.now(),
    )


def _first_guess(request: HttpRequest) -> dict[str, object]:
    day = read_date(request.GET.get("date", "")) or wall_date(clock.now(), clinic_or_refuse().time_zone)
    whose = read_practitioner(request.GET.get("practitioner", ""))
    return {"practitioner": whose, "from_date": day, "from_time": "08:00", "until_date": day, "until_time": "18:00"}


def _whose(request: HttpRequest) -> Practitioner | None:
    asked = read_practitioner(request.GET.get("practitioner", ""))
    active = Practitioner.objects.filter(active=True)
    return asked or active.filter(user=me(request)).first() or active.first()


def _column(practitioner: Practitioner, day: Day, clinic: Location, today: date) -> CalendarColumn:
    zone = clinic.time_zone
    whole = Interval(start_of_day(day.date, zone), start_of_day(day.date + timedelta(days=1), zone))
    return CalendarColumn(
        practitioner=practitioner,
        date=day.date,
        open=tuple(Block(*_place(one, whole, zone)) for one in day.hours),
        away=tuple(AwayBlock(*_place(one, whole, zone), one) for one in day.away),
        visits=tuple(VisitBlock(*_place(one, whole, zone), one, _kind(one)) for one in day.visits),
        is_today=day.date == today,
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


def _kind(visit: Appointment) -> str:
    if getattr(visit, "displaced", False):
        return "stop"
    return "over" if visit.status in OVER else _KINDS.get(visit.status, "")


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
