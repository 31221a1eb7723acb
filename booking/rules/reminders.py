"""Which messages a visit calls for, when each is due, and until when it is worth sending. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# A reminder closer to the booking than this says nothing that the confirmation did not say just now.
AFTER_BOOKING = timedelta(hours=1)
# News that stays true: a day is enough for a mail server to come back.
NEWS_KEEPS = timedelta(days=1)
# The questions before a visit with needles are open from a day before it.
RECHECK_LEAD = timedelta(hours=24)
# Checkout keeps a time for 15 minutes; a nudge in the last five of them can still save it.
PAYMENT_NUDGE = timedelta(minutes=10)
PAYMENT_KEEPS = timedelta(minutes=15)
SIGN_IN_KEEPS = timedelta(minutes=15)
ACCOUNT_NEWS_KEEPS = timedelta(days=2)

# Messages that tell of an end: they go out although (or because) the visit is cancelled.
FAREWELLS = frozenset({"cancellation", "declined", "paid-too-late", "time-released"})
# What is paid after a visit, whether it took place or not.
OF_MONEY = frozenset({"pay-link", "fee-coming"})
# Asked about a visit that can't take place or is to be paid, be it that its hour is over by then.
AFTER_THE_FACT = frozenset({"another-time"}) | OF_MONEY
# In which states (status, awaiting) a message is still true; a kind that isn't named is true in any living state.
_TRUE_IN: dict[str, frozenset[tuple[str, str]]] = {
    "payment-waiting": frozenset({("pending", "payment")}),
    "request-received": frozenset({("pending", "review")}),
    "request-waiting": frozenset({("pending", "review")}),
    "request-still-waiting": frozenset({("pending", "review")}),
    "request-answered": frozenset({("pending", "review")}),
    "question-waiting": frozenset({("pending", "review")}),
    "form-needed": frozenset({("pending", "form"), ("booked", ""), ("arrived", "")}),
    "to-sign": frozenset({("pending", "form"), ("pending", "review"), ("booked", ""), ("arrived", "")}),
    "reminder": frozenset({("booked", ""), ("pending", "form")}),
    "recheck": frozenset({("booked", ""), ("pending", "review"), ("arrived", "")}),
    "waitlist-offer": frozenset({("proposed", "")}),
}
# What has happened stays true whatever becomes of the visit.
_STAYS_TRUE = frozenset({"request-overdue"}) | OF_MONEY
_ENDED = frozenset({"cancelled", "entered-in-error"})


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


def is_reminder(kind: str) -> bool:
    """Whether a kind is one of "reminder-1", "reminder-2", ..."""
    return kind.startswith("reminder-")


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


def keeps_quiet(kind: str) -> bool:
    """Whether a message of this kind waits for the end of the clinic's night."""
    return is_reminder(kind) or kind == "recheck"


def _awake(due_at: datetime, not_after: datetime, quiet: QuietHours | None) -> datetime:
    """When to send instead if it is quiet at `due_at`: in the morning, or the evening before if that is too late."""
    night = quiet.around(due_at) if quiet else None
    if night is None:
        return due_at
    evening, morning = night
    return morning if morning < not_after else evening - timedelta(minutes=1)


def at_once(kind: str, *, start: datetime, deadline: datetime | None = None, now: datetime) -> Planned:
    """A message that tells of something that has just happened to the visit at `start`.

    What is said about a coming visit is useless once it begins; what asks for something, once its `deadline` has
    passed; an end is news for at least a day.
    """
    if kind in AFTER_THE_FACT and deadline:
        return Planned(now, kind, deadline)
    if kind in FAREWELLS | _STAYS_TRUE:
        return Planned(now, kind, max(start, now + NEWS_KEEPS))
    return Planned(now, kind, min(start, deadline) if deadline and deadline > now else start)


def payment_nudge(*, now: datetime) -> Planned:
    """Five minutes before a time whose payment is open would be let go."""
    return Planned(now + PAYMENT_NUDGE, "payment-waiting", now + PAYMENT_KEEPS)


def still_true(kind: str, *, status: str, awaiting: str) -> bool:
    """Whether a message of this kind may still be sent about a visit in this state (FHIR's code, what it awaits)."""
    if kind in _STAYS_TRUE:
        return True
    if kind in FAREWELLS:
        return status == "cancelled"
    family = "reminder" if is_reminder(kind) else kind
    if family in _TRUE_IN:
        return (status, awaiting) in _TRUE_IN[family]
    return status not in _ENDED
