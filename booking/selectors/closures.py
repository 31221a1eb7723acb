"""What keeps a therapist, a room or the whole clinic from being there, and the visits that lie in it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from booking.models import Appointment, HolidayOverride, Location, Practitioner, Room, RoomClosure, TimeOff
from booking.rules.intervals import Interval
from booking.rules.lifecycle import COMING
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.holidays import closed_days_of, public_holidays, visits_on
from booking.selectors.locations import the_clinic
from booking.selectors.outside_hours import uncovered, uncovered_visits

_EVER: Final = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_AHEAD: Final = timedelta(days=800)  # further than anyone books
_DAY_DIGITS: Final = 32  # bits of an id that hold a day
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1).toordinal(), date(2200, 1, 1).toordinal()
_IN_A_ROOM = (*COMING, Appointment.Status.ARRIVED)  # who is here already needs a room too


@dataclass(frozen=True, slots=True)
class Closure:
    """From when until when who or what is not there: a therapist, a room, or with neither the whole clinic. `by_hours`:
    whatever a therapist's hours and authorisation don't cover, whenever it is. `by_law`: a public holiday, on which
    what staff put there on purpose stays.
    """

    id: UUID
    location: Location
    start: datetime
    end: datetime
    practitioner: Practitioner | None = None
    room: Room | None = None
    reason: str = ""
    whole_day: bool = False
    by_hours: bool = False
    by_law: bool = False

    @property
    def may_be_taken_out(self) -> bool:
        return not (self.whole_day or self.by_hours)


def closure_with_id(closure_id: UUID) -> Closure | None:
    """The time off, the closed room or the closed day that has this id, or the hours of the therapist who has it; None
    if it was taken out again. A public holiday has no row: its id is the clinic's, with the day for the last digits.
    """
    away = TimeOff.objects.select_related("practitioner", "location").filter(pk=closure_id).first()
    if away is not None:
        return closure_of(away)
    shut = RoomClosure.objects.select_related("room__location").filter(pk=closure_id).first()
    if shut is not None:
        return closure_of(shut)
    holiday = HolidayOverride.objects.select_related("location").filter(pk=closure_id, open=False).first()
    if holiday is not None:
        return closure_of(holiday)
    therapist, clinic = Practitioner.objects.filter(pk=closure_id).first(), the_clinic()
    if clinic is None:
        return None
    return _hours_of(therapist, clinic) if therapist else _holiday_with_id(closure_id, clinic)


def closure_hitting(visit: Appointment) -> Closure | None:
    """What keeps a visit from taking place as booked, the first that is found; None: nothing does."""
    who = Q(practitioner=visit.practitioner_id) | Q(practitioner=None, location=visit.location_id)
    at_that_time = {"start__lt": visit.end, "end__gt": visit.start}
    day = wall_date(visit.start, visit.time_zone)
    row = (
        TimeOff.objects.filter(who, **at_that_time).order_by("start", "pk").first()
        or HolidayOverride.objects.filter(location=visit.location_id, open=False, date=day).first()
        or RoomClosure.objects.filter(room=visit.room_id, **at_that_time).order_by("start", "pk").first()
    )
    if row is not None:
        return closure_of(row)
    if not uncovered([visit]):
        return None
    return _public_holiday(visit.location, day) or _hours_of(visit.practitioner, visit.location)


def holidays_with_visits(location: Location, *, now: datetime) -> list[Closure]:
    """The public holidays of the province on which the clinic is closed and visits stand all the same, in order."""
    today = wall_date(now, location.time_zone)
    days = closed_days_of(location, from_date=today, to_date=today + _AHEAD)
    hit = visits_on(days, location=location, now=now)
    found = (_public_holiday(location, day) for day in days if hit[day])
    return [one for one in found if one is not None]


def closure_of(row: TimeOff | RoomClosure | HolidayOverride) -> Closure:
    """A row of any kind as what it closes."""
    if isinstance(row, TimeOff):
        return Closure(row.pk, row.location, row.start, row.end, practitioner=row.practitioner, reason=row.reason)
    if isinstance(row, RoomClosure):
        return Closure(row.pk, row.room.location, row.start, row.end, room=row.room, reason=row.reason)
    return _whole_day(row.pk, row.location, row.date, row.name)


def displaced_by(closure: Closure, *, now: datetime) -> QuerySet[Appointment]:
    """Visits in this time that still stand as booked, in order; also today's whose hour is over, for who closes after
    the fact.
    """
    if closure.by_hours and closure.practitioner is not None:
        standing = [one.pk for one in uncovered_visits(closure.practitioner, now=now)]
        return Appointment.objects.filter(pk__in=standing).order_by("start", "pk")
    zone = closure.location.time_zone
    hit = Appointment.objects.filter(
        status__in=COMING if closure.room is None else _IN_A_ROOM,
        start__lt=closure.end,
        end__gt=max(closure.start, start_of_day(wall_date(now, zone), zone)),
    )
    if closure.room is not None:
        hit = hit.filter(room=closure.room)
    elif closure.practitioner is not None:
        hit = hit.filter(practitioner=closure.practitioner)
    else:
        hit = hit.filter(location=closure.location)
    if closure.by_law:
        hit = hit.filter(set_aside="")
    return hit.order_by("start", "pk")


def _hours_of(practitioner: Practitioner, location: Location) -> Closure:
    return Closure(practitioner.pk, location, _EVER.start, _EVER.end, practitioner=practitioner, by_hours=True)


def _holiday_with_id(closure_id: UUID, location: Location) -> Closure | None:
    whose, day = divmod(closure_id.int, 1 << _DAY_DIGITS)
    if whose != location.pk.int >> _DAY_DIGITS or not _FIRST_DAY <= day <= _LAST_DAY:
        return None
    return _public_holiday(location, date.fromordinal(day))


def _public_holiday(location: Location, day: date) -> Closure | None:
    """Without a decision of the clinic's own about that day, which has an id and a name of its own."""
    name = public_holidays(location.province, from_date=day, to_date=day).get(day)
    if name is None or location.holiday_overrides.filter(date=day).exists():
        return None
    its_id = UUID(int=(location.pk.int >> _DAY_DIGITS << _DAY_DIGITS) | day.toordinal())
    return _whole_day(its_id, location, day, name, by_law=True)


def _whole_day(its_id: UUID, location: Location, day: date, name: str, *, by_law: bool = False) -> Closure:
    zone = location.time_zone
    first, last = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    return Closure(its_id, location, first, last, reason=name, whole_day=True, by_law=by_law)
