"""Cancelling: the time is free at once, and what it costs follows the terms of the day it was booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow, TooLate
from booking.models import Appointment
from booking.payments.services import charge_fee, release_payments
from booking.reminders.services import announce_cancellation
from booking.rules.availability import Slot
from booking.rules.policy import fee_for_cancelling
from booking.selectors.fees import late_fee_of
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.states import acts_for_clinic, end_as_cancelled, record_change
from intake.errors import NotAllowed
from intake.models import User

Reason = Appointment.CancelReason
Status = Appointment.Status
_BY_PATIENT = (Status.PENDING, Status.BOOKED)
_PATIENTS_REASONS = (Reason.PATIENT, Reason.UNWELL)


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
    now: datetime,
) -> Cancelled:
    """Cancel a visit or a request. Without `by` it is whoever holds the link. Staff may waive the fee.

    `note` is what they said about it, kept with the visit. Being unwell costs nothing.

    :raises NotPossibleNow: it is over, cancelled already, or only a hold
    :raises TooLate: the patient's visit has begun
    :raises NotAllowed: not theirs, or a reason or waiver that only the clinic has
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        _check(visit, by=by, reason=reason, waive_fee=waive_fee, now=now)
        if note:
            visit.note = f"{visit.note}\n\n{note}" if visit.note else note
        return cancel(visit, reason=reason, by=by, waive_fee=waive_fee, now=now)


def cancel(
    visit: Appointment,
    *,
    reason: Reason,
    by: User | None = None,
    role: str = "",
    waive_fee: bool = False,
    alternatives: Sequence[Slot] = (),
    now: datetime,
) -> Cancelled:
    """Cancel a locked visit in the caller's transaction: fee, money, messages (with other times, if any), audit."""
    fee = (
        0
        if waive_fee
        else fee_for_cancelling(
            reason=reason,
            free_until=visit.free_cancel_until,
            late_fee=late_fee_of(visit),
            confirmed=visit.status == Status.BOOKED,
            now=now,
        )
    )
    end_as_cancelled(visit, reason=reason, by=by, now=now)
    visit.save()
    charge_fee(appointment=visit, amount=fee, now=now)
    release_payments(appointment=visit, keep=fee, now=now)
    announce_cancellation(appointment=visit, alternatives=alternatives, now=now)
    record_change(appointment=visit, action="cancelled", by=by, role=role, reason=reason, fee=fee, now=now)
    return Cancelled(visit, fee)


def check_own(visit: Appointment, by: User | None) -> None:
    """Staff, whoever holds the link, or the account that the visit's patient belongs to.

    :raises NotAllowed: somebody else
    """
    if by is None or acts_for_clinic(by):
        return
    if visit.patient is None or visit.patient.user_id != by.pk:
        raise NotAllowed


def _check(visit: Appointment, *, by: User | None, reason: Reason, waive_fee: bool, now: datetime) -> None:
    check_own(visit, by)
    if visit.status == Status.PROPOSED:
        raise NotPossibleNow
    if acts_for_clinic(by):
        return
    if reason not in _PATIENTS_REASONS or waive_fee:
        raise NotAllowed
    if visit.status not in _BY_PATIENT:
        raise NotPossibleNow
    if visit.start <= now:
        raise TooLate
