"""How somebody wishes to be reached, what they agreed to, and which addresses can't be used."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.reminders.models.outbox import Communication


class ContactPreference(models.Model):
    """A patient's own quiet hours and time zone; who has none keeps the clinic's. Their language is the patient's.

    `by_call`: they wish to be called before each visit. `on_paper`: they wish for a printed card with their times.
    """

    id = models.BigAutoField(primary_key=True)
    patient = models.OneToOneField("intake.Patient", on_delete=models.PROTECT, related_name="contact_preference")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)  # empty: the clinic's
    by_call = models.BooleanField(default=False)
    on_paper = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            )
        ]

    def __str__(self) -> str:
        return f"{self.patient_id}"


class ContactConsent(models.Model):
    """One yes or no to a channel, with the words it was given to. Append-only: the last one counts."""

    class How(models.TextChoices):
        BOOKING = "booking", _("when booking")
        ACCOUNT = "account", _("on their page")
        DESK = "desk", _("told us at the desk")
        REPLY = "reply", _("by text message")

    id = models.BigAutoField(primary_key=True)
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="contact_consents")
    channel = models.CharField(max_length=10, choices=Communication.Channel.choices)
    given = models.BooleanField()
    address = models.CharField(max_length=254)  # the number or mailbox that it was said about
    wording = models.TextField()  # what was read, or said at the desk
    wording_version = models.CharField(max_length=20)
    how = models.CharField(max_length=10, choices=How.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "channel", "-id"], name="contact_consent_newest")]
        triggers = [pgtrigger.Protect(name="contact_consent_is_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.channel} {self.given}"


class AddressMark(models.Model):
    """What is known of a mailbox or number, whoever's it is: families share them. Append-only: the last one counts."""

    class What(models.TextChoices):
        BOUNCED = "bounced", _("does not take messages")
        COMPLAINED = "complained", _("reported our mail as unwanted")
        STOPPED = "stopped", _("answered STOP")
        CLEARED = "cleared", _("can be used again")

    id = models.BigAutoField(primary_key=True)
    channel = models.CharField(max_length=10, choices=Communication.Channel.choices)
    address = models.CharField(max_length=254)  # a mailbox in small letters, a number as E.164
    what = models.CharField(max_length=12, choices=What.choices)
    words = models.CharField(max_length=255, blank=True)  # the provider's
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["channel", "address", "-id"], name="address_mark_newest")]
        triggers = [pgtrigger.Protect(name="address_mark_is_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.channel} {self.what}"
