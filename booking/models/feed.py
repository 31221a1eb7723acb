import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_LIVE = Q(revoked_at__isnull=True)


class CalendarFeed(models.Model):
    """A secret address at which a calendar program reads the visits of a therapist, or of the whole clinic."""

    class Shows(models.TextChoices):
        BUSY = "busy", _("only that the time is taken")
        INITIALS = "initials", _("the patients' initials")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="calendar_feeds")
    practitioner = models.ForeignKey(
        "booking.Practitioner", null=True, on_delete=models.PROTECT, related_name="calendar_feeds"
    )  # null: everybody's at the clinic
    shows = models.CharField(max_length=10, choices=Shows.choices, default=Shows.BUSY)
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practitioner"], condition=_LIVE, name="calendar_feed_one_of_a_therapist"),
            models.UniqueConstraint(
                fields=["location"],
                condition=_LIVE & Q(practitioner__isnull=True),
                name="calendar_feed_one_of_the_clinic",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner or self.location} {self.shows}"
