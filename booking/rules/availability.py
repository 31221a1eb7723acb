"""Which times are free: working hours, minus time off, minus what is taken, in steps. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from booking.rules.intervals import Interval, Taken, seconds_of
from booking.rules.walltime import start_of_day, wall_date

_NOTHING = Taken()
_NEVER = (float("inf"), float("inf"))
_DAY = timedelta(days=1)
_IN_ORDER = attrgetter("start", "practitioner", "location")


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time that can be booked, without buffers. `practitioner` and `location` are ids."""

    start: datetime
    end: datetime
    practitioner: UUID
    location: UUID


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


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one therapist works: windows in UTC, rooms that suit the service (None: it needs no room).

    :param step: minutes between two starts, counted from each window's opening
    :param useful_gap: minutes that a hole must have at least for something to fit in it; None: holes don't matter
    :param visits_a_day: so many visits begin on one day (of `zone`) at most; None: as many as fit
    """

    practitioner: UUID
    location: UUID
    windows: Sequence[Interval]
    away: Sequence[Interval]
    rooms: Iterable[RoomChoice] | None
    step: int
    earliest: datetime
    zone: str = "UTC"
    useful_gap: int | None = None
    visits_a_day: int | None = None


def open_starts(
    windows: Iterable[Interval], *, away: Iterable[Interval], taken: Taken, shape: Shape, step: int
) -> Iterator[datetime]:
    """Every start, in steps of so many minutes from each window's opening, at which the visit lies in the hours without
    time off and the visit with its buffers touches nothing taken."""
    for stretch in _stretches(windows, away, taken, shape):
        yield from map(_moment, _steps(stretch, shape, step))


def is_worked(
    windows: Iterable[Interval], *, away: Iterable[Interval], shape: Shape, step: int, start: datetime
) -> bool:
    """Whether a visit may begin then as far as hours, time off and steps go; what is taken is not looked at."""
    visit = shape.visit(start)
    near = [window for window in windows if window.covers(visit)]
    return start in open_starts(near, away=away, taken=_NOTHING, shape=shape, step=step)


def free_rooms(rooms: Iterable[RoomChoice], *, taken: Mapping[UUID, Taken], occupied: Interval) -> list[RoomChoice]:
    """The free rooms, those with the fewest kinds first, so that rooms for many stay open, then by name."""
    free = [room for room in rooms if taken.get(room.id, _NOTHING).leaves_free(occupied)]
    return sorted(free, key=lambda room: (len(room.kinds), room.name))


def pick_room(rooms: Iterable[RoomChoice], *, taken: Mapping[UUID, Taken], occupied: Interval) -> RoomChoice | None:
    """The first of `free_rooms`; None if all are taken."""
    return next(iter(free_rooms(rooms, taken=taken, occupied=occupied)), None)


def offered_starts(
    desk: Desk, *, shape: Shape, taken: Mapping[UUID, Taken], rooms_taken: Mapping[UUID, Taken]
) -> Iterator[datetime]:
    """Every start at this desk that can be booked, in order: the one answer to what is offered and what is booked."""
    busy = taken.get(desk.practitioner, _NOTHING)
    has_room, is_full = _room_finder(desk.rooms, shape, rooms_taken), _day_counter(desk, busy)
    earliest = desk.earliest.timestamp()
    for stretch in _stretches(desk.windows, desk.away, busy, shape):
        starts = [
            start
            for start in _steps(stretch, shape, desk.step)
            if start >= earliest and has_room(start) and not is_full(start)
        ]
        yield from map(_moment, _without_holes(starts, stretch, shape, desk) if desk.useful_gap else starts)


def is_offered(
    desk: Desk, *, shape: Shape, start: datetime, taken: Mapping[UUID, Taken], rooms_taken: Mapping[UUID, Taken]
) -> bool:
    """Whether `offered_starts` has this start; looks at no other window."""
    visit = shape.visit(start)
    near = replace(desk, windows=[window for window in desk.windows if window.covers(visit)])
    return start in offered_starts(near, shape=shape, taken=taken, rooms_taken=rooms_taken)


def open_slots(
    desks: Iterable[Desk], *, shape: Shape, taken: Mapping[UUID, Taken], rooms_taken: Mapping[UUID, Taken]
) -> list[Slot]:
    """All free times in order, one for each therapist and start, with a room free throughout."""
    length = timedelta(minutes=shape.minutes)
    slots = [
        Slot(start, start + length, desk.practitioner, desk.location)
        for desk in desks
        for start in offered_starts(desk, shape=shape, taken=taken, rooms_taken=rooms_taken)
    ]
    return sorted(slots, key=_IN_ORDER)


def is_full(desk: Desk, *, taken: Mapping[UUID, Taken], start: datetime) -> bool:
    """Whether as many visits begin on that day as the therapist takes."""
    return _has_enough(desk, taken.get(desk.practitioner, _NOTHING), wall_date(start, desk.zone))


class Stretch(NamedTuple):
    """Where a visit may lie, in seconds since 1970, and the opening of its window, from which steps are counted."""

    opening: float
    start: float
    end: float


def _stretches(windows: Iterable[Interval], away: Iterable[Interval], taken: Taken, shape: Shape) -> Iterator[Stretch]:
    """What the visit fits in: the windows without time off, and without what is taken with the buffers that this visit
    has to keep from it."""
    before, after, length = shape.before * 60, shape.after * 60, shape.minutes * 60
    cuts = sorted([*seconds_of(away), *[(start - after, end + before) for start, end in taken.stretches], _NEVER])
    first = 0
    for opening, closing in sorted(seconds_of(windows)):
        while cuts[first][1] <= opening:
            first += 1
        start, at = opening, first
        while (cut := cuts[at])[0] < closing:
            if cut[0] - start >= length:
                yield Stretch(opening, start, cut[0])
            if cut[1] > start:
                start = cut[1]
            at += 1
        if closing - start >= length:
            yield Stretch(opening, start, closing)


def _steps(stretch: Stretch, shape: Shape, step: int) -> Iterator[float]:
    size = step * 60
    start = stretch.opening - (stretch.opening - stretch.start) // size * size  # the first step that is not before it
    last = stretch.end - shape.minutes * 60
    while start <= last:
        yield start
        start += size


def _without_holes(starts: list[float], stretch: Stretch, shape: Shape, desk: Desk) -> list[float]:
    """Those that leave no hole; all of them where each would, because a visit with a hole is better than none."""
    assert desk.useful_gap is not None
    step, useful = desk.step * 60, desk.useful_gap * 60

    def is_tidy(start: float) -> bool:
        """What is left before and after is too short to be anything but a step that can't be helped, or of use."""
        left = (start - stretch.start, stretch.end - start - shape.minutes * 60)
        return all(one < step or one >= useful for one in left)

    return [start for start in starts if is_tidy(start)] or starts


def _room_finder(
    rooms: Iterable[RoomChoice] | None, shape: Shape, rooms_taken: Mapping[UUID, Taken]
) -> Callable[[float], bool]:
    """Tells of a start whether one single room is free throughout."""
    if rooms is None:
        return lambda start: True
    before, after = shape.before * 60, (shape.minutes + shape.after) * 60
    return lambda start: any(
        rooms_taken.get(room.id, _NOTHING).leaves_seconds_free(start - before, start + after) for room in rooms
    )


def _day_counter(desk: Desk, busy: Taken) -> Callable[[float], bool]:
    """Tells of a start whether its day has as many visits as it may have."""
    if desk.visits_a_day is None:
        return lambda start: False
    full = cache(lambda day: _has_enough(desk, busy, day))
    return lambda start: full(wall_date(_moment(start), desk.zone))


def _has_enough(desk: Desk, busy: Taken, day: date) -> bool:
    if desk.visits_a_day is None:
        return False
    whole = Interval(start_of_day(day, desk.zone), start_of_day(day + _DAY, desk.zone))
    return busy.visits_in(whole) >= desk.visits_a_day


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
