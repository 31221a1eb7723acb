import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class PayLink(models.Model):
    """A link that was mailed so that somebody can pay online what is due for a visit. Its address is signed, not kept.

    There is one that works for a visit at a time; sent again it is the same, and lasts longer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="pay_links")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    times_sent = models.PositiveSmallIntegerField(default=1)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(ended_at__isnull=True), name="pay_link_one_that_works"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
