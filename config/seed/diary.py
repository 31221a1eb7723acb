"""Draws a diary of visits: who works when, what is booked, in which room. Nothing is written here.

Days are filled back to back and then thinned out until a share of the working time is booked.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from booking.models import HealthcareService, Practitioner, Room, Schedule, TimeOff
from booking.rules.intervals import Interval
from config.seed.clinic import Clinic

BOOKED_SHARE = 0.6
ROOM_TO_CHOOSE = 0.4  # of the demonstration, so that whoever tries it finds a time
_WEIGHTS = {"first-visit": 22, "follow-up": 60, "assessment": 10, "phone-call": 8}
_STEP = timedelta(minutes=15)


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

    def __init__(self, *, clinic: Clinic, rng: Random, time_off: list[TimeOff], share: float = BOOKED_SHARE) -> None:
        self._clinic = clinic
        self._rng = rng
        self._share = share
        self._zone = ZoneInfo(clinic.location.time_zone)
        self._hours: dict[int, list[Schedule]] = defaultdict(list)
        for row in Schedule.objects.filter(location=clinic.location).order_by("practitioner__name", "start_time"):
            self._hours[row.weekday].append(row)
        self._time_off = time_off
        self._practitioners = {person.pk: person for person in clinic.practitioners}

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
        return kept

    def _windows(self, day: date) -> Iterator[tuple[Interval, Practitioner]]:
        for row in self._hours[day.weekday()]:
            window = Interval(
                datetime.combine(day, row.start_time, self._zone), datetime.combine(day, row.end_time, self._zone)
            )
            if not any(self._is_off(row, window, absence) for absence in self._time_off):
                yield window, self._practitioners[row.practitioner_id]

    def _is_off(self, row: Schedule, window: Interval, absence: TimeOff) -> bool:
        theirs = absence.practitioner_id in (None, row.practitioner_id)
        return theirs and absence.start < window.end and window.start < absence.end

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
