"""Two therapists answer one request at the same moment: one decides, the other is told who did."""

import time
from collections import Counter
from collections.abc import Sequence
from unittest import mock
from uuid import UUID

import pytest

from booking.models import Appointment
from booking.services import reviews
from booking.services.reviews import decide_request
from intake.models import ScreeningDecision, User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic
from tests.factories.intake import make_care_relation, make_patient, make_screening, review_line
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


def request_at(clinic: Clinic, hour: int) -> Appointment:
    patient = make_patient(email=f"p{hour}@example.org")
    screening = make_screening(review_line(), now=NOW).screening
    screening.patient = patient
    screening.save(update_fields=["patient"])
    for one in (clinic.anna, clinic.ben):
        make_care_relation(one.user, patient, now=NOW)
    return make_appointment(
        clinic,
        start=at(hour),
        patient=patient,
        screening=screening,
        status="pending",
        awaiting="review",
        review_since=NOW,
        decide_by=at(hour - 2),
    )


def decide(appointment: UUID, decision: str, therapist: UUID) -> None:
    decide_request(
        appointment=Appointment.objects.get(pk=appointment),
        decision=decision,
        reason="Spoke.",
        by=User.objects.get(pk=therapist),
        now=NOW,
    )


def decide_unguarded(appointment: UUID, decision: str, therapist: UUID) -> None:
    """The negative control: the same door without its lock, and with time between looking and writing."""

    def look(visits: Sequence[Appointment]) -> list[Appointment]:
        found = Appointment.objects.select_related("service", "location", "practitioner", "patient", "screening")
        rows = [found.get(pk=one.pk) for one in visits]
        time.sleep(1)
        return rows

    with mock.patch.object(reviews, "lock_appointments", look):
        decide(appointment, decision, therapist)


@pytest.mark.parametrize("hour", [10, 12, 14])
def test_one_of_two_decides(clinic: Clinic, hour: int) -> None:
    visit = request_at(clinic, hour)
    came_of_it = at_once(
        (decide, (visit.pk, "approved", clinic.anna.user.pk)),
        (decide, (visit.pk, "declined", clinic.ben.user.pk)),
    )
    visit.refresh_from_db()
    made = ScreeningDecision.objects.get()
    assert came_of_it == Counter({"done": 1, "decided-already": 1})
    assert (made.decision, visit.status) in (("approved", "booked"), ("declined", "cancelled"))


def test_without_the_lock_both_decide(clinic: Clinic) -> None:
    """Were this to pass with one decision, the race above would prove nothing. A yes after a no is refused for what it
    says, so both say yes.
    """
    visit = request_at(clinic, 10)
    came_of_it = at_once(
        (decide_unguarded, (visit.pk, "approved", clinic.anna.user.pk)),
        (decide_unguarded, (visit.pk, "approved", clinic.ben.user.pk)),
    )
    assert (came_of_it["done"], ScreeningDecision.objects.count()) == (2, 2)
