import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class WaitlistEntry(models.Model):
    """Somebody who would come if a time that suits them becomes free. In line by urgency, then since when they wait."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SERVED = "served", _("has a time")
        LEFT = "left", _("left the list")
        ENDED = "ended", _("ended")

    class Urgency(models.IntegerChoices):
        SOON = 1, _("soon")
        ORDINARY = 2, _("ordinary")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="waitlist_entries")
    service = models.ForeignKey("booking.HealthcareService", on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="+")
    practitioners = models.ManyToManyField("booking.Practitioner", related_name="+", blank=True)  # none: any of them
    screening = models.ForeignKey("intake.Screening", null=True, on_delete=models.SET_NULL, related_name="+")
    swap_for = models.ForeignKey(  # the later visit that the new time would replace
        "booking.Appointment", null=True, on_delete=models.PROTECT, related_name="waitlist_entries"
    )
    weekly_hours = models.JSONField(default=dict)  # {"mon": [["08:00", "12:00"]], ...} in wall time; empty: any time
    from_date = models.DateField(null=True)
    until_date = models.DateField(null=True)
    urgency = models.PositiveSmallIntegerField(
        choices=Urgency.choices, default=Urgency.ORDINARY, validators=[MinValueValidator(1)]
    )  # set by staff
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["urgency", "created_at", "id"]
        indexes = [
            models.Index(
                fields=["location", "urgency", "created_at"], condition=Q(status="waiting"), name="waitlist_in_line"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="waiting", ended_at__isnull=True)
                | (~Q(status="waiting") & Q(ended_at__isnull=False)),
                name="waitlist_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(from_date__isnull=True) | Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="waitlist_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["swap_for"], condition=Q(status="waiting"), name="waitlist_once_for_a_visit"
            ),
            models.UniqueConstraint(
                fields=["patient", "service"],
                condition=Q(status="waiting", swap_for__isnull=True),
                name="waitlist_once_for_a_service",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.status}"


class FreedTime(models.Model):
    """A therapist's time that became free, to be offered to those who wait. Looked at from `due_at` until handled."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.CASCADE, related_name="freed_times")
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.CASCADE, related_name="+")
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="+")
    start = models.DateTimeField()
    end = models.DateTimeField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(handled_at__isnull=True), name="freed_time_due")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="freed_time_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}"
