"""What may be booked, found out the slow way: minute by minute, with code of its own. Nothing of ours is used here.

Moments are minutes since 1970. Hours may not begin or end inside an hour in which clocks change.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Line:
    """Hours of a weekday, or a break."""

    weekday: int
    start: time
    end: time
    first: date | None = None
    every: int = 1
    is_break: bool = False


@dataclass
class World:
    """All that there is: one therapist, some rooms, what is taken (from, until)."""

    zone: str
    first_day: date
    days: int
    lines: list[Line] = field(default_factory=list)
    instead: dict[date, tuple[time, time] | None] = field(default_factory=dict)
    extra: dict[date, tuple[time, time]] = field(default_factory=dict)
    closed: set[date] = field(default_factory=set)
    away: list[tuple[int, int]] = field(default_factory=list)
    visits: list[tuple[int, int]] = field(default_factory=list)
    rooms: list[list[tuple[int, int]]] | None = None
    minutes: int = 60
    before: int = 0
    after: int = 0
    step: int = 15
    earliest: int = 0
    a_day: int | None = None
    useful: int | None = None


def bookable(world: World) -> list[datetime]:
    """Every minute at which a visit may begin."""
    zone = ZoneInfo(world.zone)
    midnight = datetime.combine(world.first_day, time(), UTC)
    everything = range(_minute(midnight) - 1440, _minute(midnight) + (world.days + 1) * 1440)
    walls = {one: datetime.fromtimestamp(one * 60, zone).replace(tzinfo=None) for one in everything}
    working = {one for one, wall in walls.items() if _works(world, wall)}
    away, busy = _minutes_of(world.away), _minutes_of(world.visits)
    rooms = None if world.rooms is None else [_minutes_of(one) for one in world.rooms]
    began = Counter(datetime.fromtimestamp(start * 60, zone).date() for start, _ in world.visits)

    def may_lie(minute: int) -> bool:
        near = range(minute - world.before, minute + world.after + 1)
        return minute in working and minute not in away and not any(one in busy for one in near)

    def may_begin(start: int) -> bool:
        whole = range(start - world.before, start + world.minutes + world.after)
        return (
            start >= world.earliest
            and (start - _back(start, working.__contains__)) % world.step == 0
            and all(may_lie(one) for one in range(start, start + world.minutes))
            and (rooms is None or any(all(one not in room for one in whole) for room in rooms))
            and (world.a_day is None or began[walls[start].date()] < world.a_day)
        )

    found: dict[int, list[int]] = {}
    for start in sorted(working):
        if may_begin(start):
            found.setdefault(_back(start, may_lie), []).append(start)
    kept: list[int] = []
    for first, starts in found.items():
        last = starts[-1]
        while may_lie(last):
            last += 1
        tidy = [one for one in starts if _fine(one - first, world) and _fine(last - one - world.minutes, world)]
        kept += (tidy or starts) if world.useful else starts
    return [datetime.fromtimestamp(one * 60, UTC) for one in sorted(kept)]


def _back(minute: int, holds: Callable[[int], bool]) -> int:
    """The first minute of the unbroken row in which it holds."""
    while holds(minute - 1):
        minute -= 1
    return minute


def _fine(left: int, world: World) -> bool:
    return left < world.step or left >= (world.useful or 0)


def _works(world: World, wall: datetime) -> bool:
    day, clock = wall.date(), wall.time()
    if day in world.closed or not world.first_day <= day < world.first_day + timedelta(days=world.days):
        return False
    if day in world.extra and world.extra[day][0] <= clock < world.extra[day][1]:
        return True
    if day in world.instead:
        hours = world.instead[day]
        return hours is not None and hours[0] <= clock < hours[1]
    on = [one for one in world.lines if _holds(one, day) and one.start <= clock < one.end]
    return any(not one.is_break for one in on) and not any(one.is_break for one in on)


def _holds(line: Line, day: date) -> bool:
    if day.weekday() != line.weekday or (line.first is not None and day < line.first):
        return False
    if line.every == 1 or line.first is None:
        return True
    monday = line.first - timedelta(days=line.first.weekday())
    weeks = 0
    while monday + timedelta(days=7 * (weeks + 1)) <= day:
        weeks += 1
    return weeks % line.every == 0


def _minutes_of(stretches: Iterable[tuple[int, int]]) -> set[int]:
    return {minute for first, last in stretches for minute in range(first, last)}


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
