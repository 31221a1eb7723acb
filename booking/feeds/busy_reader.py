"""Reads a calendar file that may be hostile, and says when it is busy. Runs as a process of its own, with little memory
and little time: `python -m booking.feeds.busy_reader ZONE FROM UNTIL < file.ics` prints JSON. Knows nothing of Drypoint
but its clock rules.
"""

import json
import resource
import sys
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import takewhile
from typing import Any, Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component
from icalendar.prop import vRecur
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

MAX_EVENTS: Final = 2_000
MAX_TIMES: Final = 10_000
MEMORY: Final = 400 * 2**20  # bytes
SECONDS: Final = 3  # of the processor
UTC_ZONE: Final = ""  # how a time is written that no clock change can move


class Refused(Exception):
    """The file as a whole can't be used; the code says why."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.code, self.what = code, what[:60]


@dataclass(frozen=True, slots=True, order=True)
class Busy:
    """A stretch by the clock of a zone; without a zone in UTC."""

    start: datetime
    end: datetime
    zone: str

    def moments(self) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self.zone or "UTC")
        return self.start.replace(tzinfo=zone).astimezone(UTC), self.end.replace(tzinfo=zone).astimezone(UTC)


def read(data: bytes, *, zone: str, first: datetime, last: datetime) -> dict[str, Any]:
    """The busy times between two moments as lists [start, end, wall start, wall end, zone], and what was left out.

    `zone` is that of all-day and floating times.

    :raises Refused: it is no calendar, or too much of one
    """
    events = _events(data)
    left_out: Counter[str] = Counter()
    times: set[Busy] = set()
    for event, excluded in _with_exceptions(events, zone):
        reason, found = _busy_times(event, excluded, zone, first, last)
        times |= found
        left_out.update([reason] if reason else [])
        if len(times) > MAX_TIMES:
            raise Refused("too-many-times")
    rows = [
        [*(moment.isoformat() for moment in one.moments()), one.start.isoformat(), one.end.isoformat(), one.zone]
        for one in times
    ]
    return {"events": len(events), "times": sorted(rows), "left_out": dict(left_out)}


def _events(data: bytes) -> list[Component]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("not-text") from error
    if "\0" in text:
        raise Refused("not-text")
    if text.upper().count("BEGIN:VEVENT") > MAX_EVENTS:
        raise Refused("too-many-events")
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise Refused("unreadable") from error
    if not calendars or any(one.name != "VCALENDAR" for one in calendars):
        raise Refused("unreadable")
    return [event for one in calendars for event in one.subcomponents if event.name == "VEVENT"]


def _with_exceptions(events: Iterable[Component], zone: str) -> Iterator[tuple[Component, set[datetime]]]:
    """Each event with the starts at which another event of its UID stands in for it."""
    moved: dict[str, set[datetime]] = defaultdict(set)
    newest: dict[tuple[str, datetime | None], Component] = {}
    for number, event in enumerate(events):
        uid, stands_for = str(event.get("UID", f" {number}")), event.get("RECURRENCE-ID")
        if stands_for is not None and stands_for.params.get("RANGE"):
            raise Refused("this-and-following")
        at = _moment(stands_for, zone) if stands_for is not None else None
        if at is not None:
            moved[uid].add(at)
        known = newest.get((uid, at))
        if known is None or int(event.get("SEQUENCE", 0)) >= int(known.get("SEQUENCE", 0)):
            newest[uid, at] = event
    for (uid, at), event in newest.items():
        yield event, moved[uid] if at is None else set()


def _busy_times(
    event: Component, moved: set[datetime], zone: str, first: datetime, last: datetime
) -> tuple[str, set[Busy]]:
    """The times of one event, or why it has none."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return "cancelled", set()
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return "free", set()
    if event.errors or "DTSTART" not in event or isinstance(event["DTSTART"], list):
        return "broken", set()
    start, zone_of = _wall(event["DTSTART"], zone)
    length = _length(event, start, zone_of, zone)
    if length <= timedelta():
        return "no-length", set()
    gone = {_in_zone(one, zone_of) for one in moved}
    found: set[Busy] = set()
    far = False
    for at, lasts in _occurrences(event, start, length, zone_of, zone, last):
        busy = Busy(at, at + lasts, zone_of)
        begins, ends = busy.moments()
        far = far or begins >= last
        if at not in gone and begins < ends and ends > first and begins < last:
            found.add(busy)
        if len(found) > MAX_TIMES:
            raise Refused("too-many-times")
    return ("" if found or gone else "later" if far else "past"), found


def _occurrences(
    event: Component, start: datetime, length: timedelta, zone_of: str, zone: str, last: datetime
) -> Iterator[tuple[datetime, timedelta]]:
    """Starts by the clock of the event's zone with their lengths, up to and including the first too far ahead."""
    dates, moments = _excluded(event, zone_of, zone)
    end = _in_zone(last, zone_of) + timedelta(days=1)
    starts: list[tuple[datetime, timedelta]] = [(start, length)]
    for prop in _list(event.get("RDATE")):
        starts += [_added(one, length, zone_of, zone, prop.params.get("TZID")) for one in prop.dts]
    for at, lasts in starts:
        if at not in moments and at.date() not in dates:
            yield at, lasts
    for rule in _list(event.get("RRULE")):
        for at in _by_rule(rule, start, zone_of, end):
            if at not in moments and at.date() not in dates:
                yield at, length


def _by_rule(rule: vRecur, start: datetime, zone_of: str, end: datetime) -> Iterator[datetime]:
    parts = {name: value for name, value in rule.items() if name != "UNTIL"}
    until = [_until(one, zone_of) for one in _list(rule.get("UNTIL"))]
    try:
        series = rrulestr(vRecur(parts).to_ical().decode(), dtstart=start)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("unreadable") from error
    return takewhile(lambda at: at <= min([end, *until]), series)


def _until(value: date | datetime, zone_of: str) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.max)
    return _in_zone(value, zone_of) if value.tzinfo else value


def _excluded(event: Component, zone_of: str, zone: str) -> tuple[set[date], set[datetime]]:
    dates: set[date] = set()
    moments: set[datetime] = set()
    for prop in _list(event.get("EXDATE")):
        for one in prop.dts:
            if isinstance(one.dt, datetime):
                moments.add(_in_zone(_moment(one, zone, prop.params.get("TZID")), zone_of))
            else:
                dates.add(one.dt)
    return dates, moments


def _added(prop: Any, length: timedelta, zone_of: str, zone: str, tzid: str | None) -> tuple[datetime, timedelta]:
    """An extra occurrence: a start, or a period with an end or a length of its own."""
    value = prop.dt
    if not isinstance(value, tuple):
        return _in_zone(_moment(prop, zone, tzid), zone_of), length
    begins, ends = value
    at = _in_zone(_aware(begins, tzid, zone), zone_of)
    return at, ends if isinstance(ends, timedelta) else _in_zone(_aware(ends, tzid, zone), zone_of) - at


def _length(event: Component, start: datetime, zone_of: str, zone: str) -> timedelta:
    if "DTEND" in event:
        return _in_zone(_moment(event["DTEND"], zone), zone_of) - start
    if "DURATION" in event:
        return event["DURATION"].dt
    return timedelta() if isinstance(event["DTSTART"].dt, datetime) else timedelta(days=1)


def _wall(prop: Any, zone: str) -> tuple[datetime, str]:
    """What the clock shows at the beginning, and in which zone; UTC has none."""
    value = prop.dt
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min), zone
    if prop.params.get("TZID"):
        return value.replace(tzinfo=None), _zone(prop.params["TZID"])
    return (value.replace(tzinfo=None), UTC_ZONE) if value.tzinfo else (value, zone)


def _moment(prop: Any, zone: str, tzid: str | None = None) -> datetime:
    return _aware(prop.dt, tzid or prop.params.get("TZID"), zone)


def _aware(value: date | datetime, tzid: str | None, zone: str) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, ZoneInfo(zone)).astimezone(UTC)
    if tzid:
        return value.replace(tzinfo=ZoneInfo(_zone(tzid) or "UTC")).astimezone(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _in_zone(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None, fold=0)


@cache
def _zone(tzid: str) -> str:
    """The IANA name behind what calendars write: the name itself, with a prefix of theirs, or one of Windows.

    :raises Refused: it is none of these
    """
    parts = str(tzid).split("/")
    names = ["/".join(parts[-number:]) for number in (len(parts), 3, 2, 1)]
    for name in [*names, WINDOWS_TO_OLSON.get(str(tzid), "")]:
        if name in zoneinfo.available_timezones():
            return UTC_ZONE if name in ("UTC", "Etc/UTC") else name
    raise Refused("unknown-zone", str(tzid))


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Print what the file says, or the code of what is wrong with it. Ends by a signal where it needs too much."""
    _bound()
    zoneinfo.reset_tzpath(to=())
    zone, first, last = sys.argv[1], datetime.fromisoformat(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
    try:
        answer = read(sys.stdin.buffer.read(), zone=zone, first=first, last=last)
    except Refused as refused:
        answer = {"refused": refused.code, "what": refused.what}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
