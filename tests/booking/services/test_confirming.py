"""Saying who comes."""

from datetime import date, timedelta
from typing import Any

import pytest

from booking.errors import (
    HoldExpired,
    NotCleared,
    NotPossibleNow,
    PatientBusy,
    PaymentNotOffered,
    PoliciesNotAccepted,
    SlotTaken,
    TooLate,
)
from booking.models import Appointment, TimeOff
from booking.payments.models import Payment
from booking.reminders.models import Communication
from booking.selectors.appointments import appointment_by_manage_token, hold_with_token
from intake.errors import IncompleteAnswers, NotAllowed, ScreeningOfAnother
from intake.models import AuditEvent, CareRelation, Patient, Role
from intake.services.screenings import attach_screening
from tests.booking.services.booking_steps import book, confirm, details, hold
from tests.factories.booking import NOW, Clinic, at, make_appointment
from tests.factories.intake import clear_line, make_patient, make_screening, make_user, review_line, stop_line

pytestmark = pytest.mark.django_db


def test_a_clear_form_paid_at_the_desk_is_booked(clinic: Clinic) -> None:
    done = book(clinic)
    row = Appointment.objects.get()
    assert (row.status, row.awaiting, row.hold_expires_at, row.confirmed_at) == ("booked", "", None, NOW)
    assert (row.payment_choice, row.policy_version, row.policies_accepted_at) == ("desk", "2026-11", NOW)
    assert (row.free_cancel_until, row.late_fee_amount, row.no_show_fee_amount) == (at(10, days=0), 3000, 3000)
    assert str(row.patient) == "Ada Berg"
    assert appointment_by_manage_token(done.manage_token) == row
    assert not Payment.objects.exists()


def test_the_answers_belong_to_the_patient_from_then_on(clinic: Clinic) -> None:
    row = book(clinic).appointment
    screening = row.screening
    screening.refresh_from_db()
    assert (screening.patient, screening.response.patient, screening.response.delete_after) == (
        row.patient,
        row.patient,
        None,
    )
    relation = CareRelation.objects.get()
    assert (relation.practitioner, relation.patient, relation.valid_until) == (
        clinic.anna.user,
        row.patient,
        row.end.replace(year=2028),
    )


def test_messages_and_the_audit_follow(clinic: Clinic) -> None:
    row = book(clinic).appointment
    assert set(Communication.objects.values_list("kind", flat=True)) >= {"confirmation", "reminder-2"}
    events = AuditEvent.objects.filter(entity_id=row.pk).order_by("pk")
    assert list(events.values_list("action", "agent_role")) == [("held", "anonymous"), ("booked", "patient")]


def test_twice_the_same_is_one_booking(clinic: Clinic) -> None:
    held = hold(clinic)
    first, second = confirm(held), confirm(held)
    assert (first.appointment, first.manage_token) == (second.appointment, second.manage_token)
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)
    with pytest.raises(NotPossibleNow):
        confirm(held, patient=details(given_name="Bea"))


def test_online_payment_waits_for_the_money(clinic: Clinic) -> None:
    row = book(clinic, payment="online").appointment
    payment = Payment.objects.get()
    assert (row.status, row.awaiting) == ("pending", "payment")
    assert (payment.purpose, payment.gateway, payment.state, payment.amount) == ("deposit", "stripe", "open", 3000)


def test_a_review_waits_for_the_therapist_for_24_opening_hours(clinic: Clinic) -> None:
    row = book(clinic, review_line(), start=at(10, days=3)).appointment
    assert (row.status, row.awaiting, row.decide_by) == ("pending", "review", at(12, days=2))
    assert list(Communication.objects.order_by("kind").values_list("kind", flat=True)) == [
        "request-received",
        "request-still-waiting",  # at half time, to Anna and Ben
        "request-still-waiting",
        "request-waiting",
    ]


def test_a_review_is_answered_two_hours_before_the_visit_at_the_latest(clinic: Clinic) -> None:
    assert book(clinic, review_line(), start=at(9)).appointment.decide_by == at(7)


def test_a_request_needs_more_notice(clinic: Clinic) -> None:
    """A record with an earlier, stricter form makes a request of what was held as a booking."""
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner, contact_verified_at=NOW)
    attach_screening(screening=make_screening(review_line(), now=NOW).screening, patient=patient, now=NOW)
    held = hold(clinic, start=at(11, 30, days=0))
    with pytest.raises(TooLate):
        confirm(held, patient=patient, by=owner)
    held = hold(clinic, start=at(13, days=0))
    assert confirm(held, patient=patient, by=owner).appointment.awaiting == "review"


def test_a_stop_is_not_held(clinic: Clinic) -> None:
    with pytest.raises(NotCleared):
        hold(clinic, stop_line())


def test_a_birth_date_that_forbids_it_lets_the_time_go(clinic: Clinic) -> None:
    held = hold(clinic)
    for _ in range(2):
        with pytest.raises(NotCleared):
            confirm(held, patient=details(birth_date=date(2022, 1, 1)))
    row = Appointment.objects.get()
    assert (row.status, row.cancel_reason, row.patient) == ("cancelled", "not-cleared", None)
    assert not Patient.objects.exists()


def test_answers_that_went_stale_are_asked_again_and_the_time_stays_held(clinic: Clinic) -> None:
    held = hold(clinic)
    screening = held.appointment.screening
    screening.valid_until = NOW + timedelta(hours=1)
    screening.save(update_fields=["valid_until"])
    with pytest.raises(IncompleteAnswers):
        confirm(held)
    assert Appointment.objects.get().status == "proposed"
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"policies_accepted": False}, PoliciesNotAccepted),
        ({"payment": "none"}, PaymentNotOffered),
        ({"payment": "cheque"}, PaymentNotOffered),
        ({"now": NOW + timedelta(minutes=10)}, HoldExpired),
    ],
)
def test_what_is_refused_changes_nothing(clinic: Clinic, said: dict[str, Any], error: type[Exception]) -> None:
    held = hold(clinic)
    with pytest.raises(error):
        confirm(held, **said)
    assert Appointment.objects.get().status == "proposed"
    assert not Patient.objects.exists()


def test_online_payment_is_offered_only_where_it_works(clinic: Clinic, settings: Any) -> None:
    held = hold(clinic, service=clinic.call, screening=None)
    with pytest.raises(PaymentNotOffered):
        confirm(held, payment="online")  # there is no deposit
    held = hold(clinic, start=at(13))
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(PaymentNotOffered):
        confirm(held, payment="online")
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    clinic.location.online_payment = False
    clinic.location.save()
    with pytest.raises(PaymentNotOffered):
        confirm(held, payment="online")


def test_a_visit_without_deposit_needs_no_payment(clinic: Clinic) -> None:
    assert book(clinic, service=clinic.call, screening=None, payment="none").appointment.status == "booked"


def test_a_record_on_file_is_booked_on_by_its_own_account_or_staff_only(clinic: Clinic) -> None:
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner)
    held = hold(clinic)
    for stranger in (None, make_user(Role.PATIENT)):
        with pytest.raises(NotAllowed):
            confirm(held, patient=patient, by=stranger)
    assert confirm(held, patient=patient, by=owner).appointment.patient == patient


def test_nobody_is_in_two_places(clinic: Clinic) -> None:
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner)
    make_appointment(clinic, start=at(10, 30), patient=patient, practitioner=clinic.ben)
    held = hold(clinic)
    with pytest.raises(PatientBusy):
        confirm(held, patient=patient, by=owner)
    assert Appointment.objects.get(pk=held.appointment.pk).status == "proposed"


def test_time_off_that_came_meanwhile_stops_the_booking(clinic: Clinic) -> None:
    held = hold(clinic)
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12))
    with pytest.raises(SlotTaken) as refused:
        confirm(held)
    assert len(refused.value.details["alternatives"]) == 3


def test_one_persons_answers_dont_book_for_another(clinic: Clinic) -> None:
    screening = make_screening(clear_line(), now=NOW).screening
    confirm(hold(clinic, screening=screening))
    screening.refresh_from_db()
    held = hold(clinic, screening=screening, start=at(14))
    with pytest.raises(ScreeningOfAnother):
        confirm(held, patient=details(given_name="Bo", birth_date=date(1990, 1, 1)))
    assert Appointment.objects.get(pk=held.appointment.pk).status == "proposed"


def test_the_token_opens_its_own_hold_only(clinic: Clinic) -> None:
    one, other = hold(clinic), hold(clinic, start=at(14))
    assert hold_with_token(one.appointment.pk, one.token) == one.appointment
    assert hold_with_token(one.appointment.pk, other.token) is None
