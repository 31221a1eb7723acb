"""The trail of who did what: read here, and the reads themselves written down."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from intake.models import AuditEvent, Patient, User
from intake.origin import current_address

MAX_REASON = 200


def events_of(entity: Model) -> QuerySet[AuditEvent]:
    """Everything that happened to this row, the latest first."""
    found = AuditEvent.objects.filter(entity_type=entity._meta.label_lower, entity_id=entity.pk)
    return found.select_related("agent").order_by("-recorded_at", "-id")


def events_about(patient: Patient) -> QuerySet[AuditEvent]:
    """Everything that concerns this patient, the latest first: what they may ask for."""
    return AuditEvent.objects.filter(patient_id=patient.pk).select_related("agent").order_by("-recorded_at", "-id")


def record_read(
    *, action: str = "read", entity: Model, patient_id: UUID | None, by: User, reason: str = "", now: datetime
) -> AuditEvent:
    """Write down that somebody read health data; the one kind of write that belongs to reading."""
    return write_event(action=action, entity=entity, patient_id=patient_id, by=by, role=by.role, reason=reason, now=now)


def write_event(
    *,
    action: str,
    entity: Model,
    patient_id: UUID | None,
    by: User | None,
    role: str,
    reason: str = "",
    details: dict[str, Any] | None = None,
    source: str = "",
    now: datetime,
) -> AuditEvent:
    """One row of the trail. `details` hold times, states and sums only, never a clinical word."""
    return AuditEvent.objects.create(
        recorded_at=now,
        agent=by,
        agent_role=role,
        action=action,
        entity_type=entity._meta.label_lower,
        entity_id=entity.pk,
        patient_id=patient_id,
        reason=reason[:MAX_REASON],
        details=details or {},
        source=source or current_address(),
    )
