"""Hours as they are stored offer exactly the times that any other calendar program would leave free."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from booking.models import DaySchedule, HolidayOverride, Schedule
from booking.selectors.slots import free_times
from tests.booking.rules.other_calendars import Weeks, beginnings, weeks
from tests.factories.booking import Clinic

pytestmark = pytest.mark.django_db


def store(clinic: Clinic, said: Weeks) -> None:
    """Anna's hours, and nothing else of her."""
    of_anna = {"practitioner": clinic.anna, "location": clinic.location}
    for rows in (Schedule.objects, DaySchedule.objects, HolidayOverride.objects):
        rows.all().delete()
    Schedule.objects.bulk_create(
        Schedule(
            **of_anna,
            weekday=one.weekday,
            start_time=one.start,
            end_time=one.end,
            first_date=one.first_date,
            last_date=one.last_date,
            every_weeks=one.every_weeks,
            is_break=one.is_break,
        )
        for one in said.hours
    )
    DaySchedule.objects.bulk_create(
        DaySchedule(**of_anna, date=one.date, start_time=one.start, end_time=one.end, replaces=one.replaces)
        for one in said.exceptions
    )
    HolidayOverride.objects.bulk_create(
        HolidayOverride(location=clinic.location, date=day, open=False, name="Closed") for day in said.closed
    )


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=weeks)
def test_what_is_offered_is_what_any_other_calendar_leaves_free(clinic: Clinic, said: Weeks) -> None:
    store(clinic, said)
    clinic.location.time_zone = said.zone
    clinic.location.save()
    eve = datetime.combine(said.first - timedelta(days=1), time(12), ZoneInfo(said.zone))
    offered = free_times(
        service=clinic.needling, practitioner=clinic.anna, from_date=said.first, to_date=said.last, now=eve
    ).slots
    assert [one.start for one in offered] == beginnings(said.elsewhere(), taken=set(), length=4, step=1)
