"""Who gets a time that became free: by urgency, then by how long they have waited, among those whom it fits. Pure.

An offer always stands for its whole length: one that would end after the evening's last hour, or so late that the
visit's notice is broken when somebody says yes in the last minute, is not made. What becomes free at night waits for
the morning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking.rules import walltime
from booking.rules.availability import Slot
from booking.rules.hours import Hours
from booking.rules.intervals import Interval, overlaps


@dataclass(frozen=True, slots=True)
class OfferHours:
    """Between which hours people may be asked, in wall time, and for how many minutes a time is kept for them."""

    opens: time
    closes: time
    minutes: int
    zone: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody waits for. No `practitioners`: any; no `hours`: any; `before`: when the visit begins that the new
    time would replace; `busy`: when they can't come because of other visits. Dates are inclusive, None is open.
    """

    practitioners: frozenset[UUID] = frozenset()
    hours: tuple[Hours, ...] = ()
    from_date: date | None = None
    until_date: date | None = None
    before: datetime | None = None
    busy: tuple[Interval, ...] = ()

    def suits(self, slot: Slot, *, zone: str) -> bool:
        """Whether this time is one they asked for."""
        visit = Interval(slot.start, slot.end)
        day = walltime.wall_date(slot.start, zone)
        return (
            (not self.practitioners or slot.practitioner in self.practitioners)
            and (self.from_date is None or self.from_date <= day)
            and (self.until_date is None or day <= self.until_date)
            and (self.before is None or slot.end <= self.before)
            and not any(overlaps(visit, taken) for taken in self.busy)
            and (not self.hours or any(_covers(line, day, visit, zone) for line in self.hours))
        )


def best_slot(
    slots: Iterable[Slot], *, freed: Interval, wanted: Wanted, not_before: datetime, zone: str
) -> Slot | None:
    """The free time that suits, keeps the notice and shares some of the freed stretch: one that begins with it, so that
    it is filled without a hole, else the earliest.
    """
    fitting = [
        slot
        for slot in slots
        if slot.start >= not_before
        and overlaps(Interval(slot.start, slot.end), freed)
        and wanted.suits(slot, zone=zone)
    ]
    return min(fitting, key=lambda slot: (slot.start != freed.start, slot.start), default=None)


def offer_ends(now: datetime, hours: OfferHours) -> datetime | None:
    """When an offer made now ends; None while nobody is asked: at night, or so late that it would end at night."""
    opens, closes = _day(now, hours)
    ends = now + timedelta(minutes=hours.minutes)
    return ends if opens <= now and ends <= closes else None


def next_asking(now: datetime, hours: OfferHours) -> datetime:
    """When people may be asked again: this morning, or tomorrow's."""
    opens, _ = _day(now, hours)
    if now < opens:
        return opens
    tomorrow = walltime.wall_date(now, hours.zone) + timedelta(days=1)
    return walltime.opening(tomorrow, hours.opens, hours.zone)


def keeps_notice(start: datetime, *, ends: datetime, notice: timedelta) -> bool:
    """Whether a yes in the last minute of the offer still comes early enough before the visit."""
    return ends + notice <= start


def _day(now: datetime, hours: OfferHours) -> tuple[datetime, datetime]:
    today = walltime.wall_date(now, hours.zone)
    return walltime.opening(today, hours.opens, hours.zone), walltime.closing(today, hours.closes, hours.zone)


def _covers(line: Hours, day: date, visit: Interval, zone: str) -> bool:
    if not line.hold_on(day):
        return False
    stretch = Interval(walltime.opening(day, line.start, zone), walltime.closing(day, line.end, zone))
    return stretch.covers(visit)
