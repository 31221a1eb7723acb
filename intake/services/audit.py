"""Writing down who did what."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from intake.models import AuditEvent, Patient, User
from intake.selectors.audit import write_event


def record_event(
    *,
    action: str,
    entity: Model,
    patient: Patient | None = None,
    by: User | None = None,
    role: str | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
    source: str = "",
    now: datetime,
) -> AuditEvent:
    """Write one AuditEvent, in the caller's transaction.

    `role` defaults to that of `by`, and to "system" without one; "patient" (by link) and "anonymous" are given by name.
    `source` defaults to the address of the request being answered. `details` hold times, states and sums only.
    """
    return write_event(
        action=action,
        entity=entity,
        patient_id=patient.pk if patient else None,
        by=by,
        role=role or (by.role if by else "system"),
        reason=reason,
        details=details,
        source=source,
        now=now,
    )
