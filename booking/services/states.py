"""Moving a locked appointment from one state to the next, and writing down who did it."""

from datetime import datetime
from typing import Any

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.rules.lifecycle import may_become
from intake.access import is_therapist, works_at_desk
from intake.errors import NotAllowed
from intake.models import User
from intake.services.audit import record_event

SYSTEM = "system"


def acts_for_clinic(by: User | None) -> bool:
    """Whether this is reception, a manager or a therapist: who works with visits."""
    return bool(works_at_desk(by) or is_therapist(by))


def require_clinic(by: User | None) -> User:
    """The member of staff who asks.

    :raises NotAllowed: it is nobody, a patient, or the owner
    """
    if by is None or not acts_for_clinic(by):
        raise NotAllowed
    return by


def move_on(appointment: Appointment, status: Appointment.Status, *, awaiting: str = "") -> None:
    """Set the next state; the caller saves.

    :raises NotPossibleNow: the present state does not lead there
    """
    if not may_become(appointment.status, status):
        raise NotPossibleNow
    appointment.status = status
    appointment.awaiting = awaiting
    appointment.hold_expires_at = None
    if status != Appointment.Status.CANCELLED:
        appointment.cancel_reason, appointment.cancelled_at, appointment.cancelled_by = "", None, None


def end_as_cancelled(
    appointment: Appointment, *, reason: Appointment.CancelReason, by: User | None = None, now: datetime
) -> None:
    """Set the state to cancelled with its reason, which frees the time; the caller saves."""
    move_on(appointment, Appointment.Status.CANCELLED)
    appointment.cancel_reason, appointment.cancelled_at, appointment.cancelled_by = reason, now, by


def record_change(
    *,
    appointment: Appointment,
    action: str,
    by: User | None = None,
    role: str = "",
    reason: str = "",
    now: datetime,
    **details: Any,
) -> None:
    """Write the AuditEvent of a change. Without `by` and `role` it was whoever holds the link."""
    nobody = "patient" if appointment.patient_id else "anonymous"
    record_event(
        action=action,
        entity=appointment,
        patient=appointment.patient,
        by=by,
        role=role or (by.role if by else nobody),
        reason=reason,
        details={"status": str(appointment.status), "awaiting": appointment.awaiting, **details},
        now=now,
    )
