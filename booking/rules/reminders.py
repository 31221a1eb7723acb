"""Which messages a visit calls for, when each is due, and until when it is worth sending. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from booking.rules.kinds import kind_of, waits_for_morning

# A reminder closer to the booking than this says nothing that the confirmation did not say just now.
AFTER_BOOKING = timedelta(hours=1)
# The questions before a visit with needles are open from a day before it.
RECHECK_LEAD = timedelta(hours=24)
# Checkout keeps a time for 15 minutes; a nudge in the last five of them can still save it.
PAYMENT_NUDGE = timedelta(minutes=10)
PAYMENT_KEEPS = timedelta(minutes=15)
NO_SHOW_WAITS = timedelta(minutes=30)
# A text about a visit this near does not wait for the morning.
SAME_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """One message to come: not before `due_at`, and not once `not_after` has come."""

    due_at: datetime
    kind: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The clinic's night: no reminder from `start` until `end`, wall time in `zone`; the night may span midnight."""

    start: time
    end: time
    zone: str

    def around(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """The stretch [from, until) of quiet, in UTC, that holds `moment`; None if it is not quiet then."""
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        length = timedelta(days=1 if self.end <= self.start else 0)
        for begins in (today - timedelta(days=1), today):
            start = datetime.combine(begins, self.start, zone).astimezone(UTC)
            end = datetime.combine(begins + length, self.end, zone).astimezone(UTC)
            if start <= moment < end:
                return start, end
        return None


def reminders(
    *, start: datetime, hours: Iterable[int], quiet: QuietHours | None = None, now: datetime
) -> tuple[Planned, ...]:
    """The reminders of a visit at `start`, `hours` before it: "reminder-1" is the earliest.

    Hours are elapsed time, so they follow the offset of the visit's date when the clocks change. A reminder is useful
    for half of its lead: 48 hours before until 24 hours before. One that would come within an hour of now is left out;
    its number stays unused, so that numbers keep their meaning.
    """
    planned = []
    for number, lead in enumerate(sorted({hour for hour in hours if hour > 0}, reverse=True), start=1):
        not_after = start - timedelta(hours=lead) / 2
        due_at = _awake(start - timedelta(hours=lead), not_after, quiet)
        if due_at >= now + AFTER_BOOKING:
            planned.append(Planned(due_at, f"reminder-{number}", not_after))
    return tuple(planned)


def recheck(*, start: datetime, quiet: QuietHours | None = None, now: datetime) -> tuple[Planned, ...]:
    """The request to answer a few questions, a day before a visit with needles and good until it begins; none for a
    visit so near that its form has just been filled in: then they are asked on the day.
    """
    due_at = _awake(start - RECHECK_LEAD, start - timedelta(hours=2), quiet)
    return (Planned(due_at, "recheck", start),) if due_at >= now + AFTER_BOOKING else ()


def _awake(due_at: datetime, not_after: datetime, quiet: QuietHours | None) -> datetime:
    """When to send instead if it is quiet at `due_at`: in the morning, or the evening before if that is too late."""
    night = quiet.around(due_at) if quiet else None
    if night is None:
        return due_at
    evening, morning = night
    return morning if morning < not_after else evening - timedelta(minutes=1)


def after_visit(
    *,
    end: datetime,
    lungs: bool,
    first_or_caution: bool,
    outcome: bool,
    last_of_course: bool,
    hours: Mapping[str, Sequence[int]] = MappingProxyType({}),
    quiet: QuietHours | None = None,
) -> tuple[Planned, ...]:
    """What is written after a visit with needles that ended at `end`, in order: the notes to read the same evening
    (`lungs`: what was needled lies near them, or nobody wrote down what was), how things are the next day, once more
    two days later after a first visit or one with caution, and where an `outcome` is measured its questions after a
    week, and weeks after the last visit of a course.

    `hours` is what a clinic has set for a kind. The notes of the evening wait for no morning.
    """
    wanted = {
        "aftercare": [lungs],
        "next-day-check": [True, first_or_caution],
        "outcome-questions": [outcome, outcome and last_of_course],
    }
    planned: list[Planned] = []
    for code, which in wanted.items():
        codes = (code, f"{code}-2")
        times = (end + timedelta(hours=after) for after in hours.get(code) or kind_of(code).hours)
        planned += [_after(one, at, quiet) for one, at, wants in zip(codes, times, which, strict=False) if wants]
    return tuple(planned)


def no_show(*, noted_at: datetime, quiet: QuietHours | None = None) -> Planned:
    """What is written to somebody who did not come, a while after it was noted, so that a slip can be mended first."""
    due_at = noted_at + NO_SHOW_WAITS
    not_after = due_at + kind_of("no-show").keeps
    return Planned(_awake(due_at, not_after, quiet), "no-show", not_after)


def _after(code: str, due_at: datetime, quiet: QuietHours | None) -> Planned:
    kind = kind_of(code)
    return Planned(_awake(due_at, due_at + kind.keeps, quiet if kind.quiet else None), code, due_at + kind.keeps)


def at_once(kind: str, *, start: datetime, deadline: datetime | None = None, now: datetime) -> Planned:
    """A message that tells of something that has just happened to the visit at `start`.

    What is said about a coming visit is useless once it begins; what asks for something, once its `deadline` has
    passed; an end, and what is asked for after a visit, is news for at least a day.
    """
    ahead = deadline if deadline and deadline > now else None
    if kind_of(kind).outlives:
        return Planned(now, kind, ahead or max(start, now + kind_of(kind).keeps))
    return Planned(now, kind, min(start, ahead) if ahead else start)


def payment_nudge(*, now: datetime) -> Planned:
    """Five minutes before a time whose payment is open would be let go."""
    return Planned(now + PAYMENT_NUDGE, "payment-waiting", now + PAYMENT_KEEPS)


def morning_after(
    kind: str, *, channel: str, start: datetime, quiet: QuietHours | None, now: datetime
) -> datetime | None:
    """When the night ends that a message about the visit at `start` must wait for; None: it may go now.

    News that are not quiet in themselves don't wait as a text either if the visit is near.
    """
    night = quiet.around(now) if quiet and waits_for_morning(kind, channel=channel) else None
    if night is None or (not kind_of(kind).quiet and now < start < now + SAME_DAY):
        return None
    return night[1]
