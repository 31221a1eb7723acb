import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.rules.fee_cases import TRANSITIONS


class FeeCase(models.Model):
    """A fee that no deposit covers, from the moment it is owed until it is paid, waived, or owed no more. Minor units.

    The ledger says what is owed; a case says what is being done about it. Nothing is taken from a card before a manager
    has said yes and a day has passed.
    """

    class Cause(models.TextChoices):
        LATE_CANCEL = "late-cancel", _("Cancelled late")
        NO_SHOW = "no-show", _("Did not come")
        LATE_MOVE = "late-move", _("Moved late")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("to decide")
        APPROVED = "approved", _("approved")
        TAKING = "taking", _("being taken")
        TAKEN = "taken", _("taken from the card")
        DECLINED = "declined", _("asked for by link")
        PAID = "paid", _("paid")
        WAIVED = "waived", _("waived")
        WITHDRAWN = "withdrawn", _("not owed any more")

    class Reason(models.TextChoices):
        COURTESY = "courtesy", _("As a courtesy")
        CANT_HELP = "cant-help", _("The patient could not help it")
        MISTAKE = "our-mistake", _("We had made a mistake")
        NOT_WORTH = "not-worth", _("It can't be collected")

    OPEN = (State.PROPOSED, State.APPROVED, State.TAKING, State.DECLINED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="fee_cases")
    cause = models.CharField(max_length=20, choices=Cause.choices)
    reference = models.CharField(max_length=255)  # of the fee in the ledger
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    take_at = models.DateTimeField(null=True)  # until then the approval can be undone
    problem = models.CharField(max_length=60, blank=True)  # why it could not be taken: Stripe's code, or our own
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)  # of a waiver

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at"], name="fee_case_worklist"),
            models.Index(fields=["take_at"], condition=Q(state="approved"), name="fee_case_to_take"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "reference"], name="fee_case_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="fee_case_asks_for_something"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "taking", "taken", "declined"])
                | Q(approved_by__isnull=False, take_at__isnull=False),
                name="fee_case_taken_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(state="waived", closed_by__isnull=False) & ~Q(reason="")
                | ~Q(state="waived") & Q(reason=""),
                name="fee_case_waived_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "approved", "taking", "declined"], closed_at__isnull=True)
                | Q(state__in=["taken", "paid", "waived", "withdrawn"], closed_at__isnull=False),
                name="fee_case_closed_says_when",
            ),
        ]
        triggers = [pgtrigger.FSM(name="fee_case_moves_as_agreed", field="state", transitions=list(TRANSITIONS))]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
