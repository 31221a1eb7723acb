import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class TaxRate(models.Model):
    """A tax of a clinic, from day to day inclusive. It is inside the price; a service without one is exempt."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.CASCADE, related_name="tax_rates")
    name = models.CharField(max_length=40, help_text=_("As it stands on receipts: GST."))
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    number = models.CharField(max_length=40, blank=True, help_text=_("The clinic's number with the tax office."))
    on_fees = models.BooleanField(default=False, help_text=_("Also inside fees for late changes and missed visits."))
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True, help_text=_("The last day. Empty: it goes on."))

    class Meta:
        ordering = ["name", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=50), name="tax_rate_is_a_share"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="tax_rate_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"


class DocumentSeries(models.Model):
    """The next number of a clinic's documents. Whoever takes it locks the row until the document is written."""

    location = models.OneToOneField(
        "booking.Location", primary_key=True, on_delete=models.PROTECT, related_name="document_series"
    )
    next_number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(next_number__gt=0), name="document_series_starts_at_one")]

    def __str__(self) -> str:
        return str(self.next_number)


class Document(models.Model):
    """A receipt, a fee's or package's document, a credit note or a statement, as it was issued. Never changed: what is
    wrong gets a credit note and a new document. Only the name of whom it is for can be blanked, when a record is
    erased.
    """

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        FEE = "fee", _("Fee")
        CREDIT_NOTE = "credit-note", _("Credit note")
        STATEMENT = "statement", _("Statement")
        PACKAGE = "package", _("Package")

    class Reason(models.TextChoices):
        NOT_GIVEN = "not-given", _("the visit did not take place")
        REFUNDED = "refunded", _("money was given back")
        CHANGED = "changed", _("what was owed or paid has changed")
        WRONG = "wrong", _("something on it was wrong")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    number = models.PositiveIntegerField()
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="documents")
    appointment = models.ForeignKey(
        "booking.Appointment", null=True, on_delete=models.PROTECT, related_name="documents"
    )
    package = models.ForeignKey("booking.Package", null=True, on_delete=models.PROTECT, related_name="documents")
    # The how-manieth of its kind for its subject, from 0: the next is issued only when the one before is reversed.
    edition = models.PositiveSmallIntegerField(default=0)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)  # of a credit note
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    claimant = models.CharField(max_length=201)
    currency = models.CharField(max_length=3)
    facts = models.JSONField()  # what it says, in words and minor units; nothing clinical

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["location", "number"], name="document_number_once"),
            models.UniqueConstraint(
                fields=["appointment", "kind", "edition"],
                condition=Q(kind__in=["receipt", "fee"]),
                name="document_one_valid_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["package", "edition"], condition=Q(kind="package"), name="document_one_valid_of_a_package"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit-note", reverses__isnull=False) & ~Q(reason="")
                | ~Q(kind="credit-note") & Q(reverses__isnull=True, reason=""),
                name="document_only_credit_notes_reverse",
            ),
            models.CheckConstraint(
                condition=Q(kind="statement", appointment__isnull=True, package__isnull=True)
                | Q(kind__in=["receipt", "fee"], appointment__isnull=False, package__isnull=True)
                | Q(kind="package", appointment__isnull=True, package__isnull=False)
                | Q(kind="credit-note", appointment__isnull=False, package__isnull=True)
                | Q(kind="credit-note", appointment__isnull=True, package__isnull=False),
                name="document_has_its_subject",
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="document_numbers_start_at_one"),
        ]
        indexes = [models.Index(fields=["patient", "-number"], name="document_of_patient")]
        triggers = [
            pgtrigger.Protect(
                name="document_is_append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.claimant <> '' OR (to_jsonb(OLD.*) - 'claimant')"
                    " IS DISTINCT FROM (to_jsonb(NEW.*) - 'claimant')"
                ),
            ),
            pgtrigger.Protect(name="document_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.number:06d}"


class DocumentCopy(models.Model):
    """A document that was drawn for somebody: number 1 is the original, every later one says so."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="copies")
    number = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="document_copy_number_once")]
        triggers = [
            pgtrigger.Protect(name="document_copy_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.number)
