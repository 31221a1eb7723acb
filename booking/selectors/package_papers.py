"""What is true of a package's money now, as its document would say it. Never to be claimed."""

from typing import Any, Final

from django.utils.translation import gettext, ngettext, override

from booking.models import Package
from booking.payments.ledger import Kind
from booking.rules.receipts import Line, Paid, Said, as_facts
from booking.rules.walltime import wall_date
from booking.selectors.packages import movements_of
from booking.selectors.receipts import heading_of, language_for

_WAY: Final = {Kind.CAPTURE: 1, Kind.DESK: 1, Kind.REFUND: -1, Kind.REFUND_FAILED: 1}


def money_of_package(package: Package) -> Said:
    """The price, less what was given back for unused visits, and the money that came and went."""
    zone = package.location.time_zone
    bought = wall_date(package.bought_at or package.created_at, zone).isoformat()
    lines = [Line(_what(package), bought, package.price_amount)]
    if package.refund_amount and package.refunded_at:
        on = wall_date(package.refunded_at, zone).isoformat()
        with override(language_for(package.patient)):
            lines.append(Line(gettext("Unused visits, given back"), on, -package.refund_amount))
    paid = (
        Paid(wall_date(one.recorded_at, zone).isoformat(), one.method or "card", _WAY[Kind(one.kind)] * one.amount)
        for one in movements_of(package)
    )
    return Said(tuple(lines), tuple(paid))


def facts_of_package(*, package: Package, said: Said) -> dict[str, Any]:
    """Everything that its document says besides its number, day and person."""
    return heading_of(package.location, package.patient) | as_facts(said) | {"claimable": False, "on": said.lines[0].on}


def _what(package: Package) -> str:
    with override(language_for(package.patient)):
        visits = ngettext("%(count)s visit", "%(count)s visits", package.sessions) % {"count": package.sessions}
        return gettext("%(name)s: %(visits)s, paid in advance") % {"name": package.name, "visits": visits}
