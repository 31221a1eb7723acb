import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Course(models.Model):
    """Several sessions with one therapist that were booked together (FHIR: CarePlan). Days from each to the next.

    After session `review_after` the therapist looks whether to go on, and says so once.
    """

    class Review(models.TextChoices):
        CONTINUED = "continued", _("goes on as planned")
        EXTENDED = "extended", _("sessions were added")
        ENDED = "ended", _("ended early")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey("booking.HealthcareService", on_delete=models.PROTECT, related_name="courses")
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="courses")
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.PROTECT, related_name="courses")
    sessions = models.PositiveSmallIntegerField()
    min_days = models.PositiveSmallIntegerField()
    max_days = models.PositiveSmallIntegerField()
    review_after = models.PositiveSmallIntegerField(null=True)
    review = models.CharField(max_length=20, choices=Review.choices, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    request_key = models.UUIDField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sessions__range=(2, 6)), name="course_has_two_to_six_sessions"),
            models.CheckConstraint(
                condition=Q(min_days__gte=1, max_days__gte=F("min_days"), max_days__lte=60), name="course_is_spaced"
            ),
            models.CheckConstraint(
                condition=Q(review_after__isnull=True) | Q(review_after__in=[3, 4], review_after__lte=F("sessions")),
                name="course_reviewed_after_3_or_4",
            ),
            models.CheckConstraint(
                condition=Q(review="", reviewed_at__isnull=True) | (~Q(review="") & Q(reviewed_at__isnull=False)),
                name="course_reviewed_when",
            ),
            models.UniqueConstraint(fields=["request_key"], name="course_request_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sessions} sessions"
