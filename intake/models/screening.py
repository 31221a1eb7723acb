import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class Outcome(models.TextChoices):
    STOP = "STOP", _("no needling")
    REVIEW = "REVIEW", _("a therapist decides")
    CAUTION = "CAUTION", _("with care")
    CLEAR = "CLEAR", _("nothing found")


class Screening(models.Model):
    """One evaluation of a response. In clear only outcome, urgency, completeness and dates; the rest is encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    response = models.ForeignKey("intake.QuestionnaireResponse", on_delete=models.CASCADE, related_name="screenings")
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.CASCADE, related_name="screenings")
    questionnaire = models.ForeignKey("intake.Questionnaire", on_delete=models.PROTECT, related_name="screenings")
    token_hash = models.CharField(max_length=64, unique=True)  # whoever holds the token may book with this screening
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    urgent = models.CharField(max_length=20, blank=True)
    complete = models.BooleanField()
    red_flags_complete = models.BooleanField()  # enough for a visit without needles
    modality = models.CharField(max_length=20)
    stage = models.CharField(max_length=20)
    result = EncryptedField()  # items, rules, flags, excluded_regions, messages as `ScreeningResult` gives them
    # Starting over doesn't shop for answers: the stricter earlier screening that makes a milder one count as REVIEW.
    earlier_stricter = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    raised_at = models.DateTimeField(null=True)  # when a therapist ruled out needling on these answers
    evaluated_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "-evaluated_at"])]
        triggers = [kept_on_hold("OLD.patient_id")]

    @property
    def effective_outcome(self) -> str:
        """The outcome that counts: STOP where a therapist said so, at least REVIEW where an earlier screening was
        stricter.
        """
        if self.raised_at is not None:
            return Outcome.STOP
        milder = self.outcome in (Outcome.CAUTION, Outcome.CLEAR)
        return Outcome.REVIEW if self.earlier_stricter_id and milder else self.outcome


class ScreeningDecision(models.Model):
    """What a therapist decided about a screening, or asked, and why. Append-only.

    Approved: the visit may take place although a therapist decides; lowered: so may it, and the answers count as "with
    care"; declined: not this visit; raised: these answers rule out needling, for good; asked: a question to the
    patient, which decides nothing.
    """

    class Decision(models.TextChoices):
        APPROVED = "approved", _("approved")
        LOWERED = "lowered", _("lowered to with care")
        ASKED = "asked", _("asked the patient")
        DECLINED = "declined", _("declined")
        RAISED = "raised", _("raised to no needling")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    screening = models.ForeignKey(Screening, on_delete=models.CASCADE, related_name="decisions")
    decision = models.CharField(max_length=20, choices=Decision.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    content = EncryptedField()  # {"reason", "regions", "excluded", "conditions", "visits", "question", "offered"}
    valid_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision__in=["approved", "lowered"]) | Q(valid_until__isnull=False),
                name="approval_has_an_end",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="screening_decision_is_append_only", operation=pgtrigger.Update),
            kept_on_hold("SELECT s.patient_id FROM intake_screening s WHERE s.id = OLD.screening_id"),
        ]


class ScreeningCount(models.Model):
    """How many forms ended with each outcome on a day: what remains of a form that nobody booked with."""

    id = models.BigAutoField(primary_key=True)
    date = models.DateField()
    outcome = models.CharField(max_length=10)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["date", "outcome"], name="screening_count_once")]
