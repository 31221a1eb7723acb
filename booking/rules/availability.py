"""Which times are free: hours on the wall clock, minus time off, minus what is taken, in steps. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking.rules import walltime
from booking.rules.intervals import Interval, Taken, subtract


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time that can be booked, without buffers. `practitioner` and `location` are ids."""

    start: datetime
    end: datetime
    practitioner: UUID
    location: UUID


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours of one weekday (0 is Monday) in wall time; dates inclusive, None is open."""

    weekday: int
    start: time
    end: time
    first_date: date | None = None
    last_date: date | None = None

    def hold_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.first_date is None or self.first_date <= day)
            and (self.last_date is None or day <= self.last_date)
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """How much time a visit takes: minutes of the visit, and of the buffers around it."""

    minutes: int
    before: int = 0
    after: int = 0

    def visit(self, start: datetime) -> Interval:
        return Interval(start, start + timedelta(minutes=self.minutes))

    def occupied(self, start: datetime) -> Interval:
        return self.visit(start).around(before=self.before, after=self.after)


@dataclass(frozen=True, slots=True)
class RoomChoice:
    """A room as far as choosing one goes."""

    id: UUID
    name: str
    kinds: tuple[str, ...]


def working_windows(hours: Iterable[Hours], *, from_date: date, to_date: date, zone: str) -> list[Interval]:
    """The working hours of these days in UTC; `to_date` is inclusive. 09:00 stays 09:00 when the clocks change."""
    hours = list(hours)
    days = (from_date + timedelta(days=number) for number in range((to_date - from_date).days + 1))
    return sorted(
        Interval(opens, closes)
        for day in days
        for line in hours
        if line.hold_on(day)
        and (opens := walltime.opening(day, line.start, zone)) < (closes := walltime.closing(day, line.end, zone))
    )


def open_starts(
    windows: Iterable[Interval], *, away: Iterable[Interval], taken: Taken, shape: Shape, step: int
) -> Iterator[datetime]:
    """Every start, in steps of so many minutes from each window's opening, at which the visit lies in the hours without
    time off and the visit with its buffers touches nothing taken."""
    away = list(away)
    for window in windows:
        for stretch in subtract([window], away):
            for start in _steps(window.start, stretch, shape, step):
                if taken.leaves_free(shape.occupied(start)):
                    yield start


def is_worked(
    windows: Iterable[Interval], *, away: Iterable[Interval], shape: Shape, step: int, start: datetime
) -> bool:
    """Whether a visit may begin then as far as hours, time off and steps go; what is taken is not looked at."""
    visit = shape.visit(start)
    near = [window for window in windows if window.covers(visit)]
    return start in open_starts(near, away=away, taken=Taken(), shape=shape, step=step)


def pick_room(rooms: Iterable[RoomChoice], *, taken: Mapping[UUID, Taken], occupied: Interval) -> RoomChoice | None:
    """The free room with the fewest kinds, so that rooms for many stay open, then by name; None if all are taken."""
    nothing = Taken()
    free = [room for room in rooms if taken.get(room.id, nothing).leaves_free(occupied)]
    return min(free, key=lambda room: (len(room.kinds), room.name), default=None)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one therapist works: windows in UTC, rooms that suit the service (None: it needs no room)."""

    practitioner: UUID
    location: UUID
    windows: Sequence[Interval]
    away: Sequence[Interval]
    rooms: Sequence[RoomChoice] | None
    step: int
    earliest: datetime


def open_slots(
    desks: Iterable[Desk], *, shape: Shape, taken: Mapping[UUID, Taken], rooms_taken: Mapping[UUID, Taken]
) -> list[Slot]:
    """All free times in order, one for each therapist and start, with a room free throughout."""
    nothing = Taken()
    return sorted(
        Slot(start, start + timedelta(minutes=shape.minutes), desk.practitioner, desk.location)
        for desk in desks
        for start in open_starts(
            desk.windows,
            away=desk.away,
            taken=taken.get(desk.practitioner, nothing),
            shape=shape,
            step=desk.step,
        )
        if desk.earliest <= start
        and (desk.rooms is None or pick_room(desk.rooms, taken=rooms_taken, occupied=shape.occupied(start)))
    )


def _steps(anchor: datetime, stretch: Interval, shape: Shape, step: int) -> Iterator[datetime]:
    size = timedelta(minutes=step)
    start = anchor - (anchor - stretch.start) // size * size  # the first step that is not before the stretch
    while start + timedelta(minutes=shape.minutes) <= stretch.end:
        yield start
        start += size
