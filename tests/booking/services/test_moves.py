"""Moving a visit."""

from typing import Any

import pytest

from booking.errors import NotCleared, NotPossibleNow, PatientBusy, ReasonNeeded, SlotNotOffered, SlotTaken, TooLate
from booking.models import Appointment, FreedTime, TimeOff
from booking.payments.ledger import balance_of
from booking.reminders.models import Communication
from booking.services.appointments import Moved, cancel_appointment, reschedule_appointment
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import AuditEvent, CareRelation, Role
from tests.booking.services.booking_steps import book, hold
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_user

pytestmark = pytest.mark.django_db


def move(visit: Appointment, **over: Any) -> Moved:
    wish = {"appointment": visit, "practitioner": None, "start": at(14), "by": None, "now": NOW}
    return reschedule_appointment(**{**wish, **over})


def test_in_good_time_it_is_free_and_the_old_time_is_free_at_once(clinic: Clinic) -> None:
    visit = book(clinic, start=at(10, days=2)).appointment
    moved = move(visit, start=at(14, days=3))
    row = Appointment.objects.get()
    assert (moved.fee, row.status, row.start, row.end, row.wall_start, row.schedule_version) == (
        0,
        "booked",
        at(14, days=3),
        at(15, days=3),
        "2026-11-26T14:00",
        2,
    )
    assert row.free_cancel_until == at(14, days=2)
    assert book(clinic, start=at(10, days=2)).appointment.status == "booked"


def test_late_it_costs_the_fee_but_not_when_the_clinic_moves_it(clinic: Clinic) -> None:
    one, other = book(clinic).appointment, book(clinic, practitioner=clinic.ben).appointment
    moved = move(one, start=at(14, days=3), now=at(9))
    assert (moved.fee, balance_of(moved.appointment).due) == (3000, 15000)
    assert move(other, start=at(14, days=3), by=make_staff(), now=at(9)).fee == 0


def test_an_hour_later_overlaps_only_with_itself(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    assert move(visit, start=at(10, 30)).appointment.start == at(10, 30)


def test_to_a_colleague_the_relation_moves_along(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    moved = move(visit, practitioner=clinic.ben, start=at(10)).appointment
    assert moved.practitioner == clinic.ben
    assert [one.practitioner for one in CareRelation.objects.all()] == [clinic.ben.user]


def test_the_messages_speak_of_the_new_time(clinic: Clinic) -> None:
    visit = book(clinic, start=at(10, days=4)).appointment
    move(visit, start=at(14, days=4))
    rows = Communication.objects.filter(status="preparation").order_by("kind")
    kinds = ("moved", "recheck", "reminder-1", "reminder-2")
    assert list(rows.values_list("kind", "schedule_version")) == [(kind, 2) for kind in kinds]


def test_what_is_refused_changes_nothing(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    hold(clinic, start=at(14))
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.ben, start=at(9), end=at(17))
    make_appointment(clinic, start=at(9, days=2), practitioner=clinic.ben, patient=visit.patient, room=clinic.rooms[1])
    for over, error in (
        ({"start": at(14)}, SlotTaken),
        ({"start": at(13, 30)}, SlotTaken),
        ({"start": at(10)}, NotPossibleNow),
        ({"start": at(18)}, SlotNotOffered),
        ({"start": at(9, days=0)}, SlotNotOffered),
        ({"start": at(11), "practitioner": clinic.ben}, SlotNotOffered),
        ({"start": at(9, 30, days=2)}, PatientBusy),
        ({"by": make_user(Role.PATIENT)}, NotAllowed),
    ):
        with pytest.raises(error):
            move(visit, **over)
    row = Appointment.objects.get(pk=visit.pk)
    assert (row.start, row.practitioner, row.schedule_version) == (at(10), clinic.anna, 1)


def test_a_taken_time_comes_with_others(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    hold(clinic, start=at(14))
    with pytest.raises(SlotTaken) as refused:
        move(visit)
    assert len(refused.value.details["alternatives"]) == 3


def test_the_answers_are_asked_again(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    screening = visit.screening
    screening.valid_until = at(12, days=10)
    screening.save(update_fields=["valid_until"])
    with pytest.raises(IncompleteAnswers):
        move(visit, start=at(10, days=14))
    screening.outcome = "STOP"
    screening.save(update_fields=["outcome"])
    with pytest.raises(NotCleared):
        move(visit)
    screening.outcome = "REVIEW"
    screening.save(update_fields=["outcome"])
    moved = move(visit, start=at(14, days=3)).appointment
    assert (moved.status, moved.awaiting, moved.decide_by) == ("pending", "review", at(12, days=2))


def test_what_is_over_or_being_paid_stays(clinic: Clinic) -> None:
    paying = book(clinic, payment="online").appointment
    gone = book(clinic, start=at(13)).appointment
    cancel_appointment(appointment=gone, by=None, reason=Appointment.CancelReason.PATIENT, now=NOW)
    for visit in (paying, gone):
        with pytest.raises(NotPossibleNow):
            move(visit, start=at(15))


def test_the_clinic_may_limit_how_late_and_how_often_patients_move(clinic: Clinic) -> None:
    clinic.location.moves_allowed, clinic.location.move_notice_hours = 1, 12
    clinic.location.save(update_fields=["moves_allowed", "move_notice_hours"])
    visit = move(book(clinic).appointment, start=at(14, days=3)).appointment
    for now in (NOW, at(3, days=3)):
        with pytest.raises(TooLate):
            move(visit, start=at(15, days=3), now=now)
        with pytest.raises(ReasonNeeded):
            move(visit, start=at(15, days=3), by=make_staff(), now=now)
    moved = move(visit, start=at(15, days=3), by=make_staff(), set_aside="goodwill").appointment
    assert (moved.moves_made, moved.set_aside) == (1, "goodwill")
    assert AuditEvent.objects.filter(action="moved").order_by("pk").last().reason == "goodwill"


def test_with_a_reason_staff_go_beyond_hours_and_steps_but_not_into_time_off(clinic: Clinic) -> None:
    visit, staff = book(clinic).appointment, make_staff()
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(20), end=at(22))
    with pytest.raises(SlotNotOffered):
        move(visit, start=at(18, 20), by=staff)
    with pytest.raises(NotAllowed):
        move(visit, start=at(18, 20), set_aside="goodwill")
    with pytest.raises(SlotNotOffered):
        move(visit, start=at(20, 20), by=staff, set_aside="goodwill")
    assert move(visit, start=at(18, 20), by=staff, set_aside="goodwill").appointment.start == at(18, 20)


def test_the_old_time_is_noted_but_for_what_the_new_one_takes(clinic: Clinic) -> None:
    visit = move(book(clinic).appointment, start=at(10, 30)).appointment
    move(visit, start=at(10, 30), practitioner=clinic.ben)
    noted = FreedTime.objects.order_by("pk").values_list("start", "end", "due_at")
    assert sorted(noted) == [(at(10), at(10, 30), NOW), (at(10, 30), at(11, 30), NOW)]
