import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class StandIn(models.Model):
    """A colleague who answers a therapist's requests for a time. Taken back: it ends at that moment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="stand_ins")
    colleague = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="stands_in_for")
    start = models.DateTimeField()
    end = models.DateTimeField()
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()

    class Meta:
        ordering = ["start", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="stand_in_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(practitioner=F("colleague")), name="stand_in_is_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.colleague} for {self.practitioner}"
