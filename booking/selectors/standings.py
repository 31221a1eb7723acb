"""How each visit stands when a month ends: what it cost, what has come for it, what is open or only kept for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from booking.models import Appointment, Location, MonthLine, PaySplit
from booking.payments.ledger import OWES_FEES_ONLY, Kind, in_the_books
from booking.payments.models import LedgerEntry, Payment
from booking.rules.months import FROM_PACKAGE, MONEY_IN, MONEY_OUT, Line, added, for_visit, last_day, next_month
from booking.rules.pay import Earned, Share, base_of, pay_of, share_on
from booking.rules.receipts import Said, Tax
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.receipts import money_of_all, with_what_papers_need

Status = Appointment.Status
Place = tuple[UUID, UUID]  # a visit, and the therapist it was with
_NOTHING: Final = Said((), ())


@dataclass(frozen=True)
class Standing:
    """A visit by the end of `month`. Minor units; sums with taxes. `came` counts what payers have paid as well."""

    visit: Appointment
    month: date
    treatment: Said
    fee: Said
    came: int
    came_from_payer: int
    share: Share | None

    @cached_property
    def day(self) -> date:
        return wall_date(self.visit.start, self.visit.time_zone)

    @property
    def earned(self) -> int:
        return self.treatment.total + self.fee.total

    @property
    def is_to_come(self) -> bool:
        """Whether it had neither taken place nor ended when the month was over: what has come is only kept for it."""
        ended = self.visit.status in OWES_FEES_ONLY and self._ended_on <= last_day(self.month)
        return not ended and (self.day > last_day(self.month) or self.visit.status != Status.FULFILLED)

    @property
    def line(self) -> Line:
        """What it comes to in the books."""
        earned = Earned(
            treatment=self.treatment.total,
            treatment_tax=self.treatment.total - self.treatment.net,
            fees=self.fee.total,
            fees_tax=self.fee.total - self.fee.net,
            collected=self.came,
        )
        base = base_of(self.share, earned) if self.share else 0
        return Line(
            treatment=earned.treatment,
            fees=earned.fees,
            collected=max(0, min(self.came, self.earned)),
            base=base,
            pay=pay_of(self.share, base) if self.share else 0,
            taxes=(*self.treatment.taxes, *self.fee.taxes),
        )

    @property
    def open_with_payer(self) -> int:
        """What somebody else has still to pay; nothing for a visit that has not taken place."""
        if not self.treatment.total:
            return 0
        return max(0, min(self.visit.payer_amount - self.came_from_payer, self.earned - self.came))

    @property
    def open_with_patient(self) -> int:
        return max(0, self.earned - self.came - self.open_with_payer)

    @property
    def too_much(self) -> int:
        """What came and is not earned: kept for the visit if it is to come, else to be given back."""
        return max(0, self.came - self.earned)

    @property
    def _ended_on(self) -> date:
        ended = self.visit.cancelled_at or self.visit.start
        return wall_date(ended, self.visit.time_zone)


def standings(*, location: Location, month: date) -> list[Standing]:
    """Every visit of a clinic about which the books of this month may have to say something."""
    visits = list(with_what_papers_need(_that_matter(location, month)).order_by("start", "pk"))
    money, came = money_of_all(visits, until=month), _came(visits, month)
    shares = shares_by_therapist()
    found = []
    for visit in visits:
        said = money[visit.pk]
        day = wall_date(visit.start, visit.time_zone)
        found.append(
            Standing(
                visit=visit,
                month=month,
                treatment=said.treatment if said.treatment and day <= last_day(month) else _NOTHING,
                fee=said.fee or _NOTHING,
                came=sum(amount for _, amount in came[visit.pk]),
                came_from_payer=sum(amount for gateway, amount in came[visit.pk] if gateway == Payment.Gateway.PAYER),
                share=share_on(day, shares[visit.practitioner_id]),
            )
        )
    return found


def lines_before(visits: Iterable[Appointment]) -> dict[Place, Line]:
    """What the closed months have said of these visits, added up."""
    rows = defaultdict[Place, list[Line]](list)
    for row in MonthLine.objects.filter(appointment__in=list(visits)):
        rows[row.appointment_id, row.practitioner_id].append(line_of(row))
    return {place: added(lines) for place, lines in rows.items()}


def line_of(row: MonthLine) -> Line:
    """A row as the rules know it."""
    return Line(
        treatment=row.treatment,
        fees=row.fees,
        collected=row.collected,
        base=row.base,
        pay=row.pay,
        taxes=tuple(Tax(**tax) for tax in row.taxes),
    )


def shares_by_therapist() -> Mapping[UUID, list[Share]]:
    """What was agreed with each therapist."""
    found = defaultdict[UUID, list[Share]](list)
    for split in PaySplit.objects.all():
        basis = "billed" if split.basis == PaySplit.Basis.BILLED else "collected"
        found[split.practitioner_id].append(
            Share(round(split.percent * 100), basis, split.on_fees, split.valid_from)  # type: ignore[arg-type]
        )
    return found


def _that_matter(location: Location, month: date) -> QuerySet[Appointment]:
    """Visits of the month, those with money that is open or kept, and those that the closed months have said something
    else about. A visit that cost what came for it, and was said so, is left out.
    """
    zone = location.time_zone
    begin, end = start_of_day(month, zone), start_of_day(next_month(month), zone)
    took_place = Q(status=Status.FULFILLED, start__lt=end)
    of_visit = LedgerEntry.objects.filter(payment__appointment=OuterRef("pk"))
    lines = MonthLine.objects.filter(appointment=OuterRef("pk"))
    found = Appointment.objects.filter(location=location).exclude(status=Status.PROPOSED)
    found = found.annotate(
        money=Coalesce(Subquery(_signed(in_the_books(month).filter(payment__appointment=OuterRef("pk")))), 0),
        said=Coalesce(Subquery(lines.order_by().values("appointment").annotate(n=Sum("treatment")).values("n")), 0),
    )
    return found.filter(
        Q(start__gte=begin, start__lt=end)
        | (took_place & ~(Q(money=F("price_amount")) & Q(said=F("price_amount"))))
        | (~took_place & ~Q(money=0))
        | Q(Exists(of_visit.filter(kind__in=[Kind.FEE, Kind.WAIVER])))
        | Q(Exists(of_visit.filter(month=month)))
        | (~took_place & Q(Exists(lines)))
        | Q(Exists(lines.exclude(practitioner=OuterRef("practitioner"))))
    )


def _signed(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry, Any]:
    """What came for a visit, what went back taken off."""
    plus = [*MONEY_IN, *(kind for kind, sign in FROM_PACKAGE.items() if sign > 0)]
    minus = [*MONEY_OUT, *(kind for kind, sign in FROM_PACKAGE.items() if sign < 0)]
    signed = Case(
        When(kind__in=plus, then=F("amount")),
        When(kind__in=minus, then=-F("amount")),
        default=Value(0),
        output_field=IntegerField(),
    )
    return entries.order_by().values("payment__appointment").annotate(n=Sum(signed)).values("n")


def _came(visits: Iterable[Appointment], month: date) -> Mapping[UUID, list[tuple[str, int]]]:
    """What came for each visit, by gateway, signed."""
    found = defaultdict[UUID, list[tuple[str, int]]](list)
    rows = in_the_books(month).filter(payment__appointment__in=list(visits)).order_by()
    sums = rows.values_list("payment__appointment_id", "payment__gateway", "kind").annotate(sum=Sum("amount"))
    for visit, gateway, kind, amount in sums:
        found[visit].append((gateway, for_visit(kind) * amount))
    return found
