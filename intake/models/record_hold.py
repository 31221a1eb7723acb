import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class RecordHold(models.Model):
    """Why a record may not be deleted: a complaint, a claim, an inquiry. Until somebody lifts it, who says why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="record_holds")
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    content = EncryptedField()  # {"why"}, once lifted {"why", "why_lifted"}

    class Meta:
        ordering = ["-placed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(lifted_at__isnull=True), name="record_hold_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="record_hold_lifted_by_somebody",
            ),
        ]
        triggers = [kept_on_hold("OLD.patient_id")]

    def __str__(self) -> str:
        return f"{self.placed_at}"
