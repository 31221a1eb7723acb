"""Hours and time off. Whoever writes them takes the therapist's lock, as every booking does."""

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import pairwise
from typing import Final

from django.db import transaction
from django.db.models import Q

from booking.errors import (
    BreakOutsideHours,
    ClinicClosed,
    HoursInvalid,
    HoursOverlap,
    TurnsNeedADate,
    WallTimeInvalid,
)
from booking.models import DaySchedule, Location, Practitioner, Schedule, TimeOff
from booking.rules import walltime
from booking.rules.hours import DayHours, Hours, Mistake, mistake_in
from booking.selectors.holidays import closed_days_of
from booking.services.constraints import named_constraints
from booking.services.locks import lock_resources
from booking.services.states import require_clinic
from intake.access import is_therapist, manages, owns
from intake.errors import NotAllowed
from intake.models import User
from intake.services.audit import record_event

_REFUSAL_OF: Final = {
    Mistake.ENDS_TOO_EARLY: HoursInvalid,
    Mistake.NO_FIRST_DATE: TurnsNeedADate,
    Mistake.OVERLAPS: HoursOverlap,
    Mistake.BREAK_OUTSIDE: BreakOutsideHours,
}


def moment_at(*, location: Location, wall: datetime, fold: int | None = None) -> datetime:
    """The moment at which the clinic's clock shows this, in UTC; `fold` 0 or 1 where it shows it twice.

    :raises WallTimeInvalid: the clocks jump over it, or show it twice and `fold` doesn't say which
    """
    try:
        return walltime.to_utc(wall, location.time_zone, fold=fold)
    except (walltime.NoSuchWallTime, walltime.TwoSuchWallTimes) as error:
        raise WallTimeInvalid(ambiguous=isinstance(error, walltime.TwoSuchWallTimes)) from error


def by_the_clock(start: datetime, end: datetime, zone: str) -> dict[str, datetime | str]:
    """The fields of an absence: its moments, and what the clock shows then."""
    return {
        "start": start,
        "end": end,
        "wall_start": walltime.to_wall(start, zone).isoformat(),
        "wall_end": walltime.to_wall(end, zone).isoformat(),
        "time_zone": zone,
    }


def add_time_off(
    *,
    location: Location,
    practitioner: Practitioner | None,
    start: datetime,
    end: datetime,
    reason: str = "",
    by: User,
    now: datetime,
) -> TimeOff:
    """A therapist, or without one the whole clinic, is away. It may lie over visits: staff must mend those.

    `booking.selectors.closures.displaced_by` says which.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_whoever_works(location, practitioner)
        time_off = TimeOff.objects.create(
            location=location,
            practitioner=practitioner,
            reason=reason,
            **by_the_clock(start, end, location.time_zone),
        )
        record_event(action="time-off-added", entity=time_off, by=by, details=_words(time_off), now=now)
        return time_off


def remove_time_off(*, time_off: TimeOff, by: User, now: datetime) -> None:
    """They are there after all.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_whoever_works(time_off.location, time_off.practitioner)
        record_event(action="time-off-removed", entity=time_off, by=by, details=_words(time_off), now=now)
        TimeOff.objects.filter(pk=time_off.pk).delete()


def set_hours(
    *, practitioner: Practitioner, location: Location, hours: Iterable[Hours], by: User, now: datetime
) -> list[Schedule]:
    """Replace a therapist's weekly hours at one clinic. Visits outside the new hours stay:
    `booking.selectors.outside_hours.uncovered_visits` says which.

    :raises NotAllowed: `by` is neither this therapist, a manager nor the owner
    :raises HoursInvalid: a line makes no sense; the details say which
    """
    require_may_set_hours(practitioner, by)
    lines = list(hours)
    for number, line in enumerate(lines):
        mistake = mistake_in(line, lines)
        if mistake is not None:
            raise _REFUSAL_OF[mistake](line=number)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=[practitioner.pk])
        Schedule.objects.filter(practitioner=practitioner, location=location).delete()
        made = Schedule.objects.bulk_create(
            Schedule(
                practitioner=practitioner,
                location=location,
                weekday=line.weekday,
                start_time=line.start,
                end_time=line.end,
                first_date=line.first_date,
                last_date=line.last_date,
                every_weeks=line.every_weeks,
                is_break=line.is_break,
            )
            for line in lines
        )
        record_event(action="hours-set", entity=practitioner, by=by, details={"lines": len(made)}, now=now)
        return made


def set_day_hours(
    *,
    practitioner: Practitioner,
    location: Location,
    day: date,
    hours: Iterable[DayHours],
    by: User,
    now: datetime,
) -> list[DaySchedule]:
    """Replace what is said of a therapist's hours on one date; nothing said: the week's hours hold again.

    :raises NotAllowed: `by` is neither this therapist, a manager nor the owner
    :raises HoursInvalid: hours end before they begin, or overlap
    :raises WallTimeInvalid: the clocks change in that hour of that day
    :raises ClinicClosed: nobody works on that date
    """
    require_may_set_hours(practitioner, by)
    lines = list(hours)
    worked = sorted((line.start, line.end) for line in lines if line.start is not None and line.end is not None)
    _require_good_day(location, day, worked)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=[practitioner.pk])
        DaySchedule.objects.filter(practitioner=practitioner, location=location, date=day).delete()
        made = DaySchedule.objects.bulk_create(
            DaySchedule(
                practitioner=practitioner,
                location=location,
                date=day,
                start_time=line.start,
                end_time=line.end,
                replaces=line.replaces,
            )
            for line in lines
        )
        details = {"date": day.isoformat(), "lines": len(made)}
        record_event(action="day-hours-set", entity=practitioner, by=by, details=details, now=now)
        return made


def require_settler(by: User) -> None:
    """Let managers and the owner pass.

    :raises NotAllowed: it is somebody else
    """
    if not (manages(by) or owns(by)):
        raise NotAllowed


def require_may_set_hours(practitioner: Practitioner, by: User) -> None:
    """Let managers, the owner and the therapist whose hours these are pass.

    :raises NotAllowed: it is somebody else
    """
    if not (is_therapist(by) and practitioner.user_id == by.pk):
        require_settler(by)


def lock_whoever_works(location: Location, practitioner: Practitioner | None = None) -> None:
    """Lock a therapist, or without one everybody who works at that clinic."""
    if practitioner is not None:
        lock_resources(practitioners=[practitioner.pk])
        return
    works_here = Q(schedules__location=location) | Q(day_schedules__location=location)
    lock_resources(practitioners=Practitioner.objects.filter(works_here).values_list("pk", flat=True))


def _require_good_day(location: Location, day: date, worked: list[tuple[time, time]]) -> None:
    for number, (start, end) in enumerate(worked):
        if end <= start:
            raise HoursInvalid(line=number)
        for wall in (start, end):
            moment_at(location=location, wall=datetime.combine(day, wall))
    if any(start < end_before for (_, end_before), (start, _) in pairwise(worked)):
        raise HoursOverlap(line=0)
    if worked and closed_days_of(location, from_date=day, to_date=day):
        raise ClinicClosed


def _words(time_off: TimeOff) -> dict[str, str]:
    return {"start": time_off.start.isoformat(), "end": time_off.end.isoformat()}
