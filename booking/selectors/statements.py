"""What a statement says: a person's visits of some days with what they cost, and what was paid in advance."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from booking.models import Appointment, Document, Location, Package
from booking.rules.receipts import CLAIMABLE, Said, as_facts
from booking.rules.walltime import wall_date
from booking.selectors.package_papers import money_of_package
from booking.selectors.packages import packages_of
from booking.selectors.receipts import heading_of, money_of_all, therapist_of, with_what_papers_need
from intake.models import Patient


def facts_of_statement(
    *, patient: Patient, location: Location, first: date, last: date
) -> tuple[str, dict[str, Any]] | None:
    """What a person's visits of these days cost and what was paid for them, with its currency; None for none.

    What came and went for packages stands beside: a visit that one pays is among the visits with its share.
    """
    found = with_what_papers_need(Appointment.objects.filter(patient=patient)).order_by("start", "pk")
    visits = [one for one in found if first <= wall_date(one.start, one.time_zone) <= last]
    prepaid = _paid_in_advance(patient, first, last)
    currencies = [*(one.currency for one in visits), *(package.currency for package, _said in prepaid)]
    currency = currencies[0] if currencies else ""
    parts = _parts_of([one for one in visits if one.currency == currency])
    advance = [said for package, said in prepaid if package.currency == currency]
    if not parts and not advance:
        return None
    numbers = _valid_numbers(visits)
    whole = Said(
        tuple(line for *_, said in parts for line in said.lines),
        tuple(paid for *_, said in parts for paid in said.payments),
    )
    facts = heading_of(location, patient) | as_facts(whole)
    facts |= {"first": first.isoformat(), "last": last.isoformat(), "claimable": False}
    return currency, facts | {"entries": [_entry(*part, numbers) for part in parts], "prepaid": advance}


def _parts_of(visits: list[Appointment]) -> list[tuple[Appointment, str, Said]]:
    """The treatment and the fees of each visit that cost something."""
    money = money_of_all(visits)
    parts = (
        (visit, kind, money[visit.pk].of(kind))
        for visit in visits
        for kind in (Document.Kind.RECEIPT, Document.Kind.FEE)
    )
    return [(visit, kind, said) for visit, kind, said in parts if said is not None and (said.total or said.paid)]


def _paid_in_advance(patient: Patient, first: date, last: date) -> list[tuple[Package, dict[str, Any]]]:
    """The money that came (or, below zero, went back) for packages on these days, oldest first."""
    found = []
    for package in packages_of(patient).order_by("bought_at", "pk"):
        said = money_of_package(package)
        valid = package.documents.filter(kind=Document.Kind.PACKAGE, reversed_by=None).first()
        what = {"text": said.lines[0].text, "number": valid.number if valid else None}
        found += [
            (package, what | {"on": paid.on, "method": paid.method, "amount": paid.amount})
            for paid in said.payments
            if first <= date.fromisoformat(paid.on) <= last
        ]
    return found


def _valid_numbers(visits: Iterable[Appointment]) -> dict[tuple[UUID | None, str], int]:
    valid = Document.objects.filter(appointment__in=list(visits), reversed_by=None)
    return {(pk, kind): number for pk, kind, number in valid.values_list("appointment_id", "kind", "number")}


def _entry(visit: Appointment, kind: str, said: Said, numbers: Mapping[tuple[UUID | None, str], int]) -> dict[str, Any]:
    return {
        "on": said.lines[0].on,
        "text": "; ".join(line.text for line in said.lines),
        "therapist": therapist_of(visit) if kind == Document.Kind.RECEIPT else None,
        "number": numbers.get((visit.pk, kind)),
        "claimable": kind in CLAIMABLE,
        "total": said.total,
        "paid": said.paid,
    }
