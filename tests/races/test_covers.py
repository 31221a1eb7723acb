"""The last approved visit of a payer, wanted by two bookings at once: one gets it."""

import time
from collections import Counter
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest

from booking.models import Appointment, Cover, HealthcareService, Practitioner
from booking.selectors.covers import problem_of, visits_used
from booking.services.appointments import book_for_caller
from booking.services.covers import choose_cover
from intake.models import Patient, User
from tests.factories.booking import NOW, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.factories.payers import make_cover
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def choose(visit: UUID, cover: UUID, by: UUID) -> None:
    """Reception says on a visit's page who pays it."""
    choose_cover(
        appointment=Appointment.objects.get(pk=visit), cover=Cover.objects.get(pk=cover),
        by=User.objects.get(pk=by), now=NOW,
    )  # fmt: skip


def book(service: UUID, therapist: UUID, hour: int, cover: UUID, by: UUID) -> None:
    """Reception books for a caller whom somebody else pays for."""
    wanted = Cover.objects.get(pk=cover)
    book_for_caller(
        service=HealthcareService.objects.get(pk=service), practitioner=Practitioner.objects.get(pk=therapist),
        start=at(hour, days=2), patient=Patient.objects.get(pk=wanted.patient_id), payment="none", cover=wanted,
        request_key=uuid4(), by=User.objects.get(pk=by), now=NOW,
    )  # fmt: skip


def choose_without_locks(visit: UUID, cover: UUID, by: UUID) -> None:
    def slowly(*asked: Any) -> Any:
        found = problem_of(*asked)
        time.sleep(0.05)
        return found

    with (
        mock.patch("booking.services.locks._lock"),
        mock.patch("booking.services.covers._locked", lambda one: one),
        mock.patch("booking.services.covers.problem_of", slowly),
    ):
        choose(visit, cover, by)


def race(deed: Any) -> tuple[Counter[str], int]:
    clinic, patient, by = make_clinic(), make_patient(), make_staff()
    cover = make_cover(patient, approved_visits=1)
    visits = [make_appointment(clinic, start=at(hour), patient=patient) for hour in (9, 10, 11, 12)]
    outcome = at_once(*[(deed, (visit.pk, cover.pk, by.pk)) for visit in visits])
    return outcome, visits_used(cover)


def test_the_last_approved_visit_is_used_once() -> None:
    assert race(choose) == (Counter({"done": 1, "cover-not-usable": 3}), 1)


def test_without_locks_it_is_used_more_than_once() -> None:
    """The negative control."""
    outcome, used = race(choose_without_locks)
    assert used > 1, outcome


def test_the_visits_page_and_a_booking_at_the_desk_share_it() -> None:
    clinic, patient, by = make_clinic(), make_patient(), make_staff()
    clinic.call.price_amount = 5000
    clinic.call.save()
    cover = make_cover(patient, approved_visits=1)
    visit = make_appointment(clinic, start=at(9), patient=patient)
    outcome = at_once(
        (choose, (visit.pk, cover.pk, by.pk)), (book, (clinic.call.pk, clinic.ben.pk, 10, cover.pk, by.pk))
    )
    assert (outcome, visits_used(cover)) == (Counter({"done": 1, "cover-not-usable": 1}), 1)
