"""The days on which the clinic is closed. Whoever writes them takes the locks of all who work there."""

from datetime import date, datetime

from django.db import transaction

from booking.models import HolidayOverride, Location
from booking.services.constraints import named_constraints
from booking.services.schedules import lock_whoever_works, require_settler
from intake.models import User
from intake.services.audit import record_event


def override_holiday(
    *, location: Location, day: date, is_open: bool, name: str = "", by: User, now: datetime
) -> HolidayOverride:
    """Open the clinic on a public holiday, or close it on another date. Visits on a closed date stay, to be mended.

    :raises NotAllowed: `by` is neither a manager nor the owner
    """
    require_settler(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_whoever_works(location)
        made, _new = HolidayOverride.objects.update_or_create(
            location=location, date=day, defaults={"open": is_open, "name": name}
        )
        details = {"date": day.isoformat(), "open": is_open}
        record_event(action="holiday-overridden", entity=made, by=by, details=details, now=now)
        return made


def keep_holiday(*, override: HolidayOverride, by: User, now: datetime) -> None:
    """Let the date be again what the province says of it.

    :raises NotAllowed: `by` is neither a manager nor the owner
    """
    require_settler(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_whoever_works(override.location)
        details = {"date": override.date.isoformat(), "open": override.open}
        record_event(action="holiday-kept", entity=override, by=by, details=details, now=now)
        HolidayOverride.objects.filter(pk=override.pk).delete()


def set_province(*, location: Location, province: str, by: User, now: datetime) -> None:
    """Say whose public holidays the clinic keeps; none: only the dates that it closes itself.

    :raises NotAllowed: `by` is neither a manager nor the owner
    """
    require_settler(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_whoever_works(location)
        Location.objects.filter(pk=location.pk).update(province=province)
        record_event(action="province-set", entity=location, by=by, details={"province": province}, now=now)
