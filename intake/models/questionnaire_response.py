import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class QuestionnaireResponse(models.Model):
    """What somebody answered, encrypted: {"context": .., "answers": .., "follow_ups": ..} as `screen` reads it."""

    class Status(models.TextChoices):
        IN_PROGRESS = "in-progress", _("being filled in")
        COMPLETED = "completed", _("complete")
        AMENDED = "amended", _("changed")
        STOPPED = "stopped", _("abandoned")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    questionnaire = models.ForeignKey("intake.Questionnaire", on_delete=models.PROTECT, related_name="responses")
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.CASCADE, related_name="responses")
    # The earlier answers that this form asks again: what it does not ask stands as it was said there.
    based_on = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="followed_by")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.IN_PROGRESS)
    content = EncryptedField()
    haste = EncryptedField(null=True)  # pages answered faster than they can be read: {page: seconds}
    language = models.CharField(max_length=5, default="en")
    notice_version = models.CharField(max_length=40)  # which privacy notice was shown before the first question
    notice_hash = models.CharField(max_length=64)
    notice_shown_at = models.DateTimeField()
    session_hash = models.CharField(max_length=64, blank=True)  # of the browser session, against shopping for answers
    earlier_session_hashes = ArrayField(
        models.CharField(max_length=64), default=list
    )  # before it was resumed elsewhere
    resume_token_hash = models.CharField(max_length=64, blank=True)  # of the link to go on elsewhere
    resume_person = EncryptedField(null=True)  # who comes, for whom: what the browser knows beside the answers
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    delete_after = models.DateTimeField(null=True)  # 24 hours after the start; null once it belongs to a visit

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="in-progress") | Q(completed_at__isnull=False) | Q(status="stopped"),
                name="response_completed_has_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["delete_after"]),
            models.Index(fields=["session_hash"]),
            models.Index(fields=["resume_token_hash"], condition=~Q(resume_token_hash=""), name="response_resume_link"),
            GinIndex(fields=["earlier_session_hashes"], name="response_earlier_sessions"),
        ]
        triggers = [kept_on_hold("OLD.patient_id")]
