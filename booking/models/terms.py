import uuid

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField

_PERCENT = [MaxValueValidator(100)]


class Way(models.TextChoices):
    """When a visit is paid."""

    FULL = "full", _("In full, when booking")
    DEPOSIT = "deposit", _("A deposit when booking, the rest at the clinic")
    KEEP_CARD = "keep-card", _("At the clinic; a card is kept for fees")
    DESK = "desk", _("At the clinic")
    NOTHING = "nothing", _("Nothing is asked for")


class PaymentTerms(models.Model):
    """When a service is paid, and what cancelling late or not coming costs. Minor units of the service's currency.

    Of a deposit and of each fee at most one of amount and per cent (of the price) is given; neither is nothing.
    """

    class Variant(models.TextChoices):
        ANY = "any", _("Every visit")
        FIRST = "first", _("First visit")
        RETURN = "return", _("Later visits")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey("booking.HealthcareService", on_delete=models.CASCADE, related_name="payment_terms")
    variant = models.CharField(max_length=10, choices=Variant.choices, default=Variant.ANY)
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.DESK)
    deposit_amount = models.PositiveIntegerField(null=True)
    deposit_percent = models.PositiveSmallIntegerField(null=True, validators=_PERCENT)
    or_at_desk = models.BooleanField(default=True)  # who would rather pay at the clinic may
    late_fee_amount = models.PositiveIntegerField(null=True)
    late_fee_percent = models.PositiveSmallIntegerField(null=True, validators=_PERCENT)
    no_show_fee_amount = models.PositiveIntegerField(null=True)
    no_show_fee_percent = models.PositiveSmallIntegerField(null=True, validators=_PERCENT)
    free_cancel_hours = models.PositiveSmallIntegerField(null=True)  # null: the clinic's
    forgives_first_miss = models.BooleanField(default=False)
    prepay_after_misses = models.PositiveSmallIntegerField(null=True)  # null: never

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "variant"], name="payment_terms_once"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}_amount": None}) | Q(**{f"{name}_percent": None}),
                    name=f"payment_terms_one_{name}",
                )
                for name in ("deposit", "late_fee", "no_show_fee")
            ),
            models.CheckConstraint(
                condition=~Q(way="deposit") | Q(deposit_amount__gt=0) | Q(deposit_percent__gt=0),
                name="payment_terms_deposit_is_one",
            ),
            models.CheckConstraint(
                condition=Q(prepay_after_misses=None) | Q(prepay_after_misses__gt=0),
                name="payment_terms_counts_misses",
            ),
        ]


class PatientTerms(models.Model):
    """What was agreed with one patient instead, from that moment on: the latest row holds. Never edited."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey("intake.Patient", on_delete=models.CASCADE, related_name="terms")
    way = models.CharField(max_length=10, choices=Way.choices, blank=True)  # empty: as everybody
    no_fees = models.BooleanField(default=False)
    reason = EncryptedField()
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-set_at", "-pk"]


class Agreement(models.Model):
    """The terms that somebody agreed to for a visit, word for word as they stood there, and their numbers.

    `sums` are minor units, flags, and `free_until` in ISO 8601: `booking.rules.terms.Agreed`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="agreements")
    text = models.TextField()
    language = models.CharField(max_length=10)
    version = models.CharField(max_length=40)
    sums = models.JSONField()
    agreed_at = models.DateTimeField()
    agreed_by = models.ForeignKey(  # null: whoever booked without signing in
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["agreed_at", "pk"]
        triggers = [pgtrigger.Protect(name="agreement_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
