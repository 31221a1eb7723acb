"""Free times as a page shows them: days with their times, the nearest first, one's own held time among them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from booking.models import Appointment, HealthcareService, Location, Practitioner
from booking.rules.availability import Slot
from booking.rules.walltime import wall_date
from booking.selectors.locations import the_clinic
from booking.selectors.slots import first_free, free_times
from frontend.patient.time_forms import LookForm
from intake.models import Screening

DAYS_A_PAGE: Final = 7
TIMES_AT_ONCE: Final = 8  # of one day; the others unfold


@dataclass(frozen=True, slots=True)
class Time:
    """A start that can be chosen. `mine`: held by the reader, or the time of the visit that is being moved."""

    start: datetime
    mine: bool

    @property
    def value(self) -> str:
        return self.start.isoformat()


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its times, some shown at once and the others to unfold."""

    date: date
    first: tuple[Time, ...]
    more: tuple[Time, ...]


@dataclass(frozen=True, slots=True)
class Diary:
    """One page of free times. `earlier` and `later` are the days on which other pages begin, `until` is the last day
    that can be booked, `asked` the day from which on nothing was free up to the times shown.
    """

    service: HealthcareService
    location: Location
    look: LookForm
    practitioner: Practitioner | None
    days: tuple[Day, ...]
    earlier: date | None
    later: date | None
    until: date
    asked: date | None = None
    slots: tuple[Slot, ...] = ()
    alternatives: tuple[Time, ...] = ()

    @property
    def zone(self) -> str:
        return self.location.time_zone

    @property
    def last_without(self) -> date:
        """The last of the days on which nothing was free."""
        return self.days[0].date - timedelta(days=1)

    def somebody_at(self, start: datetime, preferred: Practitioner) -> Practitioner:
        """Who is free then: the preferred therapist, or else anybody; if nobody is, the preferred one all the same."""
        free = [slot.practitioner for slot in self.slots if slot.start == start]
        if preferred.pk in free or not free:
            return preferred
        return Practitioner.objects.get(pk=free[0])

    def with_alternatives(self, slots: Iterable[Slot]) -> "Diary":
        starts = sorted({slot.start for slot in slots})
        return replace(self, alternatives=tuple(Time(start, mine=False) for start in starts))


def diary_of(
    *,
    service: HealthcareService,
    look: LookForm,
    screening: Screening | None,
    mine: Appointment | None,
    between: tuple[date | None, date | None] = (None, None),
    now: datetime,
) -> Diary:
    """A week of free times from the asked day on; if it has none, the week that begins with the next free one.

    :param mine: the reader's own hold, or the visit that is being moved: its time counts as free
    :param between: the first and the last day that may be chosen at all; None: as the clinic has it
    """
    location = mine.location if mine is not None else the_clinic()
    assert location is not None, "services belong to a clinic"
    zone = location.time_zone
    today = wall_date(now, zone)
    opens = max(today, between[0] or today)
    last_day = min(today + timedelta(days=location.days_ahead), between[1] or date.max)
    first = max(min(look.from_date or opens, last_day), opens)

    def week(start: date) -> list[Slot]:
        if start > last_day:
            return []
        end = min(start + timedelta(days=DAYS_A_PAGE - 1), last_day)
        return free_times(
            service=service,
            from_date=start,
            to_date=end,
            practitioner=look.chosen,
            screening=screening,
            holder=mine,
            now=now,
        ).slots

    asked, slots = first, week(first)
    if not slots:
        slot = first_free(
            service=service, practitioner=look.chosen, screening=screening, holder=mine, from_date=first, now=now
        )
        if slot is not None and wall_date(slot.start, zone) <= last_day:
            first = wall_date(slot.start, zone)
            slots = week(first)
    later = first + timedelta(days=DAYS_A_PAGE)
    return Diary(
        service=service,
        location=location,
        look=look,
        practitioner=look.chosen,
        days=_days(slots, zone, mine if mine is not None and mine.service_id == service.pk else None),
        earlier=max(opens, asked - timedelta(days=DAYS_A_PAGE)) if asked > opens else None,
        later=later if slots and later <= last_day else None,
        until=last_day,
        asked=asked if asked < first else None,
        slots=tuple(slots),
    )


def _days(slots: list[Slot], zone: str, mine: Appointment | None) -> tuple[Day, ...]:
    own = mine.start if mine is not None else None
    starts = sorted({slot.start for slot in slots})
    days = []
    for day, group in groupby(starts, key=lambda start: wall_date(start, zone)):
        times = tuple(Time(start, mine=start == own) for start in group)
        first = times[:TIMES_AT_ONCE]
        more = times[TIMES_AT_ONCE:]
        if any(time.mine for time in more):  # one's own is never folded away
            first = (*first, *(time for time in more if time.mine))
            more = tuple(time for time in more if not time.mine)
        days.append(Day(day, first, more))
    return tuple(days)
