import uuid

import pgtrigger
from django.conf import settings
from django.db import models

from intake.crypto import EncryptedField


class AuditEvent(models.Model):
    """Who did what, to what, when, from where and why. Append-only, and never with a clinical word."""

    id = models.BigAutoField(primary_key=True)
    recorded_at = models.DateTimeField()
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    agent_role = models.CharField(max_length=20)  # a role, "patient" (by link), "anonymous" or "system"
    action = models.CharField(max_length=40)  # "read", "booked", "moved", "cancelled", ...
    entity_type = models.CharField(max_length=40)
    entity_id = models.UUIDField()
    patient_id = models.UUIDField(null=True, default=None)
    reason = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)  # times, states and sums only
    source = models.CharField(max_length=64, blank=True)  # network address

    class Meta:
        indexes = [
            models.Index(fields=["entity_type", "entity_id"]),
            models.Index(fields=["patient_id", "-recorded_at"]),
        ]
        triggers = [pgtrigger.Protect(name="audit_event_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class AttemptCount(models.Model):
    """How often something was tried in a window of time; counted in one SQL statement."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=128)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window_start"], name="attempt_count_once")]


class StoredAnswer(models.Model):
    """The first answer to a request with an Idempotency-Key, kept 24 hours for the same caller."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request_hash = models.CharField(max_length=64, unique=True)  # caller, method, path and key
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)  # null while the first request is being answered
    content = EncryptedField(null=True)  # the body
    created_at = models.DateTimeField()
