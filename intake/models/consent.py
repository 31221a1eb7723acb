import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold

_FIXED = (
    "patient_id", "created_at", "information_version", "information_hash", "language", "shown_at", "signed_at",
    "signer", "recorded_by_id", "recorded_at", "earlier_id", "content",
)  # fmt: skip
_CHANGED = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in _FIXED)


class Consent(models.Model):
    """What a patient agreed to: signed as read (proposed), said in the room (active), ended (inactive).

    What was agreed never changes; a row only ends, and a new one follows it. A signature is a row without a therapist;
    the patient's yes is a row of its own, written by the therapist who heard it.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("signed as read")
        ACTIVE = "active", _("said yes")
        INACTIVE = "inactive", _("ended")

    class Signer(models.TextChoices):
        SELF = "self", _("the patient")
        GUARDIAN = "guardian", _("a parent or guardian")
        SUBSTITUTE = "substitute", _("a substitute decision-maker")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey("intake.Patient", on_delete=models.CASCADE, related_name="consents")
    status = models.CharField(max_length=20, choices=Status.choices)
    created_at = models.DateTimeField()

    information_version = models.CharField(max_length=40, blank=True)  # what was shown, word for word
    information_hash = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=5, blank=True)
    shown_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    signer = models.CharField(max_length=20, choices=Signer.choices, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(null=True)  # when the therapist heard the yes
    earlier = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")  # what it rests on
    content = EncryptedField(null=True)  # {"name", "relation"}; with the yes: regions, technique, risks, who agreed

    ended_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)  # ended because somebody took it back, not because a new one came
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawal = EncryptedField(null=True)  # {"reason", "told_by"}

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="active") | Q(recorded_by__isnull=False, recorded_at__isnull=False),
                name="consent_active_was_heard_by_a_therapist",
            ),
            models.CheckConstraint(
                condition=~Q(status="proposed")
                | (Q(signed_at__isnull=False, shown_at__isnull=False) & ~Q(information_hash="") & ~Q(signer="")),
                name="consent_signature_says_what_was_shown",
            ),
            models.CheckConstraint(
                condition=Q(status="inactive", ended_at__isnull=False)
                | (~Q(status="inactive") & Q(ended_at__isnull=True, withdrawn_at__isnull=True)),
                name="consent_only_ended_ones_have_an_end",
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(status="active"), name="consent_one_active_a_patient"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="consent_says_what_it_said",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(_CHANGED),
            ),
            kept_on_hold("OLD.patient_id"),
        ]

    def __str__(self) -> str:
        return self.status
