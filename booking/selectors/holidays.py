"""The days on which a clinic is closed: public holidays of its province (unless it opens then), and those it adds."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache, reduce
from operator import or_

from django.db.models import Q
from holidays import country_holidays

from booking.models import Appointment, Location
from booking.rules.lifecycle import COMING
from booking.rules.walltime import start_of_day, wall_date

_DAY = timedelta(days=1)

Override = tuple[date, bool, str]  # the date, whether the clinic is open, the name


def closed_days_of(location: Location, *, from_date: date, to_date: date) -> dict[date, str]:
    """The closed dates of a clinic with their names, in order; `to_date` is inclusive."""
    own = location.holiday_overrides.filter(date__range=(from_date, to_date)).values_list("date", "open", "name")
    return closed_days(location.province, own, from_date=from_date, to_date=to_date)


def closed_days(province: str, own: Iterable[Override], *, from_date: date, to_date: date) -> dict[date, str]:
    """The same from the clinic's own decisions, where somebody has read them already."""
    closed = public_holidays(province, from_date=from_date, to_date=to_date)
    for day, is_open, name in own:
        if is_open:
            closed.pop(day, None)
        else:
            closed[day] = name
    return dict(sorted(closed.items()))


def public_holidays(province: str, *, from_date: date, to_date: date) -> dict[date, str]:
    """The public holidays of a province with their names; none without a province. `to_date` is inclusive."""
    return {
        day: name
        for year in range(from_date.year, to_date.year + 1)
        for day, name in _holidays_of(province, year)
        if from_date <= day <= to_date
    }


def visits_on(days: Iterable[date], *, location: Location, now: datetime) -> Counter[date]:
    """How many coming visits the clinic has on each of these dates."""
    zone = location.time_zone
    on_a_day = [Q(start__gte=start_of_day(day, zone), start__lt=start_of_day(day + _DAY, zone)) for day in days]
    if not on_a_day:
        return Counter()
    hit = Appointment.objects.filter(reduce(or_, on_a_day), location=location, status__in=COMING, end__gt=now)
    return Counter(wall_date(start, zone) for start in hit.values_list("start", flat=True))


@cache
def _holidays_of(province: str, year: int) -> tuple[tuple[date, str], ...]:
    if not province:
        return ()
    return tuple(sorted(country_holidays("CA", subdiv=province, years=year, language="en_CA").items()))
