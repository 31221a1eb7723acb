"""Free times as radio buttons: how they are grouped, and how the chosen one is read back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from uuid import UUID

from booking.models import Practitioner
from booking.rules.availability import Slot
from booking.rules.walltime import wall_date
from frontend.templatetags.presentation import clock as clock_words
from frontend.templatetags.presentation import short_day


@dataclass(frozen=True, slots=True)
class Time:
    """One radio button, as `components/_times.html` wants it."""

    value: str
    label: str
    small: str
    id: str
    checked: bool
    taken: bool = False


@dataclass(frozen=True, slots=True)
class DayOfTimes:
    """A day with its free times."""

    date: date
    label: str
    times: tuple[Time, ...]


def times_of(
    slots: Iterable[Slot], *, zone: str, names: Mapping[UUID, str], anybody: bool = False, chosen: str = ""
) -> list[DayOfTimes]:
    """Free times under their days. `anybody`: one button for each start, with the names of all who are free."""
    days: list[DayOfTimes] = []
    for day, of_day in groupby(sorted(slots), key=lambda slot: wall_date(slot.start, zone)):
        times: list[Time] = []
        for start, at_once in groupby(of_day, key=lambda slot: slot.start):
            free = list(at_once)
            groups = [free] if anybody else [[slot] for slot in free]
            for group in groups:
                value = value_of(start, None if anybody else group[0].practitioner)
                small = ", ".join(names.get(slot.practitioner, "") for slot in group)
                times.append(
                    Time(value, clock_words(start, zone), small, f"time-{len(days)}-{len(times)}", value == chosen)
                )
        days.append(DayOfTimes(day, short_day(day), tuple(times)))
    return days


def value_of(start: datetime, practitioner: UUID | None) -> str:
    """What a radio button sends."""
    return f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {practitioner or ''}".strip()


def read_value(text: str) -> tuple[datetime, UUID | None] | None:
    """The chosen start and therapist; None if that can't be read."""
    moment, _space, whose = text.partition(" ")
    try:
        start = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return start, UUID(whose) if whose else None
    except ValueError:
        return None


def names_of(practitioners: Iterable[Practitioner]) -> dict[UUID, str]:
    """Therapists' names by id."""
    return {one.pk: one.name for one in practitioners}


def day_after_today(asked: date | None, today: date) -> date:
    """The day to begin with: the one that was asked for, never one that is past."""
    return max(asked, today) if asked else today
