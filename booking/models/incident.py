import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class Incident(models.Model):
    """A complaint, or something that went wrong, at a visit. What happened stands encrypted in its entries."""

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("Complaint")
        INCIDENT = "incident", _("Incident")

    class Severity(models.TextChoices):
        MILD = "mild", _("mild")
        SIGNIFICANT = "significant", _("significant")
        SERIOUS = "serious", _("serious")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="incidents")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    severity = models.CharField(max_length=20, choices=Severity.choices)
    happened_at = models.DateTimeField()
    logged_at = models.DateTimeField()
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reply_due_date = models.DateField(null=True)  # by when somebody is owed an answer
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    request_key = models.UUIDField(unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["reply_due_date"], condition=Q(closed_at__isnull=True), name="incident_open"),
            models.Index(fields=["happened_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="incident_closed_by_somebody",
            ),
            models.CheckConstraint(condition=Q(happened_at__lte=models.F("logged_at")), name="incident_has_happened"),
        ]
        triggers = [kept_on_hold("SELECT a.patient_id FROM booking_appointment a WHERE a.id = OLD.appointment_id")]

    def __str__(self) -> str:
        return f"{self.kind} {self.severity}"


class IncidentEntry(models.Model):
    """One step in the life of an incident: who, when, what. Append-only."""

    class Step(models.TextChoices):
        LOGGED = "logged", _("logged")
        NOTED = "noted", _("note added")
        CHANGED = "changed", _("severity or due date changed")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("opened again")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries")
    step = models.CharField(max_length=20, choices=Step.choices)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    severity = models.CharField(max_length=20, choices=Incident.Severity.choices)  # as it was from then on
    reply_due_date = models.DateField(null=True)
    content = EncryptedField()  # {"words"}

    class Meta:
        ordering = ["made_at", "id"]
        triggers = [
            pgtrigger.Protect(name="incident_entry_is_append_only", operation=pgtrigger.Update),
            kept_on_hold(
                "SELECT a.patient_id FROM booking_appointment a JOIN booking_incident i ON i.appointment_id = a.id"
                " WHERE i.id = OLD.incident_id"
            ),
        ]

    def __str__(self) -> str:
        return self.step
