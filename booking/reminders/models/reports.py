"""What comes back: the provider's reports about our messages, and people's texts."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber, to_python

from booking.reminders.models.outbox import Communication
from intake.crypto import EncryptedField


class DeliveryReport(models.Model):
    """What the provider says became of a message after it took it. Append-only; each is kept once."""

    class What(models.TextChoices):
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("came back")
        COMPLAINED = "complained", _("reported as unwanted")
        FAILED = "failed", _("could not be delivered")

    id = models.BigAutoField(primary_key=True)
    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="reports")
    what = models.CharField(max_length=12, choices=What.choices)
    words = models.CharField(max_length=255, blank=True)  # the provider's
    provider_id = models.CharField(max_length=200)  # the message there
    reported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["communication", "what", "provider_id"], name="delivery_report_once")
        ]
        triggers = [pgtrigger.Protect(name="delivery_report_is_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.what


TO_ANSWER = Q(keyword__in=["", "cannot"], dealt_at__isnull=True)


class IncomingMessage(models.Model):
    """A text that somebody sent us, once, beside the visit that it is probably about. Reception sees to what a word
    alone can't settle.
    """

    class Keyword(models.TextChoices):
        STOP = "stop", _("asked us to stop texting")
        START = "start", _("asked us to text again")
        HELP = "help", _("asked for help")
        CONFIRM = "confirm", _("said they are coming")
        CANNOT = "cannot", _("said they can't come")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider_id = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=32)  # as E.164
    text = EncryptedField()
    keyword = models.CharField(max_length=10, choices=Keyword.choices, blank=True)  # empty: for a person to read
    answer = models.TextField(blank=True)  # what we answered at once, without its link; empty: nothing
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.PROTECT, related_name="incoming_messages")
    appointment = models.ForeignKey(
        "booking.Appointment", null=True, on_delete=models.PROTECT, related_name="incoming_messages"
    )  # what they were asked about, the next visit of whoever has this number, or the last one
    received_at = models.DateTimeField()
    dealt_at = models.DateTimeField(null=True)
    dealt_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["-received_at"]),
            models.Index(fields=["appointment", "received_at"]),
            models.Index(fields=["sender", "received_at"]),
            models.Index(fields=["received_at"], condition=TO_ANSWER, name="incoming_to_answer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(dealt_at__isnull=True, dealt_by__isnull=True)
                | Q(dealt_at__isnull=False, dealt_by__isnull=False),
                name="incoming_dealt_with_by_whom",
            )
        ]

    def __str__(self) -> str:
        return f"{self.keyword or 'text'} {self.received_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to see to it."""
        return self.keyword in ("", self.Keyword.CANNOT) and self.dealt_at is None

    @property
    def phone(self) -> PhoneNumber | str:
        """The number it came from, to be shown and called; as it stands if it is none."""
        return to_python(self.sender) or self.sender
