"""Half-open stretches of time and what can be done with them. Everything is [start, end): touching is not
overlapping.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple


class Interval(NamedTuple):
    """A half-open stretch of time, [start, end). A plain tuple, because a month of free times needs thousands."""

    start: datetime
    end: datetime

    def around(self, *, before: int, after: int) -> "Interval":
        """The same stretch with so many minutes before and after it."""
        return Interval(self.start - timedelta(minutes=before), self.end + timedelta(minutes=after))

    def covers(self, other: "Interval") -> bool:
        return self.start <= other.start and other.end <= self.end


def overlaps(one: Interval, other: Interval) -> bool:
    """Whether they share any moment; a partial overlap is an overlap."""
    return one.start < other.end and other.start < one.end


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as separate stretches in order: what overlaps or touches becomes one."""
    joined: list[Interval] = []
    last_end = None
    for interval in sorted(intervals):
        start, end = interval
        if end <= start:
            continue
        if last_end is None or start > last_end:
            joined.append(interval)
            last_end = end
        elif end > last_end:
            joined[-1] = Interval(joined[-1].start, end)
            last_end = end
    return joined


def subtract(intervals: Iterable[Interval], cuts: Iterable[Interval]) -> list[Interval]:
    """What is left of the intervals once the cuts are taken out, in order. One sweep over both."""
    left: list[Interval] = []
    gone = union(cuts)
    first = 0
    for interval in union(intervals):
        start, end = interval
        while first < len(gone) and gone[first].end <= start:
            first += 1
        for cut in gone[first:]:
            if cut.start >= end:
                break
            if cut.start > start:
                left.append(Interval(start, cut.start))
            start = cut.end
        if start < end:
            left.append(Interval(start, end))
    return left


Seconds = tuple[float, float]  # an interval in seconds since 1970, for whoever goes through thousands


class Taken:
    """Taken time that is asked often: each answer costs one binary search.

    Beginnings and ends are kept apart, each in order. How many of each have passed says what is taken, whichever
    belongs to which, so nothing has to be joined first.

    :param visits: when the visits in it begin, where they are counted
    """

    def __init__(self, intervals: Iterable[Interval] = (), *, visits: Iterable[datetime] = ()) -> None:
        real = [one for one in seconds_of(intervals) if one[0] < one[1]]
        self._keep([start for start, _ in real], [end for _, end in real], [one.timestamp() for one in visits])

    @classmethod
    def of_seconds(cls, starts: Iterable[float], ends: Iterable[float], *, visits: Iterable[float] = ()) -> "Taken":
        """The same of numbers, as the database gives them: as many ends as starts, each later than its start."""
        taken = cls.__new__(cls)
        taken._keep(starts, ends, visits)  # noqa: SLF001 - it is our own
        return taken

    def _keep(self, starts: Iterable[float], ends: Iterable[float], visits: Iterable[float]) -> None:
        self._starts, self._ends, self._visits = sorted(starts), sorted(ends), sorted(visits)

    @property
    def stretches(self) -> Iterator[Seconds]:
        """The same time as stretches in order of both their starts and their ends; they may overlap."""
        return zip(self._starts, self._ends, strict=True)

    def leaves_free(self, interval: Interval) -> bool:
        """Whether nothing is taken in the whole interval."""
        return self.leaves_seconds_free(interval.start.timestamp(), interval.end.timestamp())

    def leaves_seconds_free(self, start: float, end: float) -> bool:
        """The same in seconds."""
        first = bisect_right(self._ends, start)
        return first == len(self._starts) or self._starts[first] >= end

    def visits_in(self, interval: Interval) -> int:
        """How many visits begin in the interval."""
        first, last = interval.start.timestamp(), interval.end.timestamp()
        return bisect_left(self._visits, last) - bisect_left(self._visits, first)


def seconds_of(intervals: Iterable[Interval]) -> list[Seconds]:
    """Each interval in seconds since 1970."""
    return [(start.timestamp(), end.timestamp()) for start, end in intervals]
