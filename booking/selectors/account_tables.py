"""A month's books as tables for the accountant: no patient's name, and no service's, which may say what they have."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from django.utils.translation import gettext as _

from booking.feeds.amounts import WHOLE_UNIT_CURRENCIES
from booking.models import Location, StripeMovement
from booking.payments.models import LedgerEntry
from booking.rules.months import Line, cash
from booking.rules.walltime import wall_date
from booking.selectors.accounts import Figures, account_of, closed_months, entries_of
from booking.selectors.standings import line_of, standings

Table = Literal["summary", "entries", "visits", "stripe"]
TABLES: Final[tuple[Table, ...]] = get_args(Table)
Rows = Iterator[Sequence[object]]
_SHORT: Final = 8  # of an id: enough to find it again


def figures_of(*, location: Location, month: date) -> tuple[Figures, bool]:
    """A month's figures, and whether they are kept as they were when it was closed."""
    close = closed_months(location).filter(month=month).first()
    return (close.figures, True) if close else (account_of(location=location, month=month).figures, False)


def table_of(table: Table, *, location: Location, month: date) -> tuple[Sequence[str], Rows]:
    """Header and rows of one of the month's tables."""
    if table == "summary":
        figures, _kept = figures_of(location=location, month=month)
        return _summary(figures)
    rows = {"entries": _entries, "visits": _visits, "stripe": _stripe}
    return rows[table](location, month)


def _summary(figures: Figures) -> tuple[Sequence[str], Rows]:
    header = [_("Part"), _("What"), _("Sum"), _("Currency")]
    currency = figures["currency"]
    return header, ((part, what, _number(amount, currency), currency) for part, what, amount in summary_of(figures))


def summary_of(figures: Figures) -> Iterator[tuple[str, str, int]]:
    """The month in lines: the part of the books, what it is, and the sum."""
    yield from ((_("Money that came"), row["way"], row["came"]) for row in figures["ways"])
    yield from ((_("Money given back"), row["way"], -row["went"]) for row in figures["ways"])
    yield from _of_earnings(figures)
    for row in figures["therapists"]:
        yield _("Therapists' pay"), row["name"], row["pay"]
    yield from _of_what_is_open(figures)
    yield from _of_stripe(figures["stripe"])


def _of_earnings(figures: Figures) -> Iterator[tuple[str, str, int]]:
    part, earned = _("Earned"), figures["earned"]
    yield part, _("Treatments, taxes included"), earned["treatment"]
    yield part, _("Fees, taxes included"), earned["fees"]
    for tax in figures["taxes"]:
        yield _("Taxes inside"), f"{tax['name']} {tax['thousandths'] / 1000:g} % {tax['number']}".strip(), tax["amount"]


def _of_what_is_open(figures: Figures) -> Iterator[tuple[str, str, int]]:
    kept, receivables = _("Kept for others"), figures["receivables"]
    yield kept, _("Deposits for visits to come"), figures["deposits"]["sum"]
    yield kept, _("Unused sessions of packages"), figures["packages"]
    yield kept, _("To be given back"), figures["to_give_back"]
    rows: list[Mapping[str, Any]] = [{"name": _("Patients"), **receivables["patients"]}, *receivables["payers"]]
    for row in rows:
        for age, amount in row["ages"].items():
            yield _("Still to come, by days"), f"{row['name']}, {age}", amount


def _of_stripe(stripe: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    part = "Stripe"
    yield part, _("There before"), stripe["before"]
    yield part, _("Payments less refunds and disputes"), stripe["moved"]
    yield part, _("Stripe's fees"), stripe["fees"]
    yield part, _("Sent to the bank"), stripe["sent"]
    yield part, _("There after"), stripe["after"]


def _entries(location: Location, month: date) -> tuple[Sequence[str], Rows]:
    """Each movement of the ledger, with its sign: what came is above zero, what moved no money is zero."""
    header = [_("Number"), _("Day"), _("Kind"), _("How"), _("Sum"), _("Money"), _("Currency"), _("Payment"), _("Visit"),
              _("Reference"), _("By")]  # fmt: skip
    found = entries_of(location).filter(month=month).select_related("payment", "recorded_by").order_by("id")
    return header, (_entry(entry, location.time_zone) for entry in found)


def _entry(entry: LedgerEntry, zone: str) -> Sequence[object]:
    visit = entry.payment.appointment_id
    return (
        entry.pk,
        wall_date(entry.recorded_at, zone),
        entry.get_kind_display(),
        entry.method,
        _number(entry.amount, entry.currency),
        _number(cash(entry.kind) * entry.amount, entry.currency),
        entry.currency,
        str(entry.payment_id)[:_SHORT],
        str(visit)[:_SHORT] if visit else "",
        entry.reference,
        entry.recorded_by.name if entry.recorded_by else "",
    )


def _visits(location: Location, month: date) -> tuple[Sequence[str], Rows]:
    """What each visit adds to the month; below zero where a closed month had said more."""
    header = [_("Visit"), _("Day"), _("Therapist"), _("Treatment"), _("Fees"), _("Taxes inside"), _("Paid"),
              _("Share is of"), _("Pay"), _("Currency")]  # fmt: skip
    return header, _lines(location, month)


def _lines(location: Location, month: date) -> Rows:
    close = closed_months(location).filter(month=month).first()
    if close is not None:
        rows = close.lines.select_related("appointment", "practitioner").order_by("appointment__start", "pk")
        yield from (_line(row.appointment, row.practitioner.name, line_of(row)) for row in rows)
        return
    account = account_of(location=location, month=month)
    visits = {one.visit.pk: one.visit for one in standings(location=location, month=month)}
    names = {row["id"]: row["name"] for row in account.figures["therapists"]}
    for (visit, therapist), line in account.lines.items():
        yield _line(visits[visit], names[str(therapist)], line)


def _line(visit: Any, therapist: str, line: Line) -> Sequence[object]:
    sums = (line.treatment, line.fees, line.tax, line.collected, line.base, line.pay)
    day = wall_date(visit.start, visit.time_zone)
    return str(visit.pk)[:_SHORT], day, therapist, *(_number(one, visit.currency) for one in sums), visit.currency


def _stripe(location: Location, month: date) -> tuple[Sequence[str], Rows]:
    header = [_("Movement"), _("Day"), _("Kind"), _("Sum"), _("Fee"), _("Currency"), _("Payment"), _("Payout")]
    found = StripeMovement.objects.filter(month=month).order_by("created_at", "pk")
    return header, (_movement(one, location.time_zone) for one in found)


def _movement(moved: StripeMovement, zone: str) -> Sequence[object]:
    return (
        moved.pk,
        wall_date(moved.created_at, zone),
        moved.kind,
        _number(moved.amount, moved.currency),
        _number(moved.fee, moved.currency),
        moved.currency,
        str(moved.payment_id)[:_SHORT] if moved.payment_id else "",
        moved.payout_id or "",
    )


def _number(amount: int, currency: str) -> Decimal:
    """A number, not a text, so that a minus does not make it a formula."""
    return Decimal(amount) if currency in WHOLE_UNIT_CURRENCIES else Decimal(amount).scaleb(-2)
