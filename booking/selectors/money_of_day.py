"""The money of one day at the desk: what came and went and how, what is only held, what is still to be collected."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from booking.models import Appointment, Location
from booking.payments.ledger import Balance, balances_of
from booking.payments.models import LedgerEntry
from booking.rules.lifecycle import COMING
from booking.rules.money_words import HELD, sums_by_way
from booking.rules.walltime import start_of_day
from booking.selectors.appointments import with_relations
from booking.selectors.movements import Movement, movements_of, with_what_moved

Status = Appointment.Status
_NOT_YET = (Status.PROPOSED, *COMING)


@dataclass(frozen=True, slots=True)
class WaySum:
    """What came and went on a day in one way, minor units."""

    way: str
    currency: str
    came: int
    went: int

    @property
    def left(self) -> int:
        return self.came - self.went


@dataclass(frozen=True, slots=True)
class MoneyOfDay:
    """A day's movements in order of time, the sums, and the visits of the day that are not paid."""

    movements: tuple[Movement, ...]
    sums: tuple[WaySum, ...]
    totals: tuple[WaySum, ...]  # of all ways, one for each currency
    held: tuple[tuple[str, int], ...]  # newly held on cards less what was let go, by currency
    unpaid: tuple[tuple[Appointment, Balance], ...]


def money_of_day(*, location: Location, date: date) -> MoneyOfDay:
    """Everything that moved on a day of the clinic's calendar."""
    begins, ends = (start_of_day(one, location.time_zone) for one in (date, date + timedelta(days=1)))
    here = Q(payment__appointment__location=location) | Q(payment__package__location=location)
    entries = LedgerEntry.objects.filter(here, recorded_at__gte=begins, recorded_at__lt=ends)
    movements = movements_of(with_what_moved(entries))
    sums = _sums(movements)
    return MoneyOfDay(
        movements=tuple(movements),
        sums=tuple(sums),
        totals=tuple(_totals(sums)),
        held=tuple(_held(movements)),
        unpaid=tuple(_unpaid(location, date)),
    )


def _sums(movements: list[Movement]) -> list[WaySum]:
    moves: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for one in movements:
        if one.amount:
            moves[one.entry.currency].append((one.way, one.amount))
    return [WaySum(way, currency, came, went) for currency in moves for way, came, went in sums_by_way(moves[currency])]


def _totals(sums: list[WaySum]) -> list[WaySum]:
    totals: dict[str, WaySum] = {}
    for one in sums:
        so_far = totals.get(one.currency, WaySum("", one.currency, 0, 0))
        totals[one.currency] = WaySum("", one.currency, so_far.came + one.came, so_far.went + one.went)
    return list(totals.values())


def _held(movements: list[Movement]) -> list[tuple[str, int]]:
    held: dict[str, int] = defaultdict(int)
    for one in movements:
        held[one.entry.currency] += HELD.get(one.entry.kind, 0) * one.entry.amount
    return [(currency, amount) for currency, amount in held.items() if amount > 0]


def _unpaid(location: Location, day: date) -> list[tuple[Appointment, Balance]]:
    zone = location.time_zone
    visits = with_relations().filter(
        location=location,
        start__gte=start_of_day(day, zone),
        start__lt=start_of_day(day + timedelta(days=1), zone),
        patient__isnull=False,
        cancel_settles_at=None,
    )
    ordered = list(visits.exclude(status__in=_NOT_YET).order_by("start", "pk"))
    balances = balances_of(ordered)
    return [(one, balances[one.pk]) for one in ordered if balances[one.pk].due]
