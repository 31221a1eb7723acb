"""A therapist's other calendars: when they are busy there, nobody can book them here."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from booking.feeds.busy_upload import CalendarRead, read_calendar
from booking.models import BusyTime, Location, Practitioner
from booking.services.constraints import named_constraints
from booking.services.locks import lock_resources
from booking.services.schedules import require_may_set_hours
from intake.models import User
from intake.services.audit import record_event


@dataclass(frozen=True, slots=True)
class BusyCalendar:
    """What was stored of an uploaded calendar, and what was read."""

    times: list[BusyTime]
    read: CalendarRead


def upload_busy_times(
    *, practitioner: Practitioner, location: Location, name: str, data: bytes, by: User, now: datetime
) -> BusyCalendar:
    """Read a calendar file and let it replace the earlier one of the same name: when, never what. Visits in these times
    stay.

    All-day and floating times are those of the clinic.

    :raises NotAllowed: `by` is neither this therapist, a manager nor the owner
    :raises CalendarRefused: the file can't be used; what was there before stays
    """
    require_may_set_hours(practitioner, by)
    read = read_calendar(data, zone=location.time_zone, now=now)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=[practitioner.pk])
        practitioner.busy_times.filter(source_name=name).delete()
        made = BusyTime.objects.bulk_create(
            [
                BusyTime(
                    practitioner=practitioner,
                    start=one.start,
                    end=one.end,
                    wall_start=one.wall_start if one.zone else "",
                    wall_end=one.wall_end if one.zone else "",
                    time_zone=one.zone,
                    source_name=name,
                    uploaded_at=now,
                )
                for one in read.times
            ],
            batch_size=1000,
        )
        record_event(action="busy-times-set", entity=practitioner, by=by, details={"times": len(made)}, now=now)
    return BusyCalendar(made, read)


def remove_busy_times(*, practitioner: Practitioner, name: str, by: User, now: datetime) -> None:
    """Forget a calendar that was uploaded; without one there is nothing to do.

    :raises NotAllowed: `by` is neither this therapist, a manager nor the owner
    """
    require_may_set_hours(practitioner, by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=[practitioner.pk])
        gone, _models = practitioner.busy_times.filter(source_name=name).delete()
        record_event(action="busy-times-removed", entity=practitioner, by=by, details={"times": gone}, now=now)
