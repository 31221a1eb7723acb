"""Cancelling: the time is free at once, and what it costs follows the terms of the day it was booked.

Fee, money, messages and those who wait follow three minutes later (`settle_cancellations`), so that until then undoing
is an ordinary taking of the time again (`booking.services.undoing`). What the system ends, is ended for good at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from booking.errors import NotPossibleNow, TooLate
from booking.models import Appointment, FeeCase
from booking.payments.services import charge_fee, release_payments
from booking.reminders.services import announce_cancellation
from booking.reminders.untold import keep_untold
from booking.rules.availability import Slot
from booking.rules.policy import UNDO_FOR, fee_for_cancelling
from booking.selectors.fees import costs_nothing, late_fee_of
from booking.services.batches import work_off
from booking.services.constraints import named_constraints
from booking.services.fee_cases import propose_fee, withdraw_fees
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment
from booking.services.states import acts_for_clinic, end_as_cancelled, record_change
from booking.services.sweeps import sweep_one
from intake.errors import NotAllowed
from intake.models import User

Reason = Appointment.CancelReason
Status = Appointment.Status
PATIENTS_REASONS: Final = (Reason.PATIENT, Reason.UNWELL)
_BY_PATIENT: Final = (Status.PENDING, Status.BOOKED)
_A_SWEEP: Final = 200


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled, and the fee in minor units."""

    appointment: Appointment
    fee: int


def cancel_appointment(
    *,
    appointment: Appointment,
    by: User | None,
    reason: Reason,
    note: str = "",
    waive_fee: bool = False,
    waive_reason: str = "",
    tell: bool = True,
    now: datetime,
) -> Cancelled:
    """Cancel a visit or a request; for three minutes it can be undone. Without `by` it is whoever holds the link. Staff
    may waive the fee, and choose not to `tell` the patient.

    `note` is what they said about it, kept with the visit; `waive_reason` says why no fee is asked for. Being unwell
    costs nothing.

    :raises NotPossibleNow: it is over, cancelled already, or only a hold
    :raises TooLate: the patient's visit has begun
    :raises NotAllowed: not theirs, or a reason or choice that only the clinic has
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if note:
            visit.note = f"{visit.note}\n\n{note}" if visit.note else note
        done = cancel_undoably(visit, reason=reason, by=by, waive_fee=waive_fee, tell=tell, now=now)
        if waive_fee:
            record_change(appointment=visit, action="fee-waived", by=by, reason=waive_reason, now=now)
        return done


def cancel_undoably(
    visit: Appointment, *, reason: Reason, by: User | None, waive_fee: bool = False, tell: bool = True, now: datetime
) -> Cancelled:
    """Cancel a locked visit in the caller's transaction: its time is free, what follows is due in three minutes.

    A visit that waits for its payment is ended at once: the money may come at any moment.

    :raises NotPossibleNow, TooLate, NotAllowed: as `cancel_appointment`
    """
    _check(visit, by=by, reason=reason, clinics_choice=waive_fee or not tell, now=now)
    if visit.awaiting == Appointment.Awaiting.PAYMENT:
        return cancel(visit, reason=reason, by=by, waive_fee=waive_fee, tell=tell, now=now)
    fee = 0 if waive_fee else _fee(visit, reason, now)
    visit.status_before, visit.awaiting_before = visit.status, visit.awaiting
    visit.cancel_fee_amount, visit.cancel_settles_at = fee, now + UNDO_FOR
    visit.excused = waive_fee or costs_nothing(visit)
    _end(visit, reason=reason, by=by, fee=fee, tell=tell, now=now)
    note_freed_time(appointment=visit, due_at=visit.cancel_settles_at, now=now)
    return Cancelled(visit, fee)


def cancel(
    visit: Appointment,
    *,
    reason: Reason,
    by: User | None = None,
    role: str = "",
    waive_fee: bool = False,
    tell: bool = True,
    alternatives: Sequence[Slot] = (),
    now: datetime,
) -> Cancelled:
    """Cancel a locked visit for good, in the caller's transaction: fee, money, messages (with other times, if any),
    audit.
    """
    fee = 0 if waive_fee else _fee(visit, reason, now)
    _end(visit, reason=reason, by=by, role=role, fee=fee, tell=tell, now=now)
    _follow_up(visit, fee=fee, alternatives=alternatives, now=now)
    note_freed_time(appointment=visit, due_at=now, now=now)
    return Cancelled(visit, fee)


def settle_cancellations(*, now: datetime) -> int:
    """Do what follows the cancellations that can't be undone any more; how many were tried. Safe twice, late, and
    beside itself.
    """
    due = Appointment.objects.filter(cancel_settles_at__lte=now).order_by("cancel_settles_at", "pk")
    return work_off(due[:_A_SWEEP], lambda one: sweep_one(_settle, one, now))


def _settle(appointment: Appointment, now: datetime) -> bool:
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.cancel_settles_at is None or now < visit.cancel_settles_at:
            return False  # somebody else has done it, or it was undone and cancelled again
        visit.cancel_settles_at = None
        visit.save(update_fields=["cancel_settles_at"])
        _follow_up(visit, fee=visit.cancel_fee_amount, now=now)
        return True


def check_own(visit: Appointment, by: User | None) -> None:
    """Staff, whoever holds the link, or the account that the visit's patient belongs to.

    :raises NotAllowed: somebody else
    """
    if by is None or acts_for_clinic(by):
        return
    if visit.patient is None or visit.patient.user_id != by.pk:
        raise NotAllowed


def _fee(visit: Appointment, reason: Reason, now: datetime) -> int:
    return fee_for_cancelling(
        reason=reason,
        free_until=visit.free_cancel_until,
        late_fee=late_fee_of(visit),
        confirmed=visit.status == Status.BOOKED,
        now=now,
    )


def _end(
    visit: Appointment, *, reason: Reason, by: User | None, role: str = "", fee: int, tell: bool, now: datetime
) -> None:
    end_as_cancelled(visit, reason=reason, by=by, now=now)
    visit.save()
    if by is not None and not tell:
        keep_untold(appointment=visit, kind="cancellation", by=by, now=now)
    record_change(appointment=visit, action="cancelled", by=by, role=role, reason=reason, fee=fee, now=now)


def _follow_up(visit: Appointment, *, fee: int, alternatives: Sequence[Slot] = (), now: datetime) -> None:
    charged = charge_fee(appointment=visit, amount=fee, now=now)
    release_payments(appointment=visit, keep=fee, now=now)
    propose_fee(visit, cause=FeeCase.Cause.LATE_CANCEL, charged=charged, fee=fee, now=now)
    withdraw_fees(visit, now=now)
    announce_cancellation(appointment=visit, alternatives=alternatives, now=now)


def _check(visit: Appointment, *, by: User | None, reason: Reason, clinics_choice: bool, now: datetime) -> None:
    check_own(visit, by)
    if visit.status == Status.PROPOSED:
        raise NotPossibleNow
    if acts_for_clinic(by):
        return
    if reason not in PATIENTS_REASONS or clinics_choice:
        raise NotAllowed
    if visit.status not in _BY_PATIENT:
        raise NotPossibleNow
    if visit.start <= now:
        raise TooLate
