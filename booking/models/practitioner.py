import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Practitioner(models.Model):
    """A therapist whose time can be booked. Needling needs an authorisation that has not ended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="practitioner")
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120)
    introduction = models.TextField(blank=True)
    needling_authorisation = models.CharField(max_length=120, blank=True)
    needling_authorised_until = models.DateField(null=True, blank=True)
    visits_per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("At most so many visits begin on one day. Empty: as many as fit.")
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
