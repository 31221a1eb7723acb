"""Reception books for a caller; the form comes later, or not."""

from typing import Any
from uuid import uuid4

import pytest

from booking.errors import NotCleared, NotPossibleNow, SlotTaken
from booking.models import Appointment
from booking.reminders.models import Communication
from booking.services.appointments import Confirmed, attach_form, book_for_caller, lapse_forms, make_needle_free
from booking.services.visits import check_in, mark_arrived
from intake.errors import IncompleteAnswers, NotAllowed, ScreeningOfAnother
from intake.models import Patient, Role
from tests.booking.services.booking_steps import book, details
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import (
    clear_line,
    emergency_line,
    make_patient,
    make_screening,
    make_user,
    review_line,
    stop_line,
)

pytestmark = pytest.mark.django_db


def call(clinic: Clinic, **over: Any) -> Confirmed:
    said = {
        "service": clinic.needling,
        "practitioner": clinic.anna,
        "start": at(10, days=3),
        "patient": details(email=""),
        "wait_for_form": True,
        "request_key": uuid4(),
        "by": make_staff(),
        "now": NOW,
    }
    return book_for_caller(**{**said, **over})


def answers(line: object) -> Any:
    return make_screening(line, now=NOW).screening


def test_a_caller_gets_the_time_and_a_day_before_it_for_the_form(clinic: Clinic) -> None:
    row = call(clinic).appointment
    assert (row.status, row.awaiting, row.form_due_at, row.source) == ("pending", "form", at(10, days=2), "desk")


def test_a_near_visit_leaves_half_the_time_for_the_form(clinic: Clinic) -> None:
    assert call(clinic, start=at(10, days=0)).appointment.form_due_at == at(9, days=0)


def test_twice_the_same_call_is_one_booking(clinic: Clinic) -> None:
    said = {"request_key": uuid4(), "by": make_staff()}
    assert call(clinic, **said).appointment == call(clinic, **said).appointment
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)


def test_a_record_on_file_and_any_therapist_will_do(clinic: Clinic) -> None:
    row = call(clinic, patient=make_patient(), practitioner=None).appointment
    assert row.practitioner == clinic.anna


def test_without_answers_and_without_waiting_needling_is_refused(clinic: Clinic) -> None:
    with pytest.raises(NotCleared):
        call(clinic, wait_for_form=False)
    assert not Appointment.objects.exists()
    assert not Patient.objects.exists()


def test_a_visit_without_needles_needs_no_form(clinic: Clinic) -> None:
    row = call(clinic, service=clinic.assessment, wait_for_form=False).appointment
    assert (row.status, row.room) == ("booked", clinic.rooms[1])


def test_a_taken_time_is_taken_on_the_phone_too(clinic: Clinic) -> None:
    call(clinic)
    with pytest.raises(SlotTaken):
        call(clinic)
    assert Patient.objects.count() == 1


def test_only_those_who_work_with_visits_book_for_callers(clinic: Clinic) -> None:
    for stranger in (make_user(Role.PATIENT), make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            call(clinic, by=stranger)


def test_a_clear_form_books_it(clinic: Clinic) -> None:
    row = attach_form(appointment=call(clinic).appointment, screening=answers(clear_line()), now=NOW)
    assert (row.status, row.awaiting, row.form_due_at, row.screening.patient) == ("booked", "", None, row.patient)


def test_a_form_that_needs_a_therapist_waits_for_one(clinic: Clinic) -> None:
    row = attach_form(appointment=call(clinic).appointment, screening=answers(review_line()), now=NOW)
    assert (row.status, row.awaiting, row.decide_by) == ("pending", "review", at(12, days=2))


def test_a_stop_goes_on_without_needles_where_that_fits(clinic: Clinic) -> None:
    visit = call(clinic).appointment
    row = attach_form(appointment=visit, screening=answers(stop_line()), now=NOW)
    assert (row.status, row.service, row.end) == ("booked", clinic.assessment, at(10, 45, days=3))


def test_an_urgent_sign_ends_it_free_of_charge(clinic: Clinic) -> None:
    row = attach_form(appointment=call(clinic).appointment, screening=answers(emergency_line()), now=NOW)
    assert (row.status, row.cancel_reason) == ("cancelled", "not-cleared")


def test_somebody_elses_form_is_refused(clinic: Clinic) -> None:
    theirs = book(clinic).appointment.screening
    visit = call(clinic, patient=details(birth_date=None)).appointment
    with pytest.raises(ScreeningOfAnother):
        attach_form(appointment=visit, screening=theirs, now=NOW)


def test_a_form_that_never_came_becomes_a_visit_without_needles(clinic: Clinic) -> None:
    visit = call(clinic).appointment
    assert (visit.room, lapse_forms(now=at(9, days=2))) == (clinic.rooms[0], 0)
    assert [lapse_forms(now=at(10, days=2)) for _ in range(2)] == [1, 0]
    row = Appointment.objects.get()
    assert (row.status, row.service, row.room, row.price_amount) == ("booked", clinic.assessment, clinic.rooms[1], 9000)


def test_where_nothing_fits_the_time_is_kept_and_staff_must_look(clinic: Clinic) -> None:
    clinic.assessment.practitioners.clear()
    call(clinic)
    assert [lapse_forms(now=at(10, days=2)) for _ in range(2)] == [0, 0]
    row = Appointment.objects.get()
    assert (row.status, row.awaiting, row.form_due_at) == ("pending", "form", None)


def test_the_patient_may_choose_to_go_without_needles(clinic: Clinic) -> None:
    visit = book(clinic, review_line(), start=at(10, days=3)).appointment
    row = make_needle_free(appointment=visit, by=None, now=NOW)
    assert (row.status, row.awaiting, row.decide_by, row.service) == ("booked", "", None, clinic.assessment)
    assert "changed" in Communication.objects.values_list("kind", flat=True)
    with pytest.raises(NotPossibleNow):
        make_needle_free(appointment=row, by=None, now=NOW)


def test_incomplete_answers_change_nothing(clinic: Clinic) -> None:
    visit = call(clinic).appointment
    screening = answers(clear_line())
    screening.complete = False
    screening.save(update_fields=["complete"])
    with pytest.raises(IncompleteAnswers):
        attach_form(appointment=visit, screening=screening, now=NOW)
    row = Appointment.objects.get()
    assert (row.awaiting, row.screening) == ("form", None)


def test_who_has_arrived_may_still_answer_and_is_checked_in_then(clinic: Clinic) -> None:
    visit, desk = call(clinic).appointment, make_staff()
    mark_arrived(appointment=visit, by=desk, now=NOW)
    with pytest.raises(IncompleteAnswers):
        check_in(appointment=visit, by=desk, now=NOW)
    row = attach_form(appointment=visit, screening=answers(clear_line()), now=NOW)
    assert (row.status, row.awaiting) == ("arrived", "")
    assert check_in(appointment=visit, by=desk, now=NOW).status == "checked-in"


def test_who_has_arrived_with_answers_that_forbid_needles_has_a_visit_without(clinic: Clinic) -> None:
    visit = call(clinic).appointment
    mark_arrived(appointment=visit, by=make_staff(), now=NOW)
    row = attach_form(appointment=visit, screening=answers(stop_line()), now=NOW)
    assert (row.status, row.service.modality) == ("arrived", "none")
