"""Between the clinic's clock on the wall and UTC. The zone is an IANA name; all rules come from the pinned tzdata."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo


class NoSuchWallTime(ValueError):
    """The clocks jump over this time."""


class TwoSuchWallTimes(ValueError):
    """The clocks show this time twice; say which one (`fold` 0 or 1)."""


def to_utc(wall: datetime, zone: str, *, fold: int | None = None) -> datetime:
    """The moment at which the clock in `zone` shows `wall` (without a zone of its own), in UTC.

    :raises NoSuchWallTime: the clocks jump over it
    :raises TwoSuchWallTimes: it comes twice that night and `fold` doesn't say which
    """
    first, second = _both_readings(wall, zone)
    if first == second:
        return first
    if to_wall(first, zone) != wall:
        raise NoSuchWallTime(f"{wall:%Y-%m-%dT%H:%M} does not exist in {zone}")
    if fold is None:
        raise TwoSuchWallTimes(f"{wall:%Y-%m-%dT%H:%M} comes twice in {zone}")
    return second if fold else first


def to_wall(moment: datetime, zone: str) -> datetime:
    """What the clock in `zone` shows at that moment, as a datetime without a zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def wall_date(moment: datetime, zone: str) -> date:
    """The calendar day in `zone` at that moment."""
    return to_wall(moment, zone).date()


def wall_text(moment: datetime, zone: str) -> str:
    """What the clock shows, to the minute: "2026-12-01T09:00"."""
    return to_wall(moment, zone).strftime("%Y-%m-%dT%H:%M")


def opening(day: date, at: time, zone: str) -> datetime:
    """When hours that begin at this clock time begin on that day: the first of two, never inside a jump."""
    return _both_readings(datetime.combine(day, at), zone)[0]


def closing(day: date, at: time, zone: str) -> datetime:
    """When hours that end at this clock time end on that day: the second of two, never inside a jump."""
    return _both_readings(datetime.combine(day, at), zone)[1]


def start_of_day(day: date, zone: str) -> datetime:
    """The first moment of a calendar day in `zone`, in UTC."""
    return opening(day, time.min, zone)


@lru_cache(maxsize=8192)  # the same opening hours are asked for with every list of times
def _both_readings(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    local = wall.replace(tzinfo=ZoneInfo(zone))
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
