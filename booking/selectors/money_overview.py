"""What waits in the clinic's money at this moment, in a few numbers."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from booking.models import FeeCase, Location
from booking.rules.walltime import wall_date
from booking.selectors.claims import ageing, claims_on, counts_by_shelf, open_sum
from booking.selectors.money_of_day import MoneyOfDay, money_of_day

Sums = tuple[tuple[str, int], ...]  # currency and minor units


@dataclass(frozen=True, slots=True)
class MoneyOverview:
    """Today's money, and what waits for somebody: visits to be paid, bills to write, payers who take long, fees to
    decide about.
    """

    today: MoneyOfDay
    unpaid: Sums
    to_bill: int
    to_bill_sums: Sums
    with_payers: Sums
    late: Sums
    fees: int


def money_overview(*, location: Location, now: datetime) -> MoneyOverview:
    """The numbers as they are now."""
    today = money_of_day(location=location, date=wall_date(now, location.time_zone))
    rows = ageing(zone=location.time_zone, now=now)
    return MoneyOverview(
        today=today,
        unpaid=_added((one.currency, one.due) for _visit, one in today.unpaid if one.due > 0),
        to_bill=counts_by_shelf()["to-bill"],
        to_bill_sums=tuple(open_sum(claims_on("to-bill"))),
        with_payers=_added((row.currency, row.total) for row in rows),
        late=_added((row.currency, row.late) for row in rows if row.late),
        fees=FeeCase.objects.filter(state=FeeCase.State.PROPOSED).count(),
    )


def _added(sums: Iterable[tuple[str, int]]) -> Sums:
    found: dict[str, int] = defaultdict(int)
    for currency, amount in sums:
        found[currency] += amount
    return tuple(found.items())
