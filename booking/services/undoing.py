"""Undoing a cancellation: within three minutes the time is taken again, if it is still there."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow, SlotTaken, TooLate
from booking.models import Appointment
from booking.reminders.services import plan_booking_messages
from booking.reminders.untold import forget_untold_end
from booking.selectors.openings import Notice
from booking.selectors.slots import nearest_slots
from booking.services.admission import admit, clearance_for, is_unfinished, take_what_is_authorised
from booking.services.cancellations import PATIENTS_REASONS, check_own
from booking.services.constraints import named_constraints
from booking.services.freed_time import forget_freed_time
from booking.services.locks import lock_appointment
from booking.services.places import find_place, rooms_there
from booking.services.states import acts_for_clinic, move_on, record_change
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import User

Status = Appointment.Status
GONE = _("It can't be undone any more. Please book again.")


def undo_cancellation(*, appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    """Take a cancelled visit's time again, by all rules but notice: money, messages and version are as if nothing had
    happened. Without `by` it is whoever holds the link.

    :raises SlotTaken: somebody has it by now; details hold up to three `alternatives`
    :raises TooLate: more than three minutes have passed, or the visit would have begun
    :raises SlotNotOffered, PatientBusy, NotCleared, IncompleteAnswers, NotPossibleNow, NotAllowed: it stays cancelled
    """
    try:
        with named_constraints(), transaction.atomic(durable=True):
            return _take_again(appointment, by, now)
    except SlotTaken as taken:
        near = nearest_slots(
            service=appointment.service,
            practitioner=appointment.practitioner,
            around=appointment.start,
            notice=Notice(by_staff=acts_for_clinic(by)),
            now=now,
        )
        raise SlotTaken(alternatives=near) from taken


def can_be_undone(visit: Appointment, *, by_staff: bool = False, now: datetime) -> bool:
    """Whether "Undo" is worth a button."""
    if visit.cancel_settles_at is None or now >= visit.cancel_settles_at or visit.start < now:
        return False
    return by_staff or visit.cancel_reason in PATIENTS_REASONS


def _take_again(appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    rooms = rooms_there(service=appointment.service, practitioner=appointment.practitioner)
    visit = lock_appointment(appointment, rooms=rooms)
    _check(visit, by, now)
    place = find_place(
        service=visit.service,
        practitioner=visit.practitioner,
        start=visit.start,
        notice=Notice(by_staff=True),
        moving=visit,
        beyond_hours=bool(visit.set_aside),
        now=now,
    )
    if place.location != visit.location:
        raise SlotTaken  # by now the therapist works at another place then
    visit.room_id = place.room_id
    before = (visit.status_before, visit.awaiting_before)
    move_on(visit, Status(before[0]), awaiting=before[1])
    visit.status_before = visit.awaiting_before = ""
    visit.cancel_settles_at, visit.cancel_fee_amount, visit.excused = None, 0, False
    if before[1] != Appointment.Awaiting.FORM and before[0] in (Status.BOOKED, Status.PENDING):
        _admit_again(visit, by, now)
    visit.save()
    forget_freed_time(appointment=visit)
    forget_untold_end(appointment=visit)
    if (visit.status, visit.awaiting) != before:  # the answers were looked at in these minutes
        take_what_is_authorised(visit, now=now)
        plan_booking_messages(appointment=visit, now=now)
    record_change(appointment=visit, action="cancel-undone", by=by, now=now)
    return visit


def _check(visit: Appointment, by: User | None, now: datetime) -> None:
    check_own(visit, by)
    if visit.status != Status.CANCELLED:
        raise NotPossibleNow
    if not can_be_undone(visit, by_staff=True, now=now):
        raise TooLate(GONE)
    if not acts_for_clinic(by) and visit.cancel_reason not in PATIENTS_REASONS:
        raise NotAllowed


def _admit_again(visit: Appointment, by: User | None, now: datetime) -> None:
    clearance = clearance_for(visit, by_staff=acts_for_clinic(by), now=now)
    if clearance.decision == "no":
        raise IncompleteAnswers if is_unfinished(clearance) else NotCleared
    admit(visit, clearance, now=now)
