import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class KeptCard(models.Model):
    """A card that a patient leaves with Stripe for fees, and what they agreed to. We know its last four digits only.

    Asked for with a visit, on a page of Stripe's or beside its deposit. Whatever `state` says that Stripe doesn't know
    yet is worked off command by command, and that moment is `settled_at`.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        KEPT = "kept", _("kept")
        REMOVED = "removed", _("removed")
        LAPSED = "lapsed", _("not given")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="cards")
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="cards")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    agreed_text = models.TextField(blank=True)  # as it was shown
    agreed_at = models.DateTimeField()
    session_id = models.CharField(max_length=255, blank=True)
    session_url = models.TextField(blank=True)
    session_created_at = models.DateTimeField(null=True)
    customer_id = models.CharField(max_length=255, blank=True)
    method_id = models.CharField(max_length=255, blank=True)
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    kept_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(null=True)  # when Stripe was last asked; null: ask at the next sweep
    settled_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=0)  # one more for each change; who looked before it looks again

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient"], condition=Q(state="kept"), name="card_one_kept_of_a_patient"),
            models.UniqueConstraint(fields=["appointment"], condition=Q(state="asked"), name="card_one_asked_for"),
            models.UniqueConstraint(fields=["session_id"], condition=~Q(session_id=""), name="card_session_once"),
            models.CheckConstraint(
                condition=~Q(state="kept") | ~Q(method_id="") & ~Q(customer_id="") & Q(kept_at__isnull=False),
                name="card_kept_can_be_charged",
            ),
        ]
        indexes = [models.Index(fields=["checked_at"], condition=Q(settled_at__isnull=True), name="card_not_settled")]
        triggers = [
            pgtrigger.FSM(
                name="card_only_moves_forward",
                field="state",
                transitions=[("asked", "kept"), ("asked", "lapsed"), ("asked", "removed"), ("kept", "removed")],
            )
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.last4}".strip()
