"""The money at the desk that nobody has counted yet, and the sheets that were signed."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from booking.models import Location, TillCount
from booking.payments.desk_gateway import METHODS
from booking.payments.models import LedgerEntry
from booking.rules.walltime import start_of_day, wall_date

Kind = LedgerEntry.Kind
CASH = "cash"


@dataclass(frozen=True, slots=True)
class Moved:
    """What changed hands in one way. Minor units."""

    taken: int = 0
    given_back: int = 0

    @property
    def left(self) -> int:
        return self.taken - self.given_back


@dataclass(frozen=True, slots=True)
class Sheet:
    """What has changed hands at the desk of a clinic since the last signed sheet.

    `opening`: minor units that were left in the drawer then; None before the first count.
    """

    location: Location
    date: date
    currency: str
    entries: tuple[LedgerEntry, ...]
    by_method: dict[str, Moved]
    opening: int | None
    last: TillCount | None

    @property
    def cash(self) -> int:
        return self.by_method[CASH].left

    @property
    def is_signed(self) -> bool:
        """Whether today's is signed: what stands here then goes on the next one."""
        return self.last is not None and self.last.date >= self.date


def open_sheet(*, location: Location, now: datetime) -> Sheet:
    """The sheet that is to be signed next. Counting begins with the day of the first one that is signed."""
    today = wall_date(now, location.time_zone)
    counts = TillCount.objects.filter(location=location)
    first = counts.order_by("date").values_list("date", flat=True).first()
    last = counts.order_by("-date").select_related("signed_by").first()
    entries = tuple(movements_of(location).filter(
        till_line=None, recorded_at__gte=start_of_day(first or today, location.time_zone), recorded_at__lte=now
    ))  # fmt: skip
    return Sheet(
        location=location,
        date=today,
        currency=entries[0].currency if entries else last.currency if last else "CAD",
        entries=entries,
        by_method=by_method(entries),
        opening=last.left_amount if last else None,
        last=last,
    )


def movements_of(location: Location) -> QuerySet[LedgerEntry]:
    """All money that changed hands at a clinic's desk, oldest first."""
    at_desk = Q(kind=Kind.DESK) | Q(kind=Kind.REFUND, method__in=METHODS)
    of = Q(payment__appointment__location=location) | Q(payment__package__location=location)
    found = LedgerEntry.objects.filter(at_desk & of)
    with_who = found.select_related("recorded_by", "payment__payer", "payment__appointment")
    return with_who.order_by("recorded_at", "pk")


def by_method(entries: tuple[LedgerEntry, ...]) -> dict[str, Moved]:
    """The sums of each way to pay at the desk, those without any too."""
    sums = {method: [0, 0] for method in METHODS}
    for entry in entries:
        sums.setdefault(entry.method, [0, 0])[entry.kind == Kind.REFUND] += entry.amount
    return {method: Moved(*both) for method, both in sums.items()}


def signed_sheet(*, location: Location, date: date) -> TillCount | None:
    """The signed sheet of a day."""
    return TillCount.objects.filter(location=location, date=date).select_related("signed_by").first()


def entries_on(count: TillCount) -> QuerySet[LedgerEntry]:
    """What stands on a signed sheet, oldest first."""
    return movements_of(count.location).filter(till_line__till_count=count)


def latest_sheets(*, location: Location, most: int) -> QuerySet[TillCount]:
    """The last signed sheets, newest first."""
    return TillCount.objects.filter(location=location).select_related("signed_by").order_by("-date")[:most]
