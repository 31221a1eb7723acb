"""Hands an uploaded calendar to a process of its own, whose time and memory are bounded, and takes what it says."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from booking.errors import CalendarRefused

MAX_BYTES: Final = 1_000_000
AHEAD: Final = timedelta(days=548)  # 18 months
_SECONDS: Final = 10  # by the clock on the wall, its start included

_WORDS: Final = {
    "not-text": _("This file is not a text in UTF-8, so it is no calendar."),
    "too-large": _("This file is larger than 1 MB. Export fewer months."),
    "too-many-events": _("This calendar has more than 2,000 events. Export fewer months."),
    "too-many-times": _("These events come back too often to be read. Take the one that repeats every minute out."),
    "took-too-long": _("Reading this calendar takes too long. Export fewer months, without events that never end."),
    "this-and-following": _("This calendar changes a whole rest of a series in a way that we can't read."),
    "unknown-zone": _("We don't know the time zone “%(zone)s” in this calendar."),
}


@dataclass(frozen=True, slots=True)
class BusyStretch:
    """When a calendar says busy, as moments and by the clock of `zone`; without a zone only the moments count."""

    start: datetime
    end: datetime
    wall_start: str
    wall_end: str
    zone: str


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """What a file says: busy times in order, and how many events were left out for which reason."""

    times: tuple[BusyStretch, ...]
    left_out: Mapping[str, int]


def read_calendar(data: bytes, *, zone: str, now: datetime) -> CalendarRead:
    """The busy times from now on, 18 months ahead; all-day and floating times are those of `zone`.

    :raises CalendarRefused: it can't be read, is too large, or needs too much time or memory
    """
    if len(data) > MAX_BYTES:
        raise refusal("too-large")
    answer = _ask_reader(data, zone=zone, now=now)
    if "refused" in answer:
        raise refusal(answer["refused"], answer["what"])
    times = tuple(
        BusyStretch(datetime.fromisoformat(start), datetime.fromisoformat(end), *wall)
        for start, end, *wall in answer["times"]
    )
    return CalendarRead(times, answer["left_out"])


def refusal(why: str, what: str = "") -> CalendarRefused:
    """The error for a code of the reader; one without words of its own can't be read."""
    words = _WORDS.get(why)
    return CalendarRefused(words % {"zone": what} if words and what else words, why=why)


def _ask_reader(data: bytes, *, zone: str, now: datetime) -> dict[str, Any]:
    """It gets nothing of our environment: there are keys in it."""
    command = [sys.executable, "-X", "utf8", "-m", "booking.feeds.busy_reader", zone]
    try:
        done = subprocess.run(
            [*command, now.isoformat(), (now + AHEAD).isoformat()],
            input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR, env={}, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise refusal("took-too-long") from error
    if done.returncode < 0:  # ended by a signal: its time was up
        raise refusal("took-too-long")
    if done.returncode:
        raise refusal("unreadable")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
