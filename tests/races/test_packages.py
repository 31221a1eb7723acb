"""The last session of a package, wanted by several at once: one gets it."""

import time
from collections import Counter
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest

from booking.errors import PaymentNotOffered
from booking.models import Appointment, Package, PackageCredit
from booking.selectors.packages import usable_package
from booking.services.appointments import confirm_details
from booking.services.holds import hold_time
from booking.services.package_credits import use_package
from booking.services.package_refunds import refund_package
from intake.models import Patient, Role, User
from tests.factories.booking import NOW, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient, make_user
from tests.factories.packages import make_package
from tests.races.crowd import at_once
from tests.races.unguarded import unlocked, without

pytestmark = pytest.mark.django_db(transaction=True)
LEFT = 1


def use(visit: UUID, by: UUID) -> None:
    """Reception lets the package pay a visit."""
    use_package(appointment=Appointment.objects.get(pk=visit), by=User.objects.get(pk=by), now=NOW)


def use_without_locks(visit: UUID, by: UUID) -> None:
    def slowly(*asked: Any) -> Any:
        found = usable_package(*asked)
        time.sleep(0.1)
        return found

    with unlocked(), mock.patch("booking.services.package_credits.usable_package", slowly):
        use(visit, by)


def book(hold: UUID, patient: UUID) -> None:
    """The patient books online with it."""
    known = Patient.objects.get(pk=patient)
    confirm_details(
        appointment=Appointment.objects.get(pk=hold), patient=known, payment="package", policies_accepted=True,
        by=known.user, now=NOW,
    )  # fmt: skip


def give_back(package: UUID, by: UUID) -> None:
    """A manager gives back what is unused."""
    refund_package(
        package=Package.objects.get(pk=package), amount=9000, method="cash", by=User.objects.get(pk=by), now=NOW
    )


def prepare() -> tuple[Any, Patient, Package, User]:
    """A patient with one session left of three."""
    clinic, by = make_clinic(), make_staff(Role.MANAGER)
    patient = make_patient(now=NOW, user=make_user(Role.PATIENT))
    package = make_package(clinic, patient, by=by, services=[clinic.needling, clinic.call])
    clinic.call.price_amount = 5000
    clinic.call.save()
    for days in (3, 4):
        use(make_appointment(clinic, start=at(10, days=days), patient=patient).pk, by.pk)
    return clinic, patient, package, by


def in_use(package: Package) -> int:
    return PackageCredit.objects.filter(package=package, returned_at=None).count()


def race(deed: Any) -> tuple[Counter[str], int]:
    clinic, patient, package, by = prepare()
    visits = [make_appointment(clinic, start=at(hour), patient=patient) for hour in (9, 10, 11, 12)]
    outcome = at_once(*[(deed, (visit.pk, by.pk)) for visit in visits])
    return outcome, in_use(package)


def test_the_last_session_is_used_once() -> None:
    assert race(use) == (Counter({"done": LEFT, "package-not-usable": 3}), 3)


def test_without_locks_and_without_the_databases_guard_it_is_used_more_than_once() -> None:
    """The negative control."""
    with without(PackageCredit, "package_credit_used_once"):
        outcome, used = race(use_without_locks)
        forget_credits()
    assert used > 3, outcome


def test_without_locks_the_database_alone_keeps_it_from_being_used_twice() -> None:
    outcome, used = race(use_without_locks)
    assert (used, outcome["done"]) == (3, LEFT)


def test_bookings_the_desk_and_a_refund_share_it() -> None:
    clinic, patient, package, by = prepare()
    wish = {"screening": None, "service": clinic.call, "practitioner": clinic.ben, "source": "patient", "now": NOW}
    holds = [
        hold_time(**wish, start=at(hour, days=2), request_key=uuid4(), held_by=f"browser-{hour}").appointment
        for hour in (9, 11)
    ]
    visit = make_appointment(clinic, start=at(9), patient=patient)
    outcome = at_once(
        *[(book, (hold.pk, patient.pk)) for hold in holds], (use, (visit.pk, by.pk)), (give_back, (package.pk, by.pk))
    )
    refused = {PaymentNotOffered.code, "package-not-usable", "package-nothing-unused"}
    assert outcome["done"] == 1
    assert set(outcome) <= {"done", *refused}
    package.refresh_from_db()
    assert in_use(package) == (3 if package.state == "active" else 2)


def forget_credits() -> None:
    """What the guard would refuse is gone before it comes back."""
    PackageCredit.objects.update(returned_at=NOW, returned_why="staff")
