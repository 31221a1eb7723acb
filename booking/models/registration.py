import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _


class DateRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


class Registration(models.Model):
    """A therapist's registration with a college, from day to day inclusive. A receipt carries the one of its visit."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.CASCADE, related_name="registrations")
    title = models.CharField(max_length=120, help_text=_("As it stands on receipts: Physiotherapist."))
    number = models.CharField(max_length=40)
    college = models.CharField(max_length=120)
    valid_from = models.DateField(null=True, blank=True, help_text=_("Empty: since before our records."))
    valid_until = models.DateField(null=True, blank=True, help_text=_("The last day. Empty: it goes on."))

    class Meta:
        ordering = [F("valid_from").desc(nulls_last=True)]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="registration_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=~Q(number="") & ~Q(college=""), name="registration_has_a_number"),
            ExclusionConstraint(
                name="registration_one_a_day",
                expressions=[
                    ("practitioner", RangeOperators.EQUAL),
                    (
                        DateRange("valid_from", "valid_until", RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Two registrations are valid on the same day. Please end the earlier one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}, {self.college}"
