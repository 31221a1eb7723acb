import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

EXEMPT = "Health care service, exempt from GST/HST (Excise Tax Act, Schedule V, Part II)"


class HealthcareService(models.Model):
    """Something that can be booked. Minutes and minor units of the currency."""

    class Modality(models.TextChoices):
        MANUAL = "manual", _("dry needling by hand")
        ELECTRICAL = "electrical", _("dry needling with current")
        NONE = "none", _("no needles")

    class Screening(models.TextChoices):
        FULL = "full", _("all questions")
        RED_FLAGS = "red-flags", _("urgent signs only")
        NONE = "none", _("no questions")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    name_fr = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    description_fr = models.TextField(blank=True)
    minutes = models.PositiveSmallIntegerField()
    buffer_before = models.PositiveSmallIntegerField(default=0)
    buffer_after = models.PositiveSmallIntegerField(default=0)
    price_amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="CAD")
    receipt_name = models.CharField(
        max_length=120, blank=True, help_text=_("As it stands on receipts: Physiotherapy: treatment. Empty: its name.")
    )
    tax_rates = models.ManyToManyField("booking.TaxRate", blank=True, related_name="services")
    tax_exempt_reason = models.CharField(
        max_length=160, default=EXEMPT, blank=True, help_text=_("Where there is no tax in its price: why.")
    )
    modality = models.CharField(max_length=20, choices=Modality.choices)
    screening = models.CharField(max_length=20, choices=Screening.choices)
    room_kind = models.CharField(max_length=30, blank=True, help_text=_("Empty: no room is needed."))
    online = models.BooleanField(default=True)
    for_returning = models.BooleanField(default=False, help_text=_("A follow-up, for people who have been here."))
    course_sessions_max = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("How many sessions can be booked at once: 2 to 6. Empty: one at a time.")
    )
    course_min_days = models.PositiveSmallIntegerField(
        default=5, help_text=_("The fewest days from one session to the next.")
    )
    course_max_days = models.PositiveSmallIntegerField(
        default=10, help_text=_("The most days from one session to the next.")
    )
    course_review_after = models.PositiveSmallIntegerField(
        default=3, help_text=_("After which session the therapist looks whether to go on: 3 or 4.")
    )
    position = models.PositiveSmallIntegerField(default=0)
    practitioners = models.ManyToManyField("booking.Practitioner", related_name="services")

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gt=0), name="service_takes_time"),
            models.CheckConstraint(
                condition=Q(course_sessions_max__isnull=True) | Q(course_sessions_max__range=(2, 6)),
                name="service_course_has_two_to_six_sessions",
            ),
            models.CheckConstraint(
                condition=Q(course_min_days__gte=1, course_max_days__gte=F("course_min_days"), course_max_days__lte=60),
                name="service_course_is_spaced",
            ),
            models.CheckConstraint(
                condition=Q(course_review_after__in=[3, 4]), name="service_course_reviewed_after_3_or_4"
            ),
            models.CheckConstraint(
                condition=Q(modality="none") | Q(screening="full"), name="service_with_needles_asks_all_questions"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def needs_screening(self) -> bool:
        return self.screening != self.Screening.NONE

    @property
    def in_person(self) -> bool:
        """Whether the patient comes to the clinic; else the clinic calls."""
        return bool(self.room_kind)
