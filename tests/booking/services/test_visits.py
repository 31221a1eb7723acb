"""The day of the visit."""

import pytest

from booking.errors import NotCleared, NotPossibleNow
from booking.models import Appointment
from booking.payments.ledger import balance_of
from booking.services.appointments import book_for_caller, cancel_appointment
from booking.services.cancellations import settle_cancellations
from booking.services.reviews import decide_request
from booking.services.treatments import Treated, record_treatment
from booking.services.visits import (
    acknowledge_alert,
    check_in,
    finish_visit,
    mark_arrived,
    mark_entered_in_error,
    mark_noshow,
)
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import AuditEvent, CareRelation, Role
from tests.booking.services.booking_steps import book, details
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import caution_line, make_user, review_line
from tests.factories.rechecks import answer_again

pytestmark = pytest.mark.django_db


def test_arrive_check_in_done(clinic: Clinic) -> None:
    desk = make_staff()
    visit = answer_again(book(clinic).appointment, at(9, 50))
    for step, minute in ((mark_arrived, 0), (check_in, 5), (finish_visit, 55)):
        visit = step(appointment=visit, by=desk, now=at(10, minute))
    row = Appointment.objects.get()
    assert (row.status, row.arrived_at, row.checked_in_at, row.finished_at) == (
        "fulfilled",
        at(10),
        at(10, 5),
        at(10, 55),
    )
    actions = AuditEvent.objects.filter(entity_id=row.pk, agent=desk).order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["arrived", "checked-in", "fulfilled"]


@pytest.mark.parametrize("minutes", [1, 5])
def test_a_visit_that_was_just_cancelled_is_neither_welcomed_nor_begun(clinic: Clinic, minutes: int) -> None:
    """A page at the desk may be older than the cancellation, which can be undone for three minutes."""
    visit, desk = answer_again(book(clinic).appointment, at(8, 55)), make_staff()
    cancel_appointment(appointment=visit, by=desk, reason=Appointment.CancelReason.CLINIC, now=at(9))
    settle_cancellations(now=at(9, minutes))
    for step in (mark_arrived, check_in):
        with pytest.raises(NotPossibleNow):
            step(appointment=visit, by=desk, now=at(9, minutes))
    assert Appointment.objects.get().status == "cancelled"


def test_a_caution_must_be_acknowledged_by_the_therapist(clinic: Clinic) -> None:
    visit = answer_again(book(clinic, caution_line()).appointment, at(9, 50))
    mark_arrived(appointment=visit, by=clinic.anna.user, now=at(10))
    with pytest.raises(NotPossibleNow):  # before the therapist begins
        check_in(appointment=visit, by=clinic.anna.user, now=at(10))
    check_in(appointment=visit, by=make_staff(), now=at(10))
    with pytest.raises(NotPossibleNow):
        finish_visit(appointment=visit, by=clinic.anna.user, now=at(11))
    for stranger in (make_staff(), clinic.ben.user):
        with pytest.raises(NotAllowed):
            acknowledge_alert(appointment=visit, by=stranger, now=at(10))
    acknowledge_alert(appointment=visit, by=clinic.anna.user, now=at(10, 10))
    assert finish_visit(appointment=visit, by=make_staff(), now=at(11)).status == "fulfilled"


def test_a_therapist_closes_a_visit_with_needles_once_it_is_written_down(clinic: Clinic) -> None:
    visit = answer_again(book(clinic).appointment, at(9, 50))
    mark_arrived(appointment=visit, by=clinic.anna.user, now=at(10))
    check_in(appointment=visit, by=clinic.anna.user, now=at(10))
    with pytest.raises(NotPossibleNow, match="write down first"):
        finish_visit(appointment=visit, by=clinic.anna.user, now=at(11))
    record_treatment(appointment=visit, treated=Treated(needling="none"), by=clinic.anna.user, now=at(11))
    assert finish_visit(appointment=visit, by=clinic.anna.user, now=at(11)).status == "fulfilled"


def test_arriving_is_never_refused_but_needling_is(clinic: Clinic) -> None:
    desk = make_staff()
    visit = answer_again(book(clinic, review_line()).appointment, at(9, 50))
    assert mark_arrived(appointment=visit, by=desk, now=at(10)).status == "arrived"
    with pytest.raises(NotCleared):
        check_in(appointment=visit, by=desk, now=at(10))
    decide_request(
        appointment=visit, decision="approved", reason="Talked at the door.", by=clinic.anna.user, now=at(10)
    )
    assert check_in(appointment=visit, by=desk, now=at(10)).status == "checked-in"


def test_without_a_form_the_needles_wait(clinic: Clinic) -> None:
    desk = make_staff()
    visit = book_for_caller(
        service=clinic.needling,
        practitioner=clinic.anna,
        start=at(10),
        patient=details(),
        wait_for_form=True,
        request_key=clinic.anna.pk,
        by=desk,
        now=NOW,
    ).appointment
    mark_arrived(appointment=visit, by=desk, now=at(10))
    with pytest.raises(IncompleteAnswers):
        check_in(appointment=visit, by=desk, now=at(10))


def test_a_stop_that_came_meanwhile_blocks_the_needles(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    visit.screening.outcome = "STOP"
    visit.screening.save(update_fields=["outcome"])
    mark_arrived(appointment=visit, by=make_staff(), now=at(10))
    with pytest.raises(NotCleared):
        check_in(appointment=visit, by=make_staff(), now=at(10))
    assert Appointment.objects.get().status == "arrived"


def test_who_does_not_come_owes_the_fee(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    with pytest.raises(NotPossibleNow):
        mark_noshow(appointment=visit, by=make_staff(), now=at(9, 59))
    row = mark_noshow(appointment=visit, by=make_staff(), now=at(10, 15))
    assert (row.status, balance_of(row).due) == ("noshow", 3000)
    excused = book(clinic, start=at(14)).appointment
    row = mark_noshow(appointment=excused, by=make_staff(), waive_fee=True, now=at(14, 15))
    assert (row.status, balance_of(row).due) == ("noshow", 0)


def test_an_entry_by_mistake_leaves_nothing(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    row = mark_entered_in_error(appointment=visit, by=make_staff(), now=NOW)
    assert (row.status, balance_of(row).due, CareRelation.objects.count()) == ("entered-in-error", 0, 0)
    assert book(clinic).appointment.status == "booked"


def test_steps_out_of_order_are_refused(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    for step in (check_in, finish_visit):
        with pytest.raises(NotPossibleNow):
            step(appointment=visit, by=make_staff(), now=at(10))


def test_only_staff_take_them(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    for stranger in (make_user(Role.PATIENT), make_user(Role.OWNER)):
        for step in (mark_arrived, check_in, finish_visit, mark_noshow, mark_entered_in_error):
            with pytest.raises(NotAllowed):
                step(appointment=visit, by=stranger, now=at(10))
    assert Appointment.objects.get().status == "booked"
