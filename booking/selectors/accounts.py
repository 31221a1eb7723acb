"""The books of a month: figures as plain data, which a close keeps as they are. Minor units of one currency.

Whatever is found to be different about a month that is closed stands in the first open one: entries of the ledger by a
rule of the database, visits as the difference to what the closed months have said of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Min, QuerySet, Sum

from booking.errors import SeveralCurrencies
from booking.models import Claim, Location, MonthClose, Payout, Practitioner, StripeMovement, TillCount
from booking.payments.findings import open_findings
from booking.payments.models import LedgerEntry, Payment
from booking.rules.covers import AGES, age_of
from booking.rules.money_words import sums_by_way, way_of
from booking.rules.months import (
    FROM_PACKAGE,
    MONEY_IN,
    MONEY_OUT,
    Line,
    added,
    cash,
    changes,
    last_day,
    month_of,
    next_month,
)
from booking.rules.walltime import wall_date
from booking.selectors.payouts import figures_of_stripe
from booking.selectors.standings import Place, Standing, lines_before, standings

VERSION: Final = 1  # of the figures: another shape gets another number, and the old stay readable
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """A month's figures, and the line of each visit that is in them."""

    figures: Figures
    lines: Mapping[Place, Line]


def closed_months(location: Location) -> QuerySet[MonthClose]:
    """The months that are closed, the latest first."""
    return MonthClose.objects.filter(location=location).select_related("closed_by").order_by("-month")


def open_month(location: Location, *, now: datetime) -> date:
    """The month that is closed next: the one after the closed ones; before any, that of the first entry."""
    last = closed_months(location).first()
    if last is not None:
        return next_month(last.month)
    first: date | None = entries_of(location).aggregate(first=Min("month"))["first"]
    return first or month_of(wall_date(now, location.time_zone))


def first_open_day(location: Location) -> date:
    """The first day that is in no closed month."""
    last = closed_months(location).first()
    return next_month(last.month) if last else date.min


def entries_of(location: Location) -> QuerySet[LedgerEntry]:
    """All movements of a clinic's money, for visits and for packages."""
    visits = LedgerEntry.objects.filter(payment__appointment__location=location)
    return visits | LedgerEntry.objects.filter(payment__package__location=location)


def rows_of_the_books(month: date) -> tuple[int, ...]:
    """How much is written into a month, by table. Nothing is ever taken out: the same numbers are the same rows."""
    return tuple(table.objects.filter(month=month).count() for table in (LedgerEntry, StripeMovement, Payout))


def account_of(*, location: Location, month: date) -> Account:
    """What the books of an open month say now.

    :raises SeveralCurrencies: sums of different money can't be added up
    """
    found = standings(location=location, month=month)
    before = lines_before(standing.visit for standing in found)
    now_true = {(one.visit.pk, one.visit.practitioner_id): one.line for one in found}
    lines = changes(now_true, before)
    currency = _currency(location, month)
    movements = _movements(entries_of(location).filter(month=month))
    open_then = _open_sums(location, month, found)
    figures = {
        "version": VERSION,
        "month": month.isoformat(),
        "last_day": last_day(month).isoformat(),
        "currency": currency,
        "movements": movements,
        "ways": _ways(movements),
        "therapists": _therapists(found, lines, month),
        "earned": _sums(added(lines.values())),
        "taxes": _taxes(lines.values()),
        "deposits": _deposits(found),
        **open_then,
        "receivables": _receivables(found, month),
        "stripe": figures_of_stripe(month=month, movements=movements),
        "findings": open_findings().count(),
        "not_on_sheets": _not_on_sheets(location, month),
    }
    return Account(figures | {"proof": _proof(location, month, figures)}, lines)


def _currency(location: Location, month: date) -> str:
    known = entries_of(location).filter(month__lte=month).order_by().values_list("currency", flat=True).distinct()
    found = list(known)
    if len(found) > 1:
        raise SeveralCurrencies
    return found[0] if found else "CAD"


def _movements(entries: QuerySet[LedgerEntry]) -> list[dict[str, Any]]:
    """Every kind of entry with its sum: all of them together are the month's part of the ledger."""
    rows = entries.order_by().values("kind", "method", "payment__gateway").annotate(sum=Sum("amount"), n=Count("pk"))
    found = [
        {"kind": row["kind"], "gateway": row["payment__gateway"], "method": _method(row), "sum": row["sum"],
         "count": row["n"]}
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row["kind"], row["gateway"], row["method"]))


def _method(row: Mapping[str, Any]) -> str:
    """How money moved; of what is no money, the method says something else."""
    return row["method"] if cash(row["kind"]) else ""


def _ways(movements: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Money that came and went, by the way it took."""
    moves = (
        (way_of(gateway=row["gateway"], method=row["method"]), cash(row["kind"]) * row["sum"])
        for row in movements
        if cash(row["kind"])
    )
    return [{"way": way, "came": came, "went": went} for way, came, went in sorted(sums_by_way(moves))]


def net_of(movements: Iterable[Mapping[str, Any]]) -> int:
    """What came in all, what went back taken off."""
    return sum(cash(row["kind"]) * row["sum"] for row in movements)


def _therapists(found: Sequence[Standing], lines: Mapping[Place, Line], month: date) -> list[dict[str, Any]]:
    days = {standing.visit.pk: standing for standing in found}
    own: dict[UUID, list[tuple[Standing, Line]]] = defaultdict(list)
    for (visit, therapist), line in lines.items():
        own[therapist].append((days[visit], line))
    names = dict(Practitioner.objects.filter(pk__in=own).values_list("pk", "name"))
    rows = [_therapist(names[pk], str(pk), parts, month) for pk, parts in own.items()]
    return sorted(rows, key=lambda row: (row["name"], row["id"]))


def _therapist(name: str, key: str, parts: Sequence[tuple[Standing, Line]], month: date) -> dict[str, Any]:
    """`late` is the part of the pay that is about months which are closed."""
    late = added(line for standing, line in parts if standing.day < month)
    shares = {standing.share for standing, _ in parts if standing.share and standing.day >= month}
    return {
        "id": key,
        "name": name,
        "visits": sum(line.treatment > 0 and standing.day >= month for standing, line in parts),
        "shares": [
            {"hundredths": one.hundredths, "basis": one.basis, "on_fees": one.on_fees}
            for one in sorted(shares, key=lambda one: one.valid_from)
        ],
        "without_share": sum(standing.share is None and line.earned > 0 for standing, line in parts),
        "late": _sums(late),
        **_sums(added(line for _, line in parts)),
    }


def _sums(line: Line) -> dict[str, int]:
    return {
        "treatment": line.treatment,
        "fees": line.fees,
        "tax": line.tax,
        "collected": line.collected,
        "base": line.base,
        "pay": line.pay,
    }


def _taxes(lines: Iterable[Line]) -> list[dict[str, Any]]:
    found = added(lines).taxes
    return [
        {"name": tax.name, "thousandths": tax.thousandths, "number": tax.number, "amount": tax.amount}
        for tax in sorted(found, key=lambda tax: (tax.name, tax.thousandths, tax.number))
    ]


def _deposits(found: Iterable[Standing]) -> dict[str, int]:
    kept = [standing.too_much for standing in found if standing.is_to_come and standing.too_much]
    return {"sum": sum(kept), "visits": len(kept)}


def _open_sums(location: Location, month: date, found: Sequence[Standing]) -> dict[str, int]:
    """What the clinic owes besides deposits: sessions of packages, and money to be given back."""
    back = sum(standing.too_much for standing in found if not standing.is_to_come)
    return {"packages": _in_packages(location, month), "to_give_back": back}


def _in_packages(location: Location, month: date) -> int:
    """What came for packages and no session has used up yet."""
    entries = entries_of(location).filter(month__lte=month).order_by()
    came = entries.filter(payment__package__isnull=False).values_list("kind").annotate(sum=Sum("amount"))
    used = entries.filter(kind__in=list(FROM_PACKAGE)).values_list("kind").annotate(sum=Sum("amount"))
    return sum(cash(kind) * amount for kind, amount in came) - sum(FROM_PACKAGE[kind] * amount for kind, amount in used)


def _receivables(found: Iterable[Standing], month: date) -> dict[str, Any]:
    """What is still to come by the month's last day, by its age: of patients from the visit on, of payers from the day
    of the bill.
    """
    today = last_day(month)
    standing_open = [one for one in found if one.open_with_patient or one.open_with_payer]
    billed = _billed_on(one for one in standing_open if one.open_with_payer)
    patients, payers = dict.fromkeys(AGES, 0), defaultdict[str, dict[str, int]](lambda: dict.fromkeys(AGES, 0))
    for one in standing_open:
        patients[age_of(min(one.day, today), today=today)] += one.open_with_patient
        if one.open_with_payer:
            assert one.visit.cover is not None
            since = min(billed.get(one.visit.pk, one.day), today)
            payers[one.visit.cover.payer.name][age_of(since, today=today)] += one.open_with_payer
    return {
        "patients": {"ages": patients, "sum": sum(patients.values())},
        "payers": [{"name": name, "ages": ages, "sum": sum(ages.values())} for name, ages in sorted(payers.items())],
    }


def _billed_on(found: Iterable[Standing]) -> dict[UUID, date]:
    zones = {one.visit.pk: one.visit.time_zone for one in found}
    rows = Claim.objects.filter(appointment__in=list(zones), billed_at__isnull=False).order_by("billed_at")
    return {pk: wall_date(at, zones[pk]) for pk, at in rows.values_list("appointment_id", "billed_at") if at}


def _open(figures: Mapping[str, Any]) -> int:
    """What is still to come, less what is kept for others."""
    receivables = figures["receivables"]
    to_come = receivables["patients"]["sum"] + sum(payer["sum"] for payer in receivables["payers"])
    kept: int = figures["deposits"]["sum"] + figures["packages"] + figures["to_give_back"]
    return int(to_come) - kept


def _proof(location: Location, month: date, figures: Figures) -> dict[str, int]:
    """What was open before, what was earned, and what came must give what is open after: `difference` is then 0."""
    last = closed_months(location).first()
    before = _open(last.figures) if last else 0
    earned = figures["earned"]["treatment"] + figures["earned"]["fees"]
    came, after = net_of(figures["movements"]), _open(figures)
    return {"before": before, "earned": earned, "came": came, "after": after,
            "difference": before + earned - came - after}  # fmt: skip


def _not_on_sheets(location: Location, month: date) -> int:
    """Movements at the desk that stand on no signed sheet of a day, where the clinic keeps such sheets."""
    if not TillCount.objects.filter(location=location).exists():
        return 0
    at_desk = entries_of(location).filter(month=month, payment__gateway=Payment.Gateway.DESK, till_line=None)
    return at_desk.filter(kind__in=[*MONEY_IN, *MONEY_OUT]).count()
