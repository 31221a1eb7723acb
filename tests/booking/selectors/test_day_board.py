"""The day board, the week and who sees what."""

from datetime import date, timedelta
from typing import Any

import pytest

from booking.models import Appointment, TimeOff
from booking.payments.services import record_desk_payment
from booking.reminders.models import Communication, DeliveryReport
from booking.selectors.appointments import appointments_of, appointments_of_user, appointments_visible_to
from booking.selectors.calendar import week
from booking.selectors.day_board import Blocker, DayBoard, blockers_of, day_board
from booking.services.appointments import cancel_appointment
from booking.services.cancellations import settle_cancellations
from booking.services.schedules import add_time_off
from booking.services.visits import check_in, finish_visit, mark_arrived
from intake.errors import IncompleteAnswers
from intake.models import Role
from tests.booking.services.booking_steps import book, confirm, details, hold
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import caution_line, make_patient, make_user, review_line
from tests.factories.rechecks import answer_again

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 11, 24)


def board(clinic: Clinic, by: Any = None, now: Any = NOW) -> DayBoard:
    return day_board(location=clinic.location, date=TUESDAY, by=by or make_staff(), now=now)


def codes(blockers: tuple[Blocker, ...]) -> list[tuple[str, str, int]]:
    return [(one.code, one.mend, one.amount) for one in blockers]


def only_row(clinic: Clinic, now: Any = NOW) -> list[tuple[str, str, int]]:
    rows = board(clinic, now=now).rows
    assert len(rows) == 1
    return codes(rows[0].blockers)


def test_a_booked_visit_has_nothing_in_its_way(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    assert [(row.appointment, row.blockers) for row in board(clinic).rows] == [(visit, ())]


def test_rows_are_in_order_of_time_and_holds_are_not_on_the_board(clinic: Clinic) -> None:
    late, early = book(clinic, start=at(14)).appointment, book(clinic, start=at(9)).appointment
    hold(clinic, start=at(11))
    book(clinic, start=at(9, days=2))
    assert [row.appointment for row in board(clinic).rows] == [early, late]


def test_what_waits_for_a_therapist_says_so(clinic: Clinic) -> None:
    book(clinic, review_line())
    assert only_row(clinic) == [("review-pending", "review", 0)]
    assert board(clinic).blocked == 1


def test_a_missing_form_is_asked_for(clinic: Clinic) -> None:
    make_appointment(clinic, start=at(10), patient=make_patient(), status="pending", awaiting="form")
    assert only_row(clinic) == [("form-unfinished", "send-form", 0)]


def test_answers_that_are_too_old_are_asked_again(clinic: Clinic) -> None:
    screening = book(clinic).appointment.screening
    screening.valid_until = at(9)
    screening.save(update_fields=["valid_until"])
    assert only_row(clinic) == [("recheck-due", "send-form", 0)]


def test_a_stop_is_offered_the_way_without_needles(clinic: Clinic) -> None:
    screening = book(clinic).appointment.screening
    screening.outcome = "STOP"
    screening.save(update_fields=["outcome"])
    assert only_row(clinic) == [("not-cleared", "make-needle-free", 0)]


def test_an_alert_shows_once_the_patient_is_here(clinic: Clinic) -> None:
    visit = book(clinic, caution_line()).appointment
    assert only_row(clinic) == []
    mark_arrived(appointment=visit, by=make_staff(), now=at(10))
    assert ("alert", "acknowledge", 0) in only_row(clinic)


def test_a_displaced_visit_must_be_moved(clinic: Clinic) -> None:
    book(clinic)
    add_time_off(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12), by=make_staff(), now=NOW)
    assert only_row(clinic) == [("displaced", "ways-out", 0)]


def test_money_is_asked_for_once_somebody_is_here(clinic: Clinic) -> None:
    desk = make_staff()
    visit = answer_again(book(clinic).appointment, at(9, 50))
    mark_arrived(appointment=visit, by=desk, now=at(10))
    assert only_row(clinic) == [("unpaid", "take-payment", 12000)]
    record_desk_payment(appointment=visit, amount=12000, method="cash", by=desk, now=at(10))
    for step in (check_in, finish_visit):
        step(appointment=visit, by=desk, now=at(11))
    assert only_row(clinic) == [("record-missing", "record", 0)]


def test_what_was_over_before_anybody_signed_here_misses_no_record(clinic: Clinic) -> None:
    make_appointment(
        clinic, start=at(8), patient=make_patient(), price_amount=0, status="fulfilled", finished_at=at(8, 50)
    )
    assert only_row(clinic) == []


def test_a_late_cancellation_stays_until_its_fee_is_paid(clinic: Clinic) -> None:
    for start in (at(10), at(14)):
        visit = book(clinic, start=start).appointment
        cancel_appointment(
            appointment=visit,
            by=None,
            reason=Appointment.CancelReason.PATIENT,
            now=at(11, days=0),
        )
    assert len(board(clinic).rows) == 2  # both can still be undone
    settle_cancellations(now=at(11, 3, days=0))
    assert only_row(clinic) == [("unpaid", "take-payment", 3000)]


def test_money_is_given_back_once_a_cancellation_can_t_be_undone(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    record_desk_payment(appointment=visit, amount=12000, method="cash", by=make_staff(), now=NOW)
    cancel_appointment(appointment=visit, by=None, reason=Appointment.CancelReason.PATIENT, now=NOW)
    assert only_row(clinic) == []
    settle_cancellations(now=NOW + timedelta(minutes=4))
    assert only_row(clinic, now=NOW + timedelta(minutes=4)) == [("money-back", "give-back", 12000)]


def test_a_payment_under_way_can_be_taken_at_the_desk(clinic: Clinic) -> None:
    book(clinic, payment="online")
    assert [code for code, *_ in only_row(clinic)] == ["payment-waiting"]


def test_a_message_that_did_not_go_out_says_why(clinic: Clinic) -> None:
    visit = confirm(hold(clinic), patient=details(email="")).appointment
    message = Communication.objects.filter(appointment=visit, kind="confirmation").get()
    assert (message.status, message.status_reason) == ("not-done", "There is no e-mail address.")
    assert only_row(clinic) == [("message-not-sent", "resend", 0)]


def test_a_message_that_came_back_is_a_blocker(clinic: Clinic) -> None:
    visit = confirm(hold(clinic), patient=details()).appointment
    message = Communication.objects.get(appointment=visit, kind="confirmation", channel="email")
    Communication.objects.filter(pk=message.pk).update(status="completed", sent_at=NOW)
    DeliveryReport.objects.create(communication=message, what="bounced", provider_id="p", reported_at=NOW)
    assert ("message-not-sent", "resend", 0) in only_row(clinic)


def test_a_visit_that_nobody_closed_is_asked_about(clinic: Clinic) -> None:
    book(clinic)
    assert only_row(clinic, now=at(11)) == [("not-closed", "close", 0)]


def test_one_visit_has_the_same_blockers_on_its_page(clinic: Clinic) -> None:
    visit = book(clinic, review_line()).appointment
    assert codes(blockers_of(visit, by=make_staff(), now=NOW)) == only_row(clinic)
    assert blockers_of(visit, by=make_user(Role.OWNER), now=NOW) == ()


@pytest.mark.parametrize("visits", [1, 3])
def test_the_board_costs_four_queries(clinic: Clinic, visits: int, django_assert_num_queries: Any) -> None:
    for number in range(visits):
        make_appointment(clinic, start=at(9 + number), patient=make_patient())
    desk = make_staff()
    with django_assert_num_queries(4):  # visits; money; messages; hours and absences
        rows = board(clinic, by=desk).rows
        assert [str(row.appointment.patient) + row.appointment.practitioner.user.name for row in rows]


def test_who_sees_which_visits(clinic: Clinic) -> None:
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner)
    mine = book(clinic, patient=patient, by=owner).appointment
    with_ben = book(clinic, practitioner=clinic.ben, start=at(14)).appointment
    seen = {
        "desk": make_staff(),
        "manager": make_staff(Role.MANAGER),
        "anna": clinic.anna.user,
        "ben": clinic.ben.user,
        "patient": owner,
        "owner": make_user(Role.OWNER),
        "stranger": make_user(Role.PATIENT),
    }
    assert {name: set(appointments_visible_to(user, now=NOW)) for name, user in seen.items()} == {
        "desk": {mine, with_ben},
        "manager": {mine, with_ben},
        "anna": {mine},
        "ben": {with_ben},
        "patient": {mine},
        "owner": set(),
        "stranger": set(),
    }
    assert list(appointments_of(patient)) == list(appointments_of_user(owner)) == [mine]


def test_the_week_has_a_column_for_each_therapist(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    held = hold(clinic, practitioner=clinic.ben, start=at(9, days=2)).appointment
    off = TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12))
    shown = week(location=clinic.location, first_date=date(2026, 11, 23), by=make_staff(), now=NOW)
    assert [column.practitioner for column in shown.columns] == [clinic.anna, clinic.ben]
    anna, ben = shown.columns
    tuesday = anna.days[1]
    assert (tuesday.visits, tuesday.away, [window.start for window in tuesday.hours]) == ((visit,), (off,), [at(9)])
    assert tuesday.visits[0].displaced  # type: ignore[attr-defined]
    assert (ben.days[2].visits, ben.days[1].away, ben.days[5].hours) == ((held,), (), ())
    assert len(shown.dates) == 7


def test_a_hold_that_ran_out_has_left_the_week(clinic: Clinic) -> None:
    hold(clinic)
    shown = week(
        location=clinic.location,
        first_date=TUESDAY,
        days=1,
        practitioner=clinic.anna,
        by=make_staff(),
        now=NOW + timedelta(minutes=10),
    )
    assert shown.columns[0].days[0].visits == ()


def test_what_checking_in_would_find_missing_is_on_the_board_before(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    make_appointment(clinic, start=at(10, days=-7), patient=visit.patient, status="fulfilled")
    assert only_row(clinic) == [("recheck-due", "send-form", 0)]
    mark_arrived(appointment=visit, by=make_staff(), now=NOW)
    with pytest.raises(IncompleteAnswers):
        check_in(appointment=visit, by=make_staff(), now=NOW)
