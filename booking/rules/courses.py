"""A course: several sessions with so many days from each to the next, on one weekday and at one hour where possible.

Days are counted on the clinic's calendar and hours on its clock, so ten o'clock stays ten o'clock when the clocks
change. Pure: free starts in, the best series out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from booking.rules import walltime

FEWEST: Final = 2
MOST: Final = 6
A_DAY_COUNTS_AS: Final = 180  # minutes: two hours off on the usual weekday is nearer than another day at the usual hour
ALTERNATIVES: Final = 6
OF_A_DAY: Final = 2

Why = Literal["", "not-free", "spacing", "clocks"]


@dataclass(frozen=True, slots=True)
class Spacing:
    """The fewest and the most days from one session to the next."""

    min_days: int
    max_days: int

    def allows(self, before: date, after: date) -> bool:
        return self.min_days <= (after - before).days <= self.max_days


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a series. `why` it isn't at the usual weekday and hour: that time is not free, or would come too
    soon or too late, or the clocks jump over it.
    """

    number: int
    start: datetime
    other_day: bool = False
    other_hour: bool = False
    why: Why = ""

    @property
    def differs(self) -> bool:
        return self.other_day or self.other_hour


@dataclass(frozen=True, slots=True)
class Series:
    """The best sessions that were found, the first included; fewer than `wanted` if no more are possible."""

    sessions: tuple[Session, ...]
    wanted: int

    @property
    def is_whole(self) -> bool:
        return len(self.sessions) == self.wanted


@dataclass(frozen=True, slots=True, order=True)
class _Path:
    """Lower is better: fewer sessions that differ, by less, over fewer days; then the earliest."""

    differing: int
    distance: int
    days: int
    starts: tuple[datetime, ...]


def find_series(free: Iterable[datetime], *, first: datetime, sessions: int, spacing: Spacing, zone: str) -> Series:
    """The best series of so many sessions that begins with `first`: as many as possible on its weekday and at its hour,
    the others as near to that as can be. Without a whole series: the longest, to show how far it came.
    """
    by_date = _by_date(free, zone)
    usual = walltime.to_wall(first, zone)
    begun = usual.date()
    reached = {begun: _Path(0, 0, 0, (first,))}
    best = reached[begun]
    for _number in range(2, sessions + 1):
        reached = {
            day: found
            for day in _dates_after(reached, spacing)
            if (found := _best_on(day, by_date.get(day, ()), reached, spacing, usual, zone)) is not None
        }
        if not reached:
            break
        best = min(reached.values())
    starts = best.starts
    told = [_session(number, starts, by_date, spacing, usual, zone) for number in range(1, len(starts) + 1)]
    return Series(tuple(told), sessions)


def alternatives_to(
    number: int, *, free: Iterable[datetime], starts: Sequence[datetime], spacing: Spacing, zone: str
) -> list[datetime]:
    """Other starts for one session of a series that keep the spacing to its neighbours, the nearest to it first; of
    each day a few, so that there is another day among them.
    """
    at = starts[number - 1]
    wall = walltime.to_wall(at, zone)
    before = walltime.wall_date(starts[number - 2], zone) if number > 1 else None
    after = walltime.wall_date(starts[number], zone) if number < len(starts) else None
    fits = {
        start
        for start in free
        if start != at
        and (before is None or spacing.allows(before, walltime.wall_date(start, zone)))
        and (after is None or spacing.allows(walltime.wall_date(start, zone), after))
    }
    nearest = sorted(fits, key=lambda start: (_apart(wall, walltime.to_wall(start, zone)), start))
    days = [walltime.wall_date(start, zone) for start in nearest]
    few = [start for place, start in enumerate(nearest) if days[:place].count(days[place]) < OF_A_DAY]
    return few[:ALTERNATIVES]


def breaks_spacing(starts: Sequence[datetime], *, spacing: Spacing, zone: str) -> list[int]:
    """The numbers of the sessions that come too soon or too late after the one before."""
    days = [walltime.wall_date(start, zone) for start in starts]
    gaps = enumerate(pairwise(days), 2)
    return [number for number, (before, after) in gaps if not spacing.allows(before, after)]


def last_date(first: date, *, sessions: int, spacing: Spacing) -> date:
    """The last day on which a series that begins on this day can end."""
    return first + timedelta(days=spacing.max_days * (sessions - 1))


def review_point(*, sessions: int, after: int) -> int | None:
    """After which session the therapist looks whether to go on; a course that is shorter has no such point."""
    return after if sessions >= after else None


def _by_date(free: Iterable[datetime], zone: str) -> dict[date, list[datetime]]:
    days: dict[date, list[datetime]] = defaultdict(list)
    for start in sorted(set(free)):
        days[walltime.wall_date(start, zone)].append(start)
    return days


def _dates_after(reached: Iterable[date], spacing: Spacing) -> list[date]:
    gaps = range(spacing.min_days, spacing.max_days + 1)
    return sorted({day + timedelta(days=gap) for day in reached for gap in gaps})


def _best_on(
    day: date,
    starts: Iterable[datetime],
    reached: dict[date, _Path],
    spacing: Spacing,
    usual: datetime,
    zone: str,
) -> _Path | None:
    """The best way to end a series on this day; all starts of a day have the same ways of coming there."""
    ways = [path for before, path in reached.items() if spacing.allows(before, day)]
    choices = list(starts)
    if not ways or not choices:
        return None
    so_far = min(ways)
    days = (day - usual.date()).days
    found = []
    for start in choices:
        off = _off(usual, walltime.to_wall(start, zone))
        found.append(
            _Path(so_far.differing + (off > 0), so_far.distance + off, days, (*so_far.starts, start)),
        )
    return min(found)


def _off(usual: datetime, wall: datetime) -> int:
    """How far from the usual weekday and hour, in minutes."""
    days = (wall.date() - usual.date()).days % 7
    return min(days, 7 - days) * A_DAY_COUNTS_AS + _minutes_apart(usual, wall)


def _apart(one: datetime, other: datetime) -> int:
    return abs((one.date() - other.date()).days) * A_DAY_COUNTS_AS + _minutes_apart(one, other)


def _minutes_apart(one: datetime, other: datetime) -> int:
    return abs((one.hour - other.hour) * 60 + one.minute - other.minute)


def _session(
    number: int,
    starts: Sequence[datetime],
    by_date: dict[date, list[datetime]],
    spacing: Spacing,
    usual: datetime,
    zone: str,
) -> Session:
    start = starts[number - 1]
    wall = walltime.to_wall(start, zone)
    other_day, other_hour = wall.weekday() != usual.weekday(), wall.time() != usual.time()
    if not (other_day or other_hour):
        return Session(number, start)
    before = walltime.wall_date(starts[number - 2], zone)
    return Session(number, start, other_day, other_hour, _why(wall.date(), before, by_date, spacing, usual, zone))


def _why(
    day: date, before: date, by_date: dict[date, list[datetime]], spacing: Spacing, usual: datetime, zone: str
) -> Why:
    """Why the usual time nearest to this day is not the one."""
    off = (usual.weekday() - day.weekday()) % 7
    regular = day + timedelta(days=off if off <= 3 else off - 7)
    try:
        wanted = walltime.to_utc(datetime.combine(regular, usual.time()), zone, fold=0)
    except walltime.NoSuchWallTime:
        return "clocks"
    return "spacing" if wanted in by_date.get(regular, ()) or not spacing.allows(before, regular) else "not-free"
