"""What is true of a visit's or a person's money now, as a document would say it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext, override

from booking.models import Appointment, Document, Location, TaxRate
from booking.payments.ledger import OWES_FEES_ONLY, Balance, Kind, balances_of, fees_of_moves, in_the_books
from booking.rules.receipts import (
    BY_PAYER,
    CLAIMABLE,
    Line,
    Paid,
    Rate,
    Said,
    as_facts,
    split_payments,
    taxed,
    took_place,
)
from booking.rules.walltime import wall_date
from booking.selectors.registrations import registrations_on
from intake.models import Patient

VERSION: Final = 1  # of the facts: another shape gets another number, and the old stay readable
_CAME: Final = {
    Kind.CAPTURE: 1,
    Kind.DESK: 1,
    Kind.PAYER: 1,
    Kind.PACKAGE: 1,
    Kind.REFUND_FAILED: 1,
    Kind.REFUND: -1,
    Kind.DISPUTE_LOST: -1,
    Kind.PACKAGE_RETURNED: -1,
}


@dataclass(frozen=True, slots=True)
class VisitMoney:
    """What a visit's receipt and its fee's document would say; None where there is nothing for one."""

    treatment: Said | None
    fee: Said | None

    def of(self, kind: str) -> Said | None:
        return self.treatment if kind == Document.Kind.RECEIPT else self.fee


def money_of(visit: Appointment) -> VisitMoney:
    """The money of one visit."""
    return money_of_all([visit])[visit.pk]


def money_of_all(visits: Sequence[Appointment], *, until: date | None = None) -> dict[UUID, VisitMoney]:
    """`money_of` for many visits in few queries; by what the books say up to the month `until`."""
    balances, payments = balances_of(visits, until=until), _payments_of(visits, until)
    return {one.pk: _money(one, balances[one.pk], payments.get(one.pk, ())) for one in visits}


def facts_of_visit(*, visit: Appointment, kind: str, said: Said) -> dict[str, Any]:
    """Everything that a document of this visit says besides its number, day and person. Nothing clinical.

    A treatment names its therapist with the registration of that day; `therapist` is None where there was none.
    """
    facts = heading_of(visit.location, visit.patient) | as_facts(said)
    facts |= {"claimable": kind in CLAIMABLE, "on": wall_date(visit.start, visit.time_zone).isoformat()}
    if kind == Document.Kind.RECEIPT:
        facts |= {"therapist": therapist_of(visit), "tax_note": _why_no_tax(visit, said)}
    if visit.cover is not None and visit.payer_amount and kind == Document.Kind.RECEIPT:
        facts |= {"payer": {"name": visit.cover.payer.name, "amount": visit.payer_amount}}
    return facts


def therapist_of(visit: Appointment) -> dict[str, str] | None:
    """Who treated, as registered on the visit's day; None without a registration."""
    day = wall_date(visit.start, visit.time_zone)
    found = registrations_on(day).filter(practitioner=visit.practitioner_id).first()
    if found is None:
        return None
    name = visit.practitioner.name
    return {"name": name, "title": found.title, "number": found.number, "college": found.college}


def language_for(patient: Patient | None) -> str:
    """The language of a person's papers: theirs, once its catalogue is complete."""
    known = dict(settings.LANGUAGES)
    return patient.language if patient is not None and patient.language in known else settings.LANGUAGE_CODE


def heading_of(location: Location, patient: Patient | None) -> dict[str, Any]:
    """What stands at the head of every paper, besides its number, day and person."""
    place = {"name": location.name, "address": location.address, "email": location.email}
    place["phone"] = location.phone.as_national
    return {"version": VERSION, "language": language_for(patient), "clinic": place}


def _money(visit: Appointment, balance: Balance, payments: Sequence[Paid]) -> VisitMoney:
    day = wall_date(visit.start, visit.time_zone).isoformat()
    ended = visit.status in OWES_FEES_ONLY
    fees = _fees(visit, balance)
    for_treatment, for_fee = ((), tuple(payments)) if ended else split_payments(payments, fees=fees, on=day)
    treatment = Said((_treatment_line(visit, day),), for_treatment) if took_place(visit.status) else None
    return VisitMoney(treatment, Said(_fee_lines(visit, fees, day), for_fee) if fees else None)


def _fees(visit: Appointment, balance: Balance) -> int:
    """What of the patient's part is no price of a treatment; nothing while a cancellation can still be undone."""
    if visit.cancel_settles_at is not None:
        return 0
    return max(0, balance.owed - (0 if visit.status in OWES_FEES_ONLY else visit.price_amount - balance.by_payer))


def _treatment_line(visit: Appointment, day: str) -> Line:
    with override(language_for(visit.patient)):
        name = visit.service.receipt_name or visit.service.name
        minutes = int((visit.end - visit.start).total_seconds() // 60)
        text = gettext("%(what)s, %(minutes)s min") % {"what": name, "minutes": minutes}
    return taxed(text=text, on=day, amount=visit.price_amount, rates=_rates(visit.service.tax_rates.all(), day))


def _fee_lines(visit: Appointment, fees: int, day: str) -> tuple[Line, ...]:
    """A fee says what it is for and never names a treatment."""
    moved = min(fees, fees_of_moves(visit))
    with override(language_for(visit.patient)):
        ended = (
            gettext("Fee for a missed visit") if visit.status == "noshow" else gettext("Fee for a late cancellation")
        )
        parts = ((gettext("Fee for a late change"), moved), (ended, fees - moved))
    rates = _rates([one for one in visit.location.tax_rates.all() if one.on_fees], day)
    return tuple(taxed(text=text, on=day, amount=amount, rates=rates) for text, amount in parts if amount)


def _rates(rates: Iterable[TaxRate], day: str) -> list[Rate]:
    on = date.fromisoformat(day)
    valid = [one for one in rates if (one.valid_from or on) <= on <= (one.valid_until or on)]
    return [Rate(one.name, int(one.percent * 1000), one.number) for one in valid]


def _why_no_tax(visit: Appointment, said: Said) -> str:
    return "" if said.taxes else visit.service.tax_exempt_reason


def _payments_of(visits: Iterable[Appointment], until: date | None) -> dict[UUID, tuple[Paid, ...]]:
    """Money that came and went, oldest first; a visit's zone says on which day."""
    zones = {one.pk: one.time_zone for one in visits}
    found: dict[UUID, tuple[Paid, ...]] = {}
    entries = in_the_books(until).filter(payment__appointment__in=list(zones), kind__in=_CAME)
    rows = entries.order_by("recorded_at", "id").values_list(
        "payment__appointment_id", "kind", "method", "amount", "recorded_at"
    )
    for pk, kind, method, amount, at in rows:
        on = wall_date(at, zones[pk]).isoformat()
        how = BY_PAYER if kind == Kind.PAYER else method or "card"
        found[pk] = (*found.get(pk, ()), Paid(on, how, _CAME[Kind(kind)] * amount))
    return found


def with_what_papers_need(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """These visits with all that their papers look at, in few queries."""
    related = visits.select_related("service", "practitioner", "location", "patient", "cover__payer")
    return related.prefetch_related("service__tax_rates", "location__tax_rates")
