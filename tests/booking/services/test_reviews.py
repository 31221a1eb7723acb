"""A therapist answers a request, or nobody does."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.payments.models import Payment
from booking.reminders.models import Communication
from booking.selectors.requests import waiting_requests
from booking.services.appointments import payment_authorised
from booking.services.reviews import begin_review, decide_request, lapse_requests
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import CareRelation, Role, ScreeningDecision
from intake.services.screenings import attach_screening
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_practitioner, make_staff
from tests.factories.intake import make_patient, make_screening, make_user, review_line

DUE = 12  # on Wednesday: 24 opening hours (8 to 18) after Monday at 8
pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(clinic: Clinic) -> Appointment:
    return ask(clinic)


def ask(clinic: Clinic, **over: Any) -> Appointment:
    return book(clinic, review_line(), **{"start": at(10, days=3), **over}).appointment


def decide(visit: Appointment, decision: str, by: Any, **over: Any) -> Appointment:
    return decide_request(appointment=visit, decision=decision, reason="We talked.", by=by, now=NOW, **over)


def test_approved_it_is_booked_and_the_patient_hears_of_it(clinic: Clinic, request_: Appointment) -> None:
    row = decide(request_, "approved", clinic.anna.user)
    assert (row.status, row.awaiting, row.decide_by) == ("booked", "", None)
    waiting = Communication.objects.filter(status="preparation").order_by("kind")
    assert list(waiting.values_list("kind", flat=True)) == ["approved", "recheck", "reminder-1", "reminder-2"]


def test_declined_it_is_cancelled_and_nothing_is_charged(clinic: Clinic, request_: Appointment) -> None:
    row = decide(request_, "declined", clinic.anna.user)
    assert (row.status, row.cancel_reason, row.cancelled_by) == ("cancelled", "screening-declined", clinic.anna.user)
    assert not Payment.objects.exists()
    assert book(clinic, start=at(10, days=3)).appointment.status == "booked"


def test_the_money_is_taken_on_approval_and_released_on_refusal(clinic: Clinic) -> None:
    kept = {}
    for decision, day in (("approved", 3), ("declined", 4)):
        visit = ask(clinic, payment="online", start=at(10, days=day))
        payment = visit.payments.get()
        Payment.objects.filter(pk=payment.pk).update(state="authorised")
        payment.refresh_from_db()
        assert payment_authorised(appointment=visit, payment=payment, now=NOW) == "review"
        decide(visit, decision, clinic.anna.user)
        payment.refresh_from_db()
        kept[decision] = payment.keep_amount
    assert kept == {"approved": 3000, "declined": 0}


def test_a_colleague_on_duty_may_stand_in(clinic: Clinic, request_: Appointment) -> None:
    assert list(waiting_requests(by=clinic.ben.user, now=NOW)) == [request_]
    begin_review(appointment=request_, by=clinic.ben.user, now=NOW)
    stand_in = CareRelation.objects.get(practitioner=clinic.ben.user)
    assert (stand_in.patient, stand_in.reason) == (request_.patient, "stand-in")
    assert decide(request_, "approved", clinic.ben.user).status == "booked"


def test_nobody_else_decides(request_: Appointment) -> None:
    unauthorised = make_practitioner("Cleo", needling_authorisation="")
    for stranger in (unauthorised.user, make_staff(), make_staff(Role.MANAGER), make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            decide(request_, "approved", stranger)
    assert not ScreeningDecision.objects.exists()
    assert list(waiting_requests(by=unauthorised.user, now=NOW)) == []


def test_a_decision_needs_a_reason(clinic: Clinic, request_: Appointment) -> None:
    with pytest.raises(InvalidAnswers):
        decide_request(appointment=request_, decision="approved", reason=" ", by=clinic.anna.user, now=NOW)
    assert Appointment.objects.get().awaiting == "review"


def test_it_is_decided_once(clinic: Clinic, request_: Appointment) -> None:
    decide(request_, "approved", clinic.anna.user)
    with pytest.raises(NotPossibleNow):
        decide(request_, "declined", clinic.anna.user)


def test_without_an_answer_in_time_it_ends_free_of_charge(clinic: Clinic, request_: Appointment) -> None:
    assert lapse_requests(now=at(DUE, days=2) - timedelta(minutes=1)) == 0
    assert [lapse_requests(now=at(DUE, days=2)) for _ in range(2)] == [1, 0]
    row = Appointment.objects.get()
    assert (row.status, row.cancel_reason) == ("cancelled", "review-lapsed")


def test_who_agreed_to_it_keeps_the_time_without_needles(clinic: Clinic) -> None:
    ask(clinic, accepts_assessment=True)
    assert lapse_requests(now=at(DUE, days=2)) == 1
    row = Appointment.objects.get()
    assert (row.status, row.service) == ("booked", clinic.assessment)


def test_new_serious_answers_ask_the_therapist_about_every_coming_needling_visit(clinic: Clinic) -> None:
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner)
    mine = {"patient": patient, "by": owner}
    needling = book(clinic, start=at(10, days=2), **mine).appointment
    call = book(clinic, start=at(10, days=3), service=clinic.call, screening=None, payment="none", **mine).appointment
    screening = make_screening(review_line(), now=NOW, session_hash=str(uuid4())).screening
    attach_screening(screening=screening, patient=patient, now=NOW)
    rows = {row.pk: (row.status, row.awaiting) for row in Appointment.objects.all()}
    assert rows == {needling.pk: ("pending", "review"), call.pk: ("booked", "")}
    assert decide(needling, "approved", clinic.anna.user).screening == screening
