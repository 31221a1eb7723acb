"""Why a time is not offered, in words for staff. Nobody's name but the therapist's, whoever asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from booking.models import Appointment, HealthcareService, Practitioner
from booking.rules.availability import Desk
from booking.rules.intervals import Interval, overlaps
from booking.rules.refusals import refusals
from booking.rules.walltime import start_of_day, to_wall, wall_date
from booking.selectors.openings import Notice, desk_unbounded, occupying, shape_of, taken_between
from booking.selectors.practitioners import may_needle, needles
from booking.selectors.working_time import AwayKind, WorkingTime, working_time_of

_DAY = timedelta(days=1)
_FAR = timedelta(days=800)
# Reception may book all the same: it has talked to the caller, and sees the holes.
_FOR_PATIENTS_ONLY: Final = frozenset({"offline", "notice", "gap"})


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a visit from beginning then."""

    code: str
    words: str

    @property
    def binds_staff(self) -> bool:
        return self.code not in _FOR_PATIENTS_ONLY


@dataclass(frozen=True, slots=True)
class _Asked:
    service: HealthcareService
    practitioner: Practitioner
    start: datetime
    besides: Appointment | None
    now: datetime

    @property
    def visit(self) -> Interval:
        return shape_of(self.service).visit(self.start)


def why_not(
    *,
    service: HealthcareService,
    practitioner: Practitioner,
    start: datetime,
    holder: Appointment | None = None,
    now: datetime,
) -> list[Reason]:
    """Everything that keeps patients from beginning this visit with this therapist then; nothing if it is offered.

    The time of `holder` (a hold, or a visit that is being moved) counts as free. What the patient's answers say is not
    looked at. A few queries.
    """
    if start < now:
        return [Reason("past", _("That time is over."))]
    if start > now + _FAR:
        return [Reason("horizon", _("That is further ahead than anything can be booked."))]
    asked = _Asked(service, practitioner, start, holder, now)
    by_clinic = [
        list(_at(place, asked))
        for place in working_time_of(
            practitioners=[practitioner], from_date=(start - _DAY).date(), to_date=(start + _DAY).date()
        )
    ]
    here = min(by_clinic, key=len, default=[_no_hours(asked)])
    return [*_of_the_service(asked), *here]


def _of_the_service(asked: _Asked) -> Iterator[Reason]:
    service, who = asked.service, asked.practitioner
    if not service.online:
        yield Reason("offline", _("%(service)s is booked at the desk only.") % {"service": service})
    if not who.active or not service.practitioners.filter(pk=who.pk).exists():
        yield Reason("service", _("%(who)s does not offer %(service)s.") % {"who": who, "service": service})


def _at(place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    zone = place.location.time_zone
    day = wall_date(asked.start, zone)
    if needles(asked.service) and not may_needle(asked.practitioner, day):
        words = _("%(who)s has no authorisation to needle that is valid on that day.")
        yield Reason("authorisation", words % {"who": asked.practitioner})
    if day > wall_date(asked.now, zone) + timedelta(days=place.location.days_ahead):
        words = _("Nothing can be booked more than %(days)d days ahead.")
        yield Reason("horizon", words % {"days": place.location.days_ahead})
    desk = desk_unbounded(asked.service, asked.practitioner, place, day=day, notice=Notice(), now=asked.now)
    occupied = shape_of(asked.service).occupied(asked.start)
    taken, rooms_taken = taken_between(occupied.start, occupied.end, besides=asked.besides, now=asked.now)
    for code in refusals(desk, shape=shape_of(asked.service), start=asked.start, taken=taken, rooms_taken=rooms_taken):
        yield from _SAID[code](desk, place, asked)


def _notice(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    words = _("It is too soon: online, a time must be at least %(minutes)d minutes ahead.")
    yield Reason("notice", words % {"minutes": place.location.minimum_notice_minutes})


def _hours(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    zone = place.location.time_zone
    day = wall_date(asked.start, zone)
    if day in place.closed:
        name = place.closed[day] or _("no reason noted")
        yield Reason("holiday", _("The clinic is closed that day: %(name)s.") % {"name": name})
        return
    stretches = [_from_to(window, zone) for window in desk.windows if wall_date(window.start, zone) == day]
    if not stretches:
        yield Reason("hours", _("%(who)s does not work that day.") % {"who": asked.practitioner})
        return
    words = _("%(who)s works %(hours)s that day; the visit would last %(visit)s.")
    said = {"who": asked.practitioner, "hours": _(" and ").join(stretches), "visit": _from_to(asked.visit, zone)}
    yield Reason("hours", words % said)


def _step(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    zone = place.location.time_zone
    window = next(one for one in desk.windows if one.covers(asked.visit))
    size = timedelta(minutes=desk.step)
    before = window.start + (asked.start - window.start) // size * size
    words = _("Visits begin every %(minutes)d minutes: at %(before)s or %(after)s, not at %(asked)s.")
    said = {"before": _clock(before, zone), "after": _clock(before + size, zone), "asked": _clock(asked.start, zone)}
    yield Reason("step", words % {"minutes": desk.step, **said})


def _away(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    zone = place.location.time_zone
    date = wall_date(asked.start, zone)
    day = Interval(start_of_day(date, zone), start_of_day(date + timedelta(days=1), zone))
    for away in place.away:
        if not overlaps(away.interval, asked.visit):
            continue
        when = _("that whole day") if away.interval.covers(day) else _from_to(away.interval, zone)
        said = {"who": asked.practitioner, "when": when}
        if away.kind == AwayKind.BUSY:
            yield Reason("external-busy", _("%(who)s's own calendar says busy, %(when)s.") % said)
        else:
            yield Reason("time-off", _("%(who)s or the clinic is away, %(when)s.") % said)


def _busy(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    zone = place.location.time_zone
    occupied = shape_of(asked.service).occupied(asked.start)
    there = occupying(now=asked.now).filter(practitioner=asked.practitioner, occupied__overlap=tuple(occupied))
    if asked.besides is not None:
        there = there.exclude(pk=asked.besides.pk)
    for visit in there.order_by("start"):
        said = {
            "who": asked.practitioner,
            "when": _from_to(Interval(visit.start, visit.end), zone),
            "kept": _from_to(Interval(visit.occupied.lower, visit.occupied.upper), zone),
        }
        if visit.status == Appointment.Status.PROPOSED and visit.hold_expires_at is not None:
            words = _("Somebody is booking %(when)s with %(who)s just now; it is kept for them until %(until)s.")
            yield Reason("held", words % {**said, "until": _clock(visit.hold_expires_at, zone)})
        elif said["when"] == said["kept"]:
            yield Reason("busy", _("%(who)s has a visit %(when)s.") % said)
        else:
            yield Reason("busy", _("%(who)s has a visit %(when)s; with the time around it that is %(kept)s.") % said)


def _no_room(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    words = _("Every room for it is taken or closed at that time.") if desk.rooms else _("There is no room for it.")
    yield Reason("no-room", words)


def _day_limit(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    words = _("%(who)s has %(number)d visits that day already, and takes no more on one day.")
    yield Reason("day-limit", words % {"who": asked.practitioner, "number": desk.visits_a_day})


def _gap(desk: Desk, place: WorkingTime, asked: _Asked) -> Iterator[Reason]:
    words = _("It would leave a hole of less than %(minutes)d minutes, in which nothing fits.")
    yield Reason("gap", words % {"minutes": desk.useful_gap})


_SAID = {
    "notice": _notice,
    "hours": _hours,
    "step": _step,
    "away": _away,
    "busy": _busy,
    "no-room": _no_room,
    "day-limit": _day_limit,
    "gap": _gap,
}


def _no_hours(asked: _Asked) -> Reason:
    return Reason("hours", _("%(who)s has no hours near that day.") % {"who": asked.practitioner})


def _from_to(stretch: Interval, zone: str) -> str:
    """ "9:00 to 10:00", with dates where it is longer than a day."""
    first, last = to_wall(stretch.start, zone), to_wall(stretch.end, zone)
    if last - first > _DAY:
        return _("%(first)s to %(last)s") % {"first": first.date(), "last": last.date()}
    return _("%(first)s to %(last)s") % {"first": _clock(stretch.start, zone), "last": _clock(stretch.end, zone)}


def _clock(moment: datetime, zone: str) -> str:
    wall = to_wall(moment, zone)
    return f"{wall.hour}:{wall.minute:02}"
