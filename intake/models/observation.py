import uuid

import pgtrigger
from django.conf import settings
from django.db import models

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class Observation(models.Model):
    """How pain and daily life were at a moment, in the patient's own numbers. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="observations")
    focus_id = models.UUIDField(null=True)  # the visit that it was asked about
    effective_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: the patient
    content = EncryptedField()  # {"pain": {"now", "best", "worst"}, "activities": [{"name", "score"}], "global"}

    class Meta:
        ordering = ["effective_at", "id"]
        indexes = [models.Index(fields=["patient", "effective_at"])]
        triggers = [
            pgtrigger.Protect(name="observation_is_append_only", operation=pgtrigger.Update),
            kept_on_hold("OLD.patient_id"),
        ]

    def __str__(self) -> str:
        return f"{self.effective_at}"
