"""Draws a diary of visits: who works when, what is booked, in which room. Nothing is written here.

Days are filled back to back and then thinned out until a share of the working time is booked.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from booking.models import HealthcareService, Practitioner, Room
from booking.rules.intervals import Interval, overlaps
from booking.selectors.working_time import working_time_of
from config.seed.clinic import Clinic

BOOKED_SHARE = 0.6
ROOM_TO_CHOOSE = 0.4  # of the demonstration, so that whoever tries it finds a time
_WEIGHTS = {"first-visit": 22, "follow-up": 60, "assessment": 10, "phone-call": 8}
_STEP = timedelta(minutes=15)
_YEARS = timedelta(days=7000)  # further back than any seeded visit


@dataclass(frozen=True, slots=True)
class Visit:
    """One drawn visit; times in UTC."""

    service: HealthcareService
    practitioner: Practitioner
    room: Room | None
    start: datetime

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.service.minutes)

    @property
    def occupied(self) -> Interval:
        service = self.service
        return Interval(
            self.start - timedelta(minutes=service.buffer_before), self.end + timedelta(minutes=service.buffer_after)
        )


class Diary:
    """The visits of one clinic, day by day."""

    def __init__(self, *, clinic: Clinic, rng: Random, today: date, share: float = BOOKED_SHARE) -> None:
        """Hours and time off must be written by now; `today` is the middle of the dates that are looked at."""
        self._clinic = clinic
        self._rng = rng
        self._share = share
        self._practitioners = {person.pk: person for person in clinic.practitioners}
        self._working = working_time_of(
            practitioners=sorted(clinic.practitioners, key=str),
            location=clinic.location,
            from_date=today - _YEARS,
            to_date=today + _YEARS,
        )

    def coming(self, *, today: date, days: int, at_most: int) -> list[Visit]:
        """Visits from today on, never more than `at_most`."""
        visits = [visit for offset in range(days) for visit in self._day(today + timedelta(days=offset))]
        return sorted(self._rng.sample(visits, min(len(visits), at_most)), key=_by_time)

    def past(self, *, today: date, number: int) -> list[Visit]:
        """As many visits as asked for, from yesterday backwards."""
        visits: list[Visit] = []
        day = today
        while len(visits) < number:
            day -= timedelta(days=1)
            visits += self._day(day)
        return sorted(visits[:number], key=_by_time)

    def _day(self, day: date) -> list[Visit]:
        busy: dict[object, list[Interval]] = defaultdict(list)
        visits: list[Visit] = []
        minutes = 0.0
        for window, practitioner in self._windows(day):
            minutes += (window.end - window.start).total_seconds() / 60
            visits += self._fill(window, practitioner, busy)
        self._rng.shuffle(visits)
        wanted, kept = minutes * self._share, []
        for visit in visits:
            if wanted < visit.service.minutes / 2:
                break
            kept.append(visit)
            wanted -= visit.service.minutes
        return list(self._in_rooms(kept))

    def _in_rooms(self, visits: list[Visit]) -> Iterator[Visit]:
        """The same visits, each in the room that a booking picks: the first that is free. Before the thinning out every
        room was taken all day; there is always one, because fewer visits need no more rooms.
        """
        busy: dict[object, list[Interval]] = defaultdict(list)
        for visit in sorted(visits, key=_by_time):
            if visit.room is None:
                yield visit
                continue
            room = next(
                room
                for room in self._clinic.rooms
                if visit.service.room_kind in room.kinds
                and not any(_meet(visit.occupied, one) for one in busy[room.pk])
            )
            busy[room.pk].append(visit.occupied)
            yield replace(visit, room=room)

    def _windows(self, day: date) -> Iterator[tuple[Interval, Practitioner]]:
        for works in self._working:
            for window in works.windows(from_date=day, to_date=day):
                if not any(overlaps(window, away.interval) for away in works.away):
                    yield window, self._practitioners[works.practitioner]

    def _fill(
        self, window: Interval, practitioner: Practitioner, busy: dict[object, list[Interval]]
    ) -> Iterator[Visit]:
        start = window.start
        while start < window.end:
            visit = self._visit_at(start, window, practitioner, busy)
            if visit is None:
                start += _STEP
                continue
            if visit.room:
                busy[visit.room.pk].append(visit.occupied)
            yield visit
            steps = -(-(visit.occupied.end - start) // _STEP)
            start += steps * _STEP

    def _visit_at(
        self, start: datetime, window: Interval, practitioner: Practitioner, busy: dict[object, list[Interval]]
    ) -> Visit | None:
        services = list(self._clinic.services)
        weights = [_WEIGHTS.get(service.slug, 10) for service in services]
        for service in self._rng.choices(services, weights, k=3):
            visit = Visit(service, practitioner, None, start.astimezone(ZoneInfo("UTC")))
            if visit.occupied.end > window.end:
                continue
            if not service.room_kind:
                return visit
            for room in self._clinic.rooms:
                if service.room_kind in room.kinds and not any(_meet(visit.occupied, other) for other in busy[room.pk]):
                    return Visit(service, practitioner, room, visit.start)
        return None


def _meet(one: Interval, other: Interval) -> bool:
    return one.start < other.end and other.start < one.end


def _by_time(visit: Visit) -> tuple[datetime, str]:
    return visit.start, visit.practitioner.name
