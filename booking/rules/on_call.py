"""Whose turn it is to answer, and who is told next when nobody does. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

_HALF_AN_HOUR: Final = timedelta(minutes=30)
_MOST_TIMES: Final = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody answers on these weekdays (0 is Monday), from `start` until `end` on the clinic's clock.

    An `end` that is not after `start` is of the next day. The lower `rank` is told first.
    """

    user_id: UUID
    weekdays: frozenset[int]
    start: time
    end: time
    rank: int

    def holds(self, wall: datetime) -> bool:
        """Whether the turn runs at this wall time."""
        clock, today = wall.time(), wall.weekday()
        if self.start < self.end:
            return today in self.weekdays and self.start <= clock < self.end
        began_yesterday = (today - 1) % 7 in self.weekdays and clock < self.end
        return began_yesterday or (today in self.weekdays and clock >= self.start)


def on_duty(turns: Iterable[Turn], *, moment: datetime, zone: str) -> tuple[UUID, ...]:
    """Who answers at this moment, each once, in the order in which they are told."""
    wall = moment.astimezone(ZoneInfo(zone))
    ranked = sorted((one for one in turns if one.holds(wall)), key=lambda one: (one.rank, one.user_id.hex))
    return tuple(dict.fromkeys(one.user_id for one in ranked))


@dataclass(frozen=True, slots=True)
class Told:
    """Whom to tell now. `is_last`: they are the last ones there are."""

    user_ids: tuple[UUID, ...]
    is_last: bool = False


def whom_to_tell(*, duty: Sequence[UUID], last: Collection[UUID], told: Collection[UUID]) -> Told:
    """The next one on duty who was not told yet; after them everybody who answers for the clinic, at one time."""
    for user_id in duty:
        if user_id not in told:
            return Told((user_id,))
    return Told(tuple(one for one in last if one not in told), is_last=True)


def waited_enough(*, since: datetime, minutes: int, now: datetime) -> bool:
    """Whether those who were told have had their time."""
    return now >= since + timedelta(minutes=minutes)


def times_reminded(*, taken_at: datetime, minutes: int, now: datetime) -> int:
    """How often whoever took a call has to be reminded of it by now, while it is not finished: every half an hour, or
    every so many minutes where those who are told have longer, for twelve times.
    """
    return min(_MOST_TIMES, (now - taken_at) // max(_HALF_AN_HOUR, timedelta(minutes=minutes)))
