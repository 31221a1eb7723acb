"""What Stripe has moved on the clinic's account with it, and what it has sent to the bank."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.month import month_of_the_books

THE_CLINIC = "SELECT l.id FROM booking_location l ORDER BY l.name LIMIT 1"  # as `booking.selectors.locations` has it


class Payout(models.Model):
    """Money that Stripe sent to the clinic's bank. Minor units. `month` is that of the books."""

    class State(models.TextChoices):
        PENDING = "pending", _("on its way")
        IN_TRANSIT = "in_transit", _("on its way")
        PAID = "paid", _("sent to the bank")
        FAILED = "failed", _("sent back by the bank")
        CANCELED = "canceled", _("called off")

    OVER = (State.PAID, State.FAILED, State.CANCELED)

    id = models.CharField(primary_key=True, max_length=255)
    amount = models.IntegerField()  # below zero: Stripe took it from the bank
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=20, choices=State.choices)
    created_at = models.DateTimeField()
    arrives_on = models.DateField()
    month = models.DateField(editable=False)  # by the database, as of the ledger
    complete = models.BooleanField(default=False)  # every movement in it is known, and they add up to it
    seen_at = models.DateTimeField(null=True)  # when somebody found it on the bank's statement
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by__isnull=True)
                | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="payout_seen_by_somebody",
            ),
        ]
        triggers = [month_of_the_books(moment="created_at", place=THE_CLINIC)]

    def __str__(self) -> str:
        return self.pk


class StripeMovement(models.Model):
    """One movement of the clinic's balance at Stripe, with Stripe's fee. Minor units, signed. Never changed: only the
    payout it went out with, and which payment it was for, may be known later.
    """

    id = models.CharField(primary_key=True, max_length=255)
    kind = models.CharField(max_length=60)  # Stripe's category: charge, refund, dispute, payout...
    amount = models.IntegerField()
    fee = models.IntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    month = models.DateField(editable=False)  # by the database, as of the ledger
    source_id = models.CharField(max_length=255, blank=True)
    intent_id = models.CharField(max_length=255, blank=True)
    payment = models.ForeignKey("payments.Payment", null=True, on_delete=models.PROTECT, related_name="+")
    payout = models.ForeignKey(Payout, null=True, on_delete=models.PROTECT, related_name="movements")

    class Meta:
        indexes = [models.Index(fields=["month"], name="stripe_movement_month")]
        triggers = [
            month_of_the_books(moment="created_at", place=THE_CLINIC),
            pgtrigger.Protect(
                name="stripe_movement_is_kept",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "to_jsonb(OLD.*) - 'payout_id' - 'payment_id'"
                    " IS DISTINCT FROM to_jsonb(NEW.*) - 'payout_id' - 'payment_id'"
                ),
            ),
            pgtrigger.Protect(name="stripe_movement_is_not_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.pk
