"""How a clinic sends its messages, where it differs from ours: which, when, by what and in which words."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from booking.reminders.models.outbox import Communication


class MessageSetting(models.Model):
    """What a clinic has set for one kind of message; what is empty is as the kind says."""

    id = models.BigAutoField(primary_key=True)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="message_settings")
    kind = models.CharField(max_length=40)
    on = models.BooleanField(default=True)
    channels = ArrayField(models.CharField(max_length=10, choices=Communication.Channel.choices), default=list)
    hours = ArrayField(models.PositiveSmallIntegerField(), default=list)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["location", "kind"], name="message_setting_once")]

    def __str__(self) -> str:
        return f"{self.kind} {'on' if self.on else 'off'}"


class MessageTemplate(models.Model):
    """A clinic's own words for a message, with placeholders. Append-only: the last one counts, and without a text it
    says that ours are used again.
    """

    id = models.BigAutoField(primary_key=True)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="message_templates")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Communication.Channel.choices)
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=150, blank=True)
    text = models.TextField(blank=True)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["location", "kind", "channel", "language", "-id"], name="template_newest")]
        triggers = [pgtrigger.Protect(name="message_template_is_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.language}"
