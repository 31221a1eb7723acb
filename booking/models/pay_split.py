import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PaySplit(models.Model):
    """A therapist's share of what their visits bring, for visits from a day on until the next split begins.

    The share is of the sums without taxes.
    """

    class Basis(models.TextChoices):
        BILLED = "billed", _("of what was charged")
        COLLECTED = "collected", _("of what was paid")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="pay_splits")
    percent = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    basis = models.CharField(max_length=10, choices=Basis.choices)
    on_fees = models.BooleanField(default=False)  # also of fees for late changes and missed visits
    valid_from = models.DateField()
    agreed_at = models.DateTimeField()
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["practitioner__name", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["practitioner", "valid_from"], name="pay_split_one_from_a_day"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="pay_split_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.percent.normalize():f} %"
