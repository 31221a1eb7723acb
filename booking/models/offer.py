import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Offer(models.Model):
    """A time held for one person until they say yes or no: to somebody who waits, or instead of a visit that can't be.

    `hold` is the held time, a PROPOSED appointment that ends with the offer. Of the offers of one `group` one can be
    taken.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("not answered in time")
        WITHDRAWN = "withdrawn", _("taken back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    hold = models.OneToOneField("booking.Appointment", on_delete=models.PROTECT, related_name="offer")
    entry = models.ForeignKey("booking.WaitlistEntry", null=True, on_delete=models.PROTECT, related_name="offers")
    freed_time = models.ForeignKey("booking.FreedTime", null=True, on_delete=models.SET_NULL, related_name="offers")
    instead_of = models.ForeignKey(  # the visit that moves into the held time
        "booking.Appointment", null=True, on_delete=models.PROTECT, related_name="offers_instead"
    )
    group = models.UUIDField(null=True)
    token_hash = models.CharField(max_length=64)  # the same for the offers of one group: one link shows them all
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="open"), name="offer_open"),
            models.Index(fields=["token_hash"], name="offer_by_token"),
            models.Index(fields=["group"], condition=Q(group__isnull=False), name="offer_of_group"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True) | (~Q(status="open") & Q(decided_at__isnull=False)),
                name="offer_decided_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(entry__isnull=False) | Q(instead_of__isnull=False), name="offer_is_for_somebody"
            ),
            models.UniqueConstraint(fields=["entry"], condition=Q(status="open"), name="offer_one_open_for_an_entry"),
            models.UniqueConstraint(
                fields=["group"], condition=Q(status="accepted"), name="offer_one_accepted_of_a_group"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.status}"
