"""What a payment does to its booking. Called while settling, inside that transaction, with the locks held."""

from datetime import datetime
from typing import Literal

from django.db import transaction

from booking.errors import PatientBusy, SlotNotOffered, SlotTaken
from booking.models import Appointment
from booking.payments.models import Payment
from booking.payments.services import want_capture, want_void
from booking.reminders.services import announce_cancellation, announce_lost_slot, plan_booking_messages
from booking.selectors.openings import Notice
from booking.selectors.slots import nearest_slots
from booking.services.admission import admit, clearance_for
from booking.services.constraints import named_constraints
from booking.services.freed_time import forget_freed_time, note_freed_time
from booking.services.links import manage_token
from booking.services.locks import lock_appointment
from booking.services.places import find_place
from booking.services.records import keep_care_relation
from booking.services.states import SYSTEM, end_as_cancelled, record_change
from intake.selectors.clearance import Clearance

Status = Appointment.Status
Reason = Appointment.CancelReason
Arrival = Literal["booked", "review", "lost"]


def payment_authorised(*, appointment: Appointment, payment: Payment | None, now: datetime) -> Arrival:
    """Money for this booking is authorised: it becomes booked (and the money is taken) or waits for its therapist.
    Without a payment it is a card that the patient has left.

    A booking that lapsed meanwhile tries to take its time again; the constraint decides. "lost": the money is
    released, and the patient hears of other times. Safe to call again.
    """
    visit = lock_appointment(appointment)
    if visit.awaiting == Appointment.Awaiting.PAYMENT:
        return _arrived_in_time(visit, payment, now)
    if visit.status == Status.CANCELLED:
        if visit.cancel_reason == Reason.PAYMENT_LAPSED and (payment is None or payment.keep_amount is None):
            return _arrived_late(visit, payment, now)
        _release(payment, now)
        return "lost"
    if visit.status == Status.PENDING:
        return "review"
    _take(payment, now)
    return "booked"


def release_unpaid(appointment: Appointment, _payment: Payment | None, now: datetime) -> None:
    """Let the time of a locked appointment go that waited for this payment, and say so."""
    if is_waiting_for_payment(appointment):
        end_as_cancelled(appointment, reason=Reason.PAYMENT_LAPSED, now=now)
        appointment.save()
        note_freed_time(appointment=appointment, due_at=now, now=now)
        record_change(appointment=appointment, action="payment-lapsed", role=SYSTEM, now=now)
        announce_cancellation(appointment=appointment, now=now)


def is_waiting_for_payment(appointment: Appointment) -> bool:
    return appointment.status == Status.PENDING and appointment.awaiting == Appointment.Awaiting.PAYMENT


def _arrived_in_time(visit: Appointment, payment: Payment | None, now: datetime) -> Arrival:
    clearance = clearance_for(visit, now=now)
    if clearance.decision == "no":
        end_as_cancelled(visit, reason=Reason.NOT_CLEARED, now=now)
        visit.save()
        note_freed_time(appointment=visit, due_at=now, now=now)
        _release(payment, now)
        announce_cancellation(appointment=visit, now=now)
        record_change(appointment=visit, action="not-cleared", role=SYSTEM, now=now)
        return "lost"
    return _admitted(visit, payment, clearance, now)


def _arrived_late(visit: Appointment, payment: Payment | None, now: datetime) -> Arrival:
    clearance = clearance_for(visit, now=now)
    try:
        if clearance.decision == "no":
            raise SlotNotOffered
        with named_constraints(), transaction.atomic():
            place = find_place(
                service=visit.service,
                practitioner=visit.practitioner,
                start=visit.start,
                notice=Notice(by_staff=True),
                moving=visit,
                now=now,
            )
            visit.room_id = place.room_id
            forget_freed_time(appointment=visit)
            return _admitted(visit, payment, clearance, now)
    except (SlotTaken, SlotNotOffered, PatientBusy):
        visit.refresh_from_db()
        _release(payment, now)
        others = nearest_slots(service=visit.service, around=visit.start, now=now)
        announce_lost_slot(appointment=visit, alternatives=others, now=now)
        record_change(appointment=visit, action="paid-too-late", role=SYSTEM, now=now)
        return "lost"


def _admitted(visit: Appointment, payment: Payment | None, clearance: Clearance, now: datetime) -> Arrival:
    admit(visit, clearance, now=now)
    visit.save()
    booked = visit.status == Status.BOOKED
    if booked:
        _take(payment, now)
    keep_care_relation(practitioner=visit.practitioner, patient=visit.patient, now=now)
    plan_booking_messages(appointment=visit, manage_token=manage_token(visit), now=now)
    record_change(appointment=visit, action="booked" if booked else "requested", role=SYSTEM, now=now)
    return "booked" if booked else "review"


def _take(payment: Payment | None, now: datetime) -> None:
    if payment is not None:
        want_capture(payment=payment, now=now)


def _release(payment: Payment | None, now: datetime) -> None:
    if payment is not None:
        want_void(payment=payment, now=now)
