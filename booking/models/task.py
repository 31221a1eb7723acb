import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField

_OPEN = Q(status__in=["requested", "in-progress"])


class Task(models.Model):
    """Something that staff promised, or have to look at, by a time. It says nothing about anybody's health."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("open")
        IN_PROGRESS = "in-progress", _("taken")
        COMPLETED = "completed", _("done")
        CANCELLED = "cancelled", _("closed undone")

    class Kind(models.TextChoices):
        CALL_BACK = "call-back", _("Call back")
        LIKELY_SAME_PERSON = "likely-same-person", _("Perhaps one person with two records")
        REVIEW_OVERDUE = "review-overdue", _("A request was not answered in time")
        DISPLACED = "displaced", _("Call about a visit that can't take place as booked")
        WITHDRAWN_CONSENT = "withdrawn-consent", _("A patient has taken back their agreement")
        MONEY = "money", _("Money that does not agree")
        CLAIM_DENIED = "claim-denied", _("Talk about a visit that the payer does not pay")
        AFTER_VISIT_URGENT = "after-visit-urgent", _("Call at once: a patient asks for help after a visit")
        AFTER_VISIT = "after-visit", _("A patient would like a word after a visit")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.REQUESTED)
    appointment = models.ForeignKey("booking.Appointment", null=True, on_delete=models.PROTECT, related_name="tasks")
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.PROTECT, related_name="tasks")
    finding = models.ForeignKey("payments.Finding", null=True, on_delete=models.PROTECT, related_name="tasks")
    contact = EncryptedField(null=True)  # {"name", "phone", "best_time"}; blanked 30 days after the task is closed
    asked_by = models.CharField(max_length=64, blank=True)  # a hash of the browser that asked to be called
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=_OPEN, name="task_open")]
        constraints = [
            models.CheckConstraint(condition=_OPEN | Q(closed_at__isnull=False), name="task_closed_has_a_time"),
            models.CheckConstraint(
                condition=~Q(status="in-progress") | Q(owner__isnull=False), name="task_in_progress_has_an_owner"
            ),
            models.UniqueConstraint(
                fields=["kind", "appointment"],
                condition=_OPEN & Q(appointment__isnull=False),
                name="task_open_once_for_a_visit",
            ),
            models.UniqueConstraint(
                fields=["kind", "patient"],
                condition=_OPEN & Q(patient__isnull=False, appointment__isnull=True),
                name="task_open_once_for_a_patient",
            ),
            models.UniqueConstraint(
                fields=["finding"], condition=_OPEN & Q(finding__isnull=False), name="task_open_once_for_a_finding"
            ),
            models.CheckConstraint(
                condition=Q(kind="money", finding__isnull=False) | ~Q(kind="money") & Q(finding__isnull=True),
                name="task_about_money_names_a_finding",
            ),
            models.UniqueConstraint(
                fields=["kind", "asked_by"], condition=_OPEN & ~Q(asked_by=""), name="task_open_once_for_a_browser"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class TaskAttempt(models.Model):
    """One try to reach somebody, and what came of it."""

    class Outcome(models.TextChoices):
        REACHED = "reached", _("reached")
        LEFT_MESSAGE = "left-message", _("left a message")
        NO_ANSWER = "no-answer", _("no answer")

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="attempts")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at", "id"]

    def __str__(self) -> str:
        return self.outcome
