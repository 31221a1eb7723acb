"""Undoing a cancellation: for three minutes it is as if nothing had happened, if the time is still there."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from booking.errors import NotCleared, NotPossibleNow, SlotNotOffered, SlotTaken, TooLate
from booking.models import Appointment, FreedTime, Room, TimeOff
from booking.payments.ledger import balance_of
from booking.payments.models import LedgerEntry, Payment
from booking.reminders.delivery import still_due
from booking.reminders.models import Communication
from booking.services.appointments import cancel_appointment, undo_cancellation
from booking.services.cancellations import settle_cancellations
from config.invariants import broken_promises
from intake.errors import NotAllowed
from intake.models import AuditEvent, Role
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_hours, make_location, make_staff
from tests.factories.intake import make_user, review_line

pytestmark = pytest.mark.django_db
PATIENT, BY_CLINIC = Appointment.CancelReason.PATIENT, Appointment.CancelReason.CLINIC
LATE = at(9)  # an hour before the visit, when cancelling costs the fee


def cancel(visit: Appointment, *, now: datetime = LATE, **over: object) -> Appointment:
    said = {"appointment": visit, "by": None, "reason": PATIENT, "now": now}
    return cancel_appointment(**{**said, **over}).appointment


def everything_about(visit: Appointment) -> dict[str, object]:
    """All rows that a cancellation could change, but the audit."""
    rows = (Appointment, Payment, LedgerEntry, Communication, FreedTime)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in rows}


@pytest.mark.parametrize(("make_line", "now"), [(lambda: None, LATE), (review_line, NOW)])
def test_undone_in_time_nothing_is_different(clinic: Clinic, make_line: Callable[[], object], now: datetime) -> None:
    visit = book(clinic, make_line()).appointment
    before = everything_about(visit)
    cancelled = cancel(visit, now=now)
    assert everything_about(visit) != before
    undone = undo_cancellation(appointment=cancelled, by=None, now=now + timedelta(seconds=179))
    assert everything_about(undone) == before
    actions = AuditEvent.objects.filter(entity_id=visit.pk).order_by("pk").values_list("action", flat=True)
    assert list(actions)[-2:] == ["cancelled", "cancel-undone"]
    assert settle_cancellations(now=now + timedelta(hours=1)) == 0
    assert everything_about(undone) == before


def test_until_then_only_the_time_is_free(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment)
    assert (visit.status, visit.cancel_settles_at, visit.cancel_fee_amount) == (
        "cancelled",
        LATE + timedelta(minutes=3),
        3000,
    )
    assert (LedgerEntry.objects.filter(kind="fee").count(), balance_of(visit).due) == (0, 3000)
    assert not Communication.objects.filter(kind="cancellation").exists()
    waiting = Communication.objects.get(kind="confirmation")
    assert (still_due(waiting, now=LATE).action, still_due(waiting, now=LATE).due_at) == (
        "later",
        visit.cancel_settles_at,
    )
    freed = FreedTime.objects.get()
    assert (freed.start, freed.due_at) == (visit.start, visit.cancel_settles_at)
    broken = [one.name for one in broken_promises(now=LATE + timedelta(minutes=3))]
    assert broken == ["sent-in-time"]  # nobody sends here


def test_three_minutes_later_what_follows_is_done_once(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment)
    assert settle_cancellations(now=LATE + timedelta(seconds=179)) == 0
    assert [settle_cancellations(now=LATE + timedelta(minutes=3)) for _ in range(2)] == [1, 0]
    row = Appointment.objects.get()
    assert (row.cancel_settles_at, balance_of(row).due, LedgerEntry.objects.filter(kind="fee").count()) == (
        None,
        3000,
        1,
    )
    waiting = Communication.objects.filter(status="preparation").values_list("kind", flat=True)
    assert list(waiting) == ["cancellation"]
    with pytest.raises(TooLate):
        undo_cancellation(appointment=visit, by=None, now=LATE + timedelta(minutes=4))


def test_a_late_sweep_changes_nothing_about_the_hour(clinic: Clinic) -> None:
    """Three minutes are three minutes, also if nobody has swept yet."""
    visit = cancel(book(clinic).appointment)
    with pytest.raises(TooLate):
        undo_cancellation(appointment=visit, by=make_staff(), now=LATE + timedelta(minutes=3))
    assert settle_cancellations(now=LATE + timedelta(hours=5)) == 1


def test_who_was_faster_keeps_the_time(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment, now=NOW)
    book(clinic)
    with pytest.raises(SlotTaken) as refused:
        undo_cancellation(appointment=visit, by=None, now=NOW)
    assert len(refused.value.details["alternatives"]) == 3
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_settles_at) == ("cancelled", NOW + timedelta(minutes=3))


def test_the_rules_are_asked_again(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment, now=NOW)
    away = TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12))
    with pytest.raises(SlotNotOffered):
        undo_cancellation(appointment=visit, by=None, now=NOW)
    away.delete()
    visit.screening.outcome = "STOP"
    visit.screening.save(update_fields=["outcome"])
    with pytest.raises(NotCleared):
        undo_cancellation(appointment=visit, by=None, now=NOW)
    visit.screening.outcome = "REVIEW"
    visit.screening.save(update_fields=["outcome"])
    undone = undo_cancellation(appointment=visit, by=None, now=NOW)
    assert (undone.status, undone.awaiting) == ("pending", "review")


def test_but_not_the_notice(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment, now=at(9, 55))
    assert undo_cancellation(appointment=visit, by=None, now=at(9, 56)).status == "booked"


def test_the_clinics_own_cancellation_is_undone_by_the_clinic(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment, by=make_staff(), reason=BY_CLINIC)
    for stranger in (None, make_user(Role.PATIENT)):
        with pytest.raises(NotAllowed):
            undo_cancellation(appointment=visit, by=stranger, now=LATE)
    assert undo_cancellation(appointment=visit, by=make_staff(), now=LATE).status == "booked"


def test_only_what_is_cancelled_can_be_undone(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    with pytest.raises(NotPossibleNow):
        undo_cancellation(appointment=visit, by=None, now=NOW)


def test_what_waits_for_its_payment_ends_at_once(clinic: Clinic) -> None:
    visit = cancel(book(clinic, payment="online").appointment, now=NOW)
    assert (visit.cancel_settles_at, Payment.objects.get().state) == (None, "lapsed")
    with pytest.raises(TooLate):
        undo_cancellation(appointment=visit, by=None, now=NOW)


def test_cancelled_undone_and_cancelled_again_settles_once(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment)
    undo_cancellation(appointment=visit, by=None, now=LATE + timedelta(minutes=1))
    cancel(visit, now=LATE + timedelta(minutes=2))
    assert settle_cancellations(now=LATE + timedelta(minutes=3)) == 0
    assert settle_cancellations(now=LATE + timedelta(minutes=5)) == 1
    assert LedgerEntry.objects.filter(kind="fee").count() == 1


def test_a_therapist_who_works_elsewhere_by_then_has_not_that_time_any_more(clinic: Clinic) -> None:
    visit = cancel(book(clinic).appointment)
    elsewhere = make_location()
    Room.objects.create(location=elsewhere, name="There", kinds=["treatment"])
    clinic.anna.schedules.all().delete()
    make_hours(clinic.anna, elsewhere)
    with pytest.raises(SlotTaken):
        undo_cancellation(appointment=visit, by=None, now=LATE + timedelta(minutes=1))
    assert Appointment.objects.get(pk=visit.pk).status == "cancelled"
