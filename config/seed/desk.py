"""Money at the desk: visits paid in several ways, a link to pay in the mail, drawers counted and signed."""

from datetime import datetime, timedelta
from typing import Final

from booking.models import Appointment, Location
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balances_of
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.pay_links import may_be_sent
from booking.selectors.till import open_sheet
from booking.services.pay_links import send_pay_link
from booking.services.till import sign_sheet
from intake.models import User

_WAYS: Final = (("terminal",), ("cash",), ("gift-card", "terminal"), ("e-transfer",))
_IN_THE_DRAWER: Final = 15000
_SHORT: Final = 500
_CLOSING: Final = timedelta(hours=18)
_DAYS: Final = 5


def parts_of(due: int, *, number: int) -> list[Part]:
    """What is due, as the how-manieth patient of the day pays it."""
    first, *others = _WAYS[number % len(_WAYS)]
    if not others or due < 2:
        return [Part(due, first)]
    return [Part(due // 2, first), Part(due - due // 2, others[0])]


def mail_a_link(*, by: User, now: datetime) -> None:
    """The latest visit that was not paid on its day."""
    done = Appointment.objects.filter(status=Appointment.Status.FULFILLED, end__lte=now).select_related(
        "location", "patient"
    )
    latest = list(done.order_by("-start", "pk")[:60])
    balances = balances_of(latest)
    unpaid = [visit for visit in latest if balances[visit.pk].due > 0 and may_be_sent(visit)]
    if unpaid:
        send_pay_link(appointment=unpaid[0], by=by, now=now)


def count_drawers(*, location: Location, by: User, now: datetime) -> None:
    """The sheets of the days before; on the first the drawer was short."""
    today = wall_date(now, location.time_zone)
    for day in (today - timedelta(days=back) for back in range(_DAYS, 0, -1)):
        evening = start_of_day(day, location.time_zone) + _CLOSING
        sheet = open_sheet(location=location, now=evening)
        if not sheet.entries:
            continue
        short = 0 if sheet.last else _SHORT
        counted = max(0, (_IN_THE_DRAWER if sheet.opening is None else sheet.opening) + sheet.cash - short)
        sign_sheet(
            location=location,
            opening=_IN_THE_DRAWER,
            counted=counted,
            banked=max(0, counted - _IN_THE_DRAWER),
            note="Change was given twice in the afternoon" if short else "",
            lines=len(sheet.entries),
            by=by,
            now=evening,
        )
