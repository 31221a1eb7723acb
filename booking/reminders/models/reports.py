"""What comes back: the provider's reports about our messages, and people's texts."""

import uuid

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

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


class IncomingMessage(models.Model):
    """A text that somebody sent us, once, beside the visit that it is probably about."""

    class Keyword(models.TextChoices):
        STOP = "stop", _("asked us to stop texting")
        START = "start", _("asked us to text again")
        HELP = "help", _("asked for help")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider_id = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=32)  # as E.164
    text = EncryptedField()
    keyword = models.CharField(max_length=10, choices=Keyword.choices, blank=True)  # empty: for a person to read
    answer = models.TextField(blank=True)  # what we answered at once; empty: the provider did
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.PROTECT, related_name="incoming_messages")
    appointment = models.ForeignKey(
        "booking.Appointment", null=True, on_delete=models.PROTECT, related_name="incoming_messages"
    )  # the next visit of whoever has this number, or the last one
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-received_at"]), models.Index(fields=["appointment", "received_at"])]

    def __str__(self) -> str:
        return f"{self.keyword or 'text'} {self.received_at:%Y-%m-%d}"
