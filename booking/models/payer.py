import uuid

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Payer(models.Model):
    """Somebody who pays for patients: an insurer, workers' compensation, a motor insurer."""

    class Kind(models.TextChoices):
        INSURER = "insurer", _("Insurer")
        WORKERS_COMPENSATION = "workers-compensation", _("Workers' compensation")
        MOTOR_INSURER = "motor-insurer", _("Motor insurer")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    address = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    terms_days = models.PositiveSmallIntegerField(default=30)  # within which it has agreed to pay
    needs_claim_number = models.BooleanField(default=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["name"], name="payer_name_once")]

    def __str__(self) -> str:
        return self.name


class Cover(models.Model):
    """What a payer has agreed to pay for one patient. Amounts in minor units of `currency`; the day is included."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="covers")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="covers")
    claim_number = models.CharField(max_length=60, blank=True)
    adjuster = models.CharField(max_length=200, blank=True)  # the payer's person who looks after the claim
    percent = models.PositiveSmallIntegerField(null=True, validators=[MinValueValidator(1), MaxValueValidator(100)])
    amount_per_visit = models.PositiveIntegerField(null=True)  # at most so much a visit
    currency = models.CharField(max_length=3, default="CAD")
    approved_visits = models.PositiveSmallIntegerField(null=True)  # null: any number
    valid_until = models.DateField(null=True)
    for_online = models.BooleanField(default=False)  # taken for what the patient books without us
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gte=1, percent__lte=100), name="cover_percent_is_one"
            ),
            models.CheckConstraint(
                condition=Q(amount_per_visit__isnull=True) | Q(amount_per_visit__gt=0), name="cover_amount_is_one"
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=False) | Q(amount_per_visit__isnull=False), name="cover_bears_something"
            ),
            models.CheckConstraint(
                condition=Q(approved_visits__isnull=True) | Q(approved_visits__gt=0), name="cover_approves_a_visit"
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(for_online=True, ended_at__isnull=True), name="cover_one_for_online"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer} {self.claim_number}".strip()


class Claim(models.Model):
    """What a payer is asked for one visit that took place. Minor units. States only move forward.

    Only what was never billed is deleted. `closed_at` is when the payer had paid all, or said no to the rest, or took
    back what it had paid.
    """

    class State(models.TextChoices):
        TO_BILL = "to-bill", _("to bill")
        BILLED = "billed", _("billed")
        PART_PAID = "part-paid", _("paid in part")
        PAID = "paid", _("paid")
        DENIED = "denied", _("denied")

    class Denial(models.TextChoices):
        NOT_COVERED = "not-covered", _("Not covered by the plan")
        NOT_APPROVED = "not-approved", _("No approval for this visit")
        LIMIT_REACHED = "limit-reached", _("The plan's limit is reached")
        LATE = "late", _("Billed too late")
        PAPERS_MISSING = "papers-missing", _("Papers were missing")
        OTHER_PAYER = "other-payer", _("Another payer must pay")
        WITHDRAWN = "withdrawn", _("We took the bill back")
        TAKEN_BACK = "taken-back", _("Paid, and taken back after an audit")
        OTHER = "other", _("Another reason")

    OPEN = (State.BILLED, State.PART_PAID)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="claims")
    cover = models.ForeignKey(Cover, on_delete=models.PROTECT, related_name="claims")
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State.choices, default=State.TO_BILL)
    paid_amount = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    billed_at = models.DateTimeField(null=True)
    billed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=60, blank=True)  # the payer's, of its last payment
    denial = models.CharField(max_length=20, choices=Denial.choices, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["state", "billed_at"], name="claim_worklist")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=~Q(state="denied"), name="claim_one_open_for_a_visit"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="claim_asks_for_something"),
            models.CheckConstraint(
                condition=Q(state__in=["to-bill", "billed"], paid_amount=0)
                | Q(state="part-paid", paid_amount__gt=0, paid_amount__lt=models.F("amount"))
                | Q(state="paid", paid_amount=models.F("amount"))
                | Q(state="denied", paid_amount__lt=models.F("amount")),
                name="claim_is_paid_as_it_says",
            ),
            models.CheckConstraint(
                condition=Q(state="to-bill", billed_at__isnull=True)
                | Q(state__in=["billed", "part-paid", "paid"], billed_at__isnull=False, billed_by__isnull=False)
                | Q(state="denied"),
                name="claim_billed_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="denied", closed_at__isnull=False) & ~Q(denial="")
                | Q(state="paid", closed_at__isnull=False, denial="")
                | Q(state__in=["to-bill", "billed", "part-paid"], closed_at__isnull=True, denial=""),
                name="claim_closed_says_why",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="claim_only_moves_forward",
                field="state",
                transitions=[
                    ("to-bill", "billed"),
                    ("to-bill", "denied"),
                    ("billed", "part-paid"),
                    ("billed", "paid"),
                    ("billed", "denied"),
                    ("part-paid", "paid"),
                    ("part-paid", "denied"),
                    ("paid", "denied"),  # the payer took its money back
                ],
            ),
            pgtrigger.Protect(
                name="claim_billed_is_kept", operation=pgtrigger.Delete, condition=~pgtrigger.Q(old__state="to-bill")
            ),
        ]

    @property
    def rest(self) -> int:
        """What is still to come, minor units."""
        return self.amount - self.paid_amount
