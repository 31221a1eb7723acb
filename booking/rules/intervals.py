"""Half-open stretches of time and what can be done with them. Everything is [start, end): touching is not
overlapping.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open stretch of time, [start, end)."""

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
    for interval in sorted(intervals):
        if interval.end <= interval.start:
            continue
        if joined and interval.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, interval.end))
        else:
            joined.append(interval)
    return joined


def subtract(intervals: Iterable[Interval], cuts: Iterable[Interval]) -> list[Interval]:
    """What is left of the intervals once the cuts are taken out, in order."""
    left: list[Interval] = []
    gone = union(cuts)
    for interval in union(intervals):
        start = interval.start
        for cut in gone:
            if cut.end <= start:
                continue
            if cut.start >= interval.end:
                break
            if cut.start > start:
                left.append(Interval(start, cut.start))
            start = cut.end
        if start < interval.end:
            left.append(Interval(start, interval.end))
    return left


class Taken:
    """Taken time that is asked often: each answer costs one binary search."""

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        joined = union(intervals)
        self._starts = [interval.start for interval in joined]
        self._ends = [interval.end for interval in joined]

    def leaves_free(self, interval: Interval) -> bool:
        """Whether nothing is taken in the whole interval."""
        first = bisect_right(self._ends, interval.start)
        return first == len(self._starts) or self._starts[first] >= interval.end
