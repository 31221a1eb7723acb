"""The outbox: a message is a row, written with the fact that causes it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField

_OPEN = Q(status__in=["preparation", "in-progress"])


class Communication(models.Model):
    """One message to one person. Sent once, or it says why not."""

    class Status(models.TextChoices):
        PREPARATION = "preparation", _("waiting")
        IN_PROGRESS = "in-progress", _("being sent")
        COMPLETED = "completed", _("sent")
        NOT_DONE = "not-done", _("not sent")
        STOPPED = "stopped", _("no longer needed")

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("text message")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dedupe_key = models.CharField(max_length=200, unique=True)  # subject : kind : channel : vN - never the due time
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    appointment = models.ForeignKey(
        "booking.Appointment", null=True, on_delete=models.PROTECT, related_name="communications"
    )
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.PROTECT, related_name="communications")
    story = models.ForeignKey("reminders.Story", null=True, on_delete=models.PROTECT, related_name="communications")
    subscriber = models.ForeignKey(
        "reminders.Subscriber", null=True, on_delete=models.SET_NULL, related_name="communications"
    )
    schedule_version = models.PositiveIntegerField(default=0)
    recipient = models.CharField(max_length=254)
    language = models.CharField(max_length=5, default="en")
    content = EncryptedField(null=True)  # what the template needs and the row can't say: a link's token, a sign-in code
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PREPARATION)
    status_reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    message_id = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)  # what the provider calls it in its reports
    maybe_sent_at = models.DateTimeField(null=True)  # handed over without a clear answer
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=_OPEN, name="communication_due"),
            models.Index(fields=["not_after"], condition=_OPEN, name="communication_expiring"),
            models.Index(fields=["appointment", "created_at"]),
            models.Index(fields=["-due_at", "id"], name="communication_log"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="communication_at_provider"),
            models.Index(fields=["maybe_sent_at"], condition=Q(kind="story"), name="communication_story_pace"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(sent_at__isnull=False), name="communication_sent_when"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["not-done", "stopped"]) | ~Q(status_reason=""),
                name="communication_not_sent_says_why",
            ),
            models.UniqueConstraint(
                fields=["story", "subscriber"],
                condition=Q(story__isnull=False, subscriber__isnull=False),
                name="communication_story_once_a_reader",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class SenderSwitch(models.Model):
    """Whether this installation may send messages and move money. A restored copy starts with it off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    released = models.BooleanField(default=True)
    changed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="sender_switch_is_one")]

    def __str__(self) -> str:
        return "released" if self.released else "held"
