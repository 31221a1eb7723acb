"""Visits that a package pays, what is left of it, and what is owed."""

from booking.models import Appointment, Package
from booking.payments.ledger import balance_of
from booking.selectors.packages import Standing, packages_of
from intake.models import Patient
from tests.factories.booking import NOW, Clinic, at, make_appointment


def visit_of(clinic: Clinic, patient: Patient, **over: object) -> Appointment:
    start = over.pop("start", at(10))
    return make_appointment(clinic, start=start, patient=patient, service=clinic.needling, **over)


def left_of(package: Package) -> tuple[int, int]:
    """How many sessions are left, and what would be given back."""
    one = Standing.of(packages_of(package.patient).get(pk=package.pk), now=NOW)
    return one.left, one.to_give_back


def owed(visit: Appointment) -> tuple[int, int, int]:
    balance = balance_of(Appointment.objects.get(pk=visit.pk))
    return balance.owed, balance.paid, balance.due
