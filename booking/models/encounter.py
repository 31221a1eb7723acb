import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class Encounter(models.Model):
    """What happens in the room at one visit, from the therapist's start: on which answers, with whose yes."""

    class Status(models.TextChoices):
        IN_PROGRESS = "in-progress", _("under way")
        FINISHED = "finished", _("recorded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.OneToOneField("booking.Appointment", on_delete=models.PROTECT, related_name="encounter")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.IN_PROGRESS)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The answers looked at again for the regions that are really treated, and the yes for exactly those.
    screening = models.ForeignKey("intake.Screening", null=True, on_delete=models.SET_NULL, related_name="encounters")
    consent = models.ForeignKey("intake.Consent", null=True, on_delete=models.PROTECT, related_name="encounters")
    plan = EncryptedField(null=True)  # {"regions", "technique"}

    class Meta:
        triggers = [kept_on_hold("SELECT a.patient_id FROM booking_appointment a WHERE a.id = OLD.appointment_id")]

    def __str__(self) -> str:
        return self.status


class TreatmentRecord(models.Model):
    """What was done, as the therapist wrote it down. Append-only: an amendment is a further row, the first stays."""

    class Needling(models.TextChoices):
        DONE = "done", _("needled")
        STOPPED = "stopped", _("begun, and stopped at the patient's word")
        NONE = "none", _("no needling today")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    encounter = models.ForeignKey(Encounter, on_delete=models.CASCADE, related_name="records")
    needling = models.CharField(max_length=10, choices=Needling.choices)
    consent = models.ForeignKey("intake.Consent", null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    content = EncryptedField()  # as in booking.services.treatments.Treated

    class Meta:
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(needling="none") | Q(consent__isnull=False), name="treatment_with_needles_has_a_consent"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="treatment_record_is_append_only", operation=pgtrigger.Update),
            kept_on_hold(
                "SELECT a.patient_id FROM booking_appointment a JOIN booking_encounter e ON e.appointment_id = a.id"
                " WHERE e.id = OLD.encounter_id"
            ),
        ]

    def __str__(self) -> str:
        return self.needling
