"""Whom reception calls before a visit, and why: who can't be written to, wishes for a call, or has not said that they
are coming. One row a person, and a fixed number of queries for a day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from booking.models import Appointment, Call, Location, Task
from booking.models.call import REACHED
from booking.reminders.models import Communication
from booking.rules.calls import is_calling, next_open_day, try_again_at
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.call_reasons import SILENT, Reasons, Why
from booking.selectors.errands import open_tasks
from booking.selectors.holidays import closed_days_of
from booking.selectors.time_off import asked_for_another_time, displacing
from intake.models import User

Status = Appointment.Status
Outcome = Call.Outcome
_DAY: Final = timedelta(days=1)
_LOOKED_AT: Final = timedelta(days=31)
_BY_US: Final = (
    Appointment.CancelReason.CLINIC,
    Appointment.CancelReason.DECLINED,
    Appointment.CancelReason.REVIEW_LAPSED,
)
_COMES: Final = Q(status=Status.BOOKED) | Q(status=Status.PENDING, awaiting=Appointment.Awaiting.FORM)
_ENDED_BY_US: Final = Q(status=Status.CANCELLED, cancel_reason__in=_BY_US, cancel_settles_at=None)
_OPEN: Final = (Task.Status.REQUESTED, Task.Status.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Row:
    """One person to call about their visits of a day. `seen` is how many calls are noted, `last` the latest of them;
    `again_at` when it is time for another one, `same_number` who else is reached there.
    """

    visits: tuple[Appointment, ...]
    whys: tuple[Why, ...]
    calls: tuple[Call, ...]
    again_at: datetime | None
    calling: Call | None
    same_number: tuple[str, ...] = ()

    @property
    def visit(self) -> Appointment:
        return self.visits[0]

    @property
    def seen(self) -> int:
        return self.calls[-1].number if self.calls else 0

    @property
    def tries(self) -> tuple[Call, ...]:
        """What came of the calls so far."""
        return tuple(one for one in self.calls if one.outcome != Outcome.CALLING)

    @property
    def last(self) -> Call | None:
        return self.tries[-1] if self.tries else None

    @property
    def code(self) -> str:
        """The first reason."""
        return self.whys[0].code if self.whys else ""

    @property
    def is_reached(self) -> bool:
        """Whether somebody has spoken with them; if they can't come, the visit may stand there still."""
        return self.last is not None and self.last.outcome in REACHED

    @property
    def is_done(self) -> bool:
        """Whether there is nothing more to call about."""
        return self.is_reached or (
            self.visit.status != Status.CANCELLED and all(one.is_accepted for one in self.visits)
        )


@dataclass(frozen=True, slots=True)
class CallList:
    """Whom to call about the visits of some days, `last` inclusive: `today` about what is still to come today, `ahead`
    about the others, `silent` who is only asked whether they are coming; `promised` are calls about visits that can't
    take place as booked, of whatever day.
    """

    location: Location
    first: date
    last: date
    today: tuple[Row, ...]
    ahead: tuple[Row, ...]
    silent: tuple[Row, ...]
    done: tuple[Row, ...]
    promised: tuple[Task, ...]

    def to_call(self, now: datetime) -> int:
        """How many calls can be made at this moment."""
        rows = (*self.today, *self.ahead, *self.silent)
        due = sum(row.calling is None and (row.again_at is None or row.again_at <= now) for row in rows)
        return due + sum(task.due_at <= now or not task.attempts.all() for task in self.promised)


def next_days(location: Location, *, now: datetime) -> tuple[date, date]:
    """From tomorrow until the clinic's next open day, which on most days is tomorrow."""
    today = wall_date(now, location.time_zone)
    closed = closed_days_of(location, from_date=today, to_date=today + _LOOKED_AT)
    return today + _DAY, next_open_day(today, weekly=location.weekly_hours, closed=closed)


def calls_to_make(*, location: Location, by: User, now: datetime) -> CallList:
    """The list that reception works off now: what is left of today, and the days until the next open one."""
    _tomorrow, last = next_days(location, now=now)
    return call_list(location=location, first=wall_date(now, location.time_zone), last=last, by=by, now=now)


def call_list(*, location: Location, first: date, last: date, by: User, now: datetime) -> CallList:
    """Whom to call about visits on these days (`last` inclusive) that are not over; of visits that `by` may see."""
    today = wall_date(now, location.time_zone)
    rows = _with_same_numbers(list(_rows(location, first, last, by, now)))
    still = [row for row in rows if _is_open(row)]
    ahead = [row for row in still if date_of(row.visit) > today]
    return CallList(
        location=location,
        first=first,
        last=last,
        today=_in_order((row for row in still if date_of(row.visit) == today), now),
        ahead=_in_order((row for row in ahead if row.code != SILENT.code), now),
        silent=_in_order((row for row in ahead if row.code == SILENT.code), now),
        done=tuple(row for row in rows if row.calls and row.is_done),
        promised=tuple(_promised(by, now)),
    )


def _rows(location: Location, first: date, last: date, by: User, now: datetime) -> Iterator[Row]:
    visits = list(_visits(location, first, last, by, now))
    why = Reasons(visits, location, now)
    people: dict[tuple[Any, ...], list[Appointment]] = defaultdict(list)
    for visit in visits:
        people[visit.patient_id, date_of(visit), visit.status == Status.CANCELLED].append(visit)
    for of_one in people.values():
        whys = {one: None for visit in of_one for one in why.of(visit)}
        yield _row(of_one, tuple(whys), location, now)


def _row(visits: list[Appointment], whys: tuple[Why, ...], location: Location, now: datetime) -> Row:
    calls = _calls_that_count(visits[0])
    last = calls[-1] if calls else None
    again = None
    if last is not None and last.outcome in (Outcome.NO_ANSWER, Outcome.LEFT_MESSAGE):
        zone, start = location.time_zone, visits[0].start
        again = try_again_at(last.made_at, start=start, weekly=location.weekly_hours, zone=zone)
    calling = last is not None and last.outcome == Outcome.CALLING and is_calling(last.made_at, now=now)
    return Row(tuple(visits), whys, calls, again, last if calling else None)


def _calls_that_count(visit: Appointment) -> tuple[Call, ...]:
    """Those about the time that it has now; who asked for another time has heard of the one that they got."""
    version = visit.schedule_version
    asked = (Outcome.OTHER_TIME, version - 1)
    return tuple(
        one
        for one in visit.calls.all()
        if one.schedule_version == version or (one.outcome, one.schedule_version) == asked
    )


def _visits(location: Location, first: date, last: date, by: User, now: datetime) -> QuerySet[Appointment]:
    zone = location.time_zone
    found = appointments_visible_to(by, now=now).filter(
        _COMES | _ENDED_BY_US,
        location=location,
        patient__erased_at=None,
        start__gte=max(now, start_of_day(first, zone)),
        start__lt=start_of_day(last + _DAY, zone),
    )
    reminded = Communication.objects.filter(
        appointment=OuterRef("pk"),
        schedule_version=OuterRef("schedule_version"),
        kind__startswith="reminder-",
        status=Communication.Status.COMPLETED,
    )
    to_be_called = Task.objects.filter(appointment=OuterRef("pk"), kind=Task.Kind.DISPLACED, status__in=_OPEN)
    annotated = found.select_related("patient__contact_preference").annotate(
        displaced=displacing(),
        asked=asked_for_another_time(),
        promised=Exists(to_be_called),
        reminded=Exists(reminded),
    )
    calls = Prefetch("calls", Call.objects.select_related("made_by").order_by("number"))
    return annotated.prefetch_related(calls).order_by("start", "pk")


def _promised(by: User, now: datetime) -> QuerySet[Task]:
    found = open_tasks(by=by, now=now).filter(kind=Task.Kind.DISPLACED)
    return found.prefetch_related("attempts__made_by")


def _with_same_numbers(rows: list[Row]) -> list[Row]:
    """Families share a telephone: who is called for one is asked for the other in one go."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if _is_open(row) and _number(row):
            names[_number(row)].add(str(row.visit.patient))
    others = [sorted(names[_number(row)] - {str(row.visit.patient)}) for row in rows]
    return [replace(row, same_number=tuple(one)) for row, one in zip(rows, others, strict=True)]


def _is_open(row: Row) -> bool:
    return bool(row.whys) and not row.is_done


def _number(row: Row) -> str:
    return str(row.visit.patient.phone or "") if row.visit.patient else ""


def date_of(visit: Appointment) -> date:
    return wall_date(visit.start, visit.time_zone)


def _in_order(rows: Iterable[Row], now: datetime) -> tuple[Row, ...]:
    """Whom to call now, in the order of their visits; then whoever is tried again later."""
    later = [(row.again_at if row.again_at and row.again_at > now else None, row) for row in rows]
    return tuple(
        row for _again, row in sorted(later, key=lambda one: (one[0] is not None, one[0] or one[1].visit.start))
    )
