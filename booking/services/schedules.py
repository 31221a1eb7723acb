"""Hours and time off. Whoever writes them takes the therapist's lock, as every booking does."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from booking.errors import WallTimeInvalid
from booking.models import Location, Practitioner, Schedule, TimeOff
from booking.rules import walltime
from booking.rules.availability import Hours
from booking.services.constraints import named_constraints
from booking.services.locks import lock_resources
from booking.services.states import require_clinic
from intake.models import User
from intake.services.audit import record_event


def moment_at(*, location: Location, wall: datetime, fold: int | None = None) -> datetime:
    """The moment at which the clinic's clock shows this, in UTC; `fold` 0 or 1 where it shows it twice.

    :raises WallTimeInvalid: the clocks jump over it, or show it twice and `fold` doesn't say which
    """
    try:
        return walltime.to_utc(wall, location.time_zone, fold=fold)
    except (walltime.NoSuchWallTime, walltime.TwoSuchWallTimes) as error:
        raise WallTimeInvalid(ambiguous=isinstance(error, walltime.TwoSuchWallTimes)) from error


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

    `booking.selectors.time_off.displaced_by` says which.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        _lock(location, practitioner)
        time_off = TimeOff.objects.create(
            location=location, practitioner=practitioner, start=start, end=end, reason=reason
        )
        record_event(action="time-off-added", entity=time_off, by=by, details=_words(time_off), now=now)
        return time_off


def remove_time_off(*, time_off: TimeOff, by: User, now: datetime) -> None:
    """They are there after all.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        _lock(time_off.location, time_off.practitioner)
        record_event(action="time-off-removed", entity=time_off, by=by, details=_words(time_off), now=now)
        TimeOff.objects.filter(pk=time_off.pk).delete()


def set_hours(
    *, practitioner: Practitioner, location: Location, hours: Iterable[Hours], by: User, now: datetime
) -> list[Schedule]:
    """Replace a therapist's hours at one clinic. Visits outside the new hours stay.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
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
            )
            for line in hours
        )
        record_event(action="hours-set", entity=practitioner, by=by, details={"lines": len(made)}, now=now)
        return made


def _lock(location: Location, practitioner: Practitioner | None) -> None:
    if practitioner is not None:
        lock_resources(practitioners=[practitioner.pk])
        return
    works_here = Practitioner.objects.filter(schedules__location=location)
    lock_resources(practitioners=works_here.values_list("pk", flat=True))


def _words(time_off: TimeOff) -> dict[str, str]:
    return {"start": time_off.start.isoformat(), "end": time_off.end.isoformat()}
