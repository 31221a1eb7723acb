"""Cancelling."""

from datetime import timedelta

import pytest

from booking.errors import NotPossibleNow, TooLate
from booking.models import Appointment
from booking.payments.ledger import balance_of
from booking.reminders.models import Communication
from booking.rules.policy import UNDO_FOR
from booking.services.appointments import cancel_appointment
from booking.services.cancellations import settle_cancellations
from intake.errors import NotAllowed
from intake.models import Role
from tests.booking.services.booking_steps import book, hold
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient, make_user, review_line

pytestmark = pytest.mark.django_db
PATIENT, BY_CLINIC = Appointment.CancelReason.PATIENT, Appointment.CancelReason.CLINIC


def test_in_good_time_it_is_free(clinic: Clinic) -> None:
    visit = book(clinic, start=at(10, days=2)).appointment
    done = cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=at(10))
    row = Appointment.objects.get()
    assert (done.fee, row.status, row.cancel_reason, row.cancelled_at) == (0, "cancelled", "patient", at(10))
    assert book(clinic, start=at(10, days=2)).appointment.status == "booked"


def test_late_it_costs_the_fee_and_stays_owed(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    done = cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=at(10, 1, days=0))
    assert (done.fee, balance_of(done.appointment).due) == (3000, 3000)


@pytest.mark.parametrize("reason", [one for one in Appointment.CancelReason if one != PATIENT])
def test_what_is_not_the_patients_doing_is_free(clinic: Clinic, reason: Appointment.CancelReason) -> None:
    visit = book(clinic).appointment
    done = cancel_appointment(appointment=visit, by=make_staff(), reason=reason, now=at(9))
    assert (done.fee, balance_of(done.appointment).due) == (0, 0)


def test_a_patient_who_is_unwell_pays_nothing(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    done = cancel_appointment(appointment=visit, by=None, reason=Appointment.CancelReason.UNWELL, now=at(9))
    assert (done.fee, done.appointment.cancel_reason, balance_of(done.appointment).due) == (0, "unwell", 0)


def test_what_was_said_is_kept_after_what_was_written_before(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    visit.note = "Comes by wheelchair."
    visit.save(update_fields=["note"])
    cancel_appointment(appointment=visit, by=None, reason=PATIENT, note="The lift is broken.", now=at(9))
    assert Appointment.objects.get().note == "Comes by wheelchair.\n\nThe lift is broken."


def test_staff_may_waive_the_fee_and_others_may_not(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    with pytest.raises(NotAllowed):
        cancel_appointment(appointment=visit, by=None, reason=PATIENT, waive_fee=True, now=at(9))
    done = cancel_appointment(appointment=visit, by=make_staff(), reason=PATIENT, waive_fee=True, now=at(9))
    assert done.fee == 0


def test_a_request_is_never_charged(clinic: Clinic) -> None:
    visit = book(clinic, review_line()).appointment
    assert cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=at(9)).fee == 0


def test_reminders_stop_and_the_patient_is_told(clinic: Clinic) -> None:
    visit = book(clinic, start=at(10, days=4)).appointment
    cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=NOW)
    settle_cancellations(now=NOW + UNDO_FOR)
    waiting = Communication.objects.filter(status="preparation").values_list("kind", flat=True)
    assert list(waiting) == ["cancellation"]


def test_twice_is_refused(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=NOW)
    with pytest.raises(NotPossibleNow):
        cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=NOW)


def test_a_hold_is_let_go_not_cancelled(clinic: Clinic) -> None:
    with pytest.raises(NotPossibleNow):
        cancel_appointment(appointment=hold(clinic).appointment, by=None, reason=PATIENT, now=NOW)


def test_once_it_has_begun_only_staff_can(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    with pytest.raises(TooLate):
        cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=at(10))
    done = cancel_appointment(appointment=visit, by=make_staff(), reason=BY_CLINIC, now=at(10))
    assert done.appointment.cancel_reason == "clinic"


def test_somebody_elses_visit_is_out_of_reach(clinic: Clinic) -> None:
    visit = make_appointment(clinic, start=at(10), patient=make_patient())
    for stranger in (make_user(Role.PATIENT), make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            cancel_appointment(appointment=visit, by=stranger, reason=PATIENT, now=NOW)
    with pytest.raises(NotAllowed):
        cancel_appointment(appointment=visit, by=None, reason=BY_CLINIC, now=NOW)
    assert Appointment.objects.get().status == "booked"


def test_a_finished_visit_stays(clinic: Clinic) -> None:
    visit = make_appointment(clinic, start=at(10), patient=make_patient(), status="fulfilled")
    with pytest.raises(NotPossibleNow):
        cancel_appointment(appointment=visit, by=make_staff(), reason=BY_CLINIC, now=at(12) + timedelta(days=1))
