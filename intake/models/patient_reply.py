import uuid

import pgtrigger
from django.db import models

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class PatientReply(models.Model):
    """What the patient answered to a therapist's question. Append-only, as the question is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.OneToOneField("intake.ScreeningDecision", on_delete=models.CASCADE, related_name="reply")
    content = EncryptedField()  # {"text"}
    replied_at = models.DateTimeField()

    class Meta:
        triggers = [
            pgtrigger.Protect(name="patient_reply_is_append_only", operation=pgtrigger.Update),
            kept_on_hold(
                "SELECT s.patient_id FROM intake_screening s JOIN intake_screeningdecision d ON d.screening_id = s.id"
                " WHERE d.id = OLD.question_id"
            ),
        ]
