import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class CareRelation(models.Model):
    """A therapist may see this patient's health data from one moment until another. Kept by booking's services."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="care_relations")
    patient = models.ForeignKey("intake.Patient", on_delete=models.CASCADE, related_name="care_relations")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    reason = models.CharField(max_length=40)  # "appointment", "stand-in" or "on-call"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="care_relation_ends_after_start"),
            models.UniqueConstraint(fields=["practitioner", "patient", "reason"], name="care_relation_once"),
        ]
