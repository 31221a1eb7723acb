"""Who pays for patients: plain functions, every value can be given."""

from itertools import count
from typing import Any

from booking.models import Appointment, Claim, Cover, Payer
from booking.services.covers import choose_cover
from intake.models import Patient, User
from tests.factories.booking import NOW, Clinic, make_appointment

_numbers = count(1)


def make_payer(**over: Any) -> Payer:
    fields = {"name": f"Payer {next(_numbers)}", "kind": Payer.Kind.WORKERS_COMPENSATION}
    return Payer.objects.create(**{**fields, **over})


def make_cover(patient: Patient, **over: Any) -> Cover:
    """All of the price for as long as nobody says otherwise, with a claim number."""
    over.setdefault("payer", None)
    over["payer"] = over["payer"] or make_payer()
    if "amount_per_visit" not in over:
        over.setdefault("percent", 100)
    fields = {"claim_number": "WC-1001", "created_at": NOW}
    return Cover.objects.create(patient=patient, **{**fields, **over})


def make_covered_visit(clinic: Clinic, cover: Cover, *, by: User, **over: Any) -> Appointment:
    """A visit of the cover's patient for which it was chosen."""
    visit = make_appointment(clinic, patient=cover.patient, **over)
    return choose_cover(appointment=visit, cover=cover, by=by, now=NOW)


def make_claim(clinic: Clinic, cover: Cover, *, by: User, **over: Any) -> Claim:
    """A visit that took place and waits to be billed."""
    visit = make_covered_visit(clinic, cover, by=by, status="fulfilled", **over)
    return visit.claims.get()
