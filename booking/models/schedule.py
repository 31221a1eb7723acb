import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Schedule(models.Model):
    """A therapist's hours on one weekday, in the clinic's wall time: 09:00 stays 09:00 when the clocks change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.CASCADE, related_name="schedules")
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="schedules")
    weekday = models.PositiveSmallIntegerField(
        choices=list(
            enumerate(
                [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
            )
        )
    )
    start_time = models.TimeField()
    end_time = models.TimeField()
    first_date = models.DateField(null=True, blank=True)
    last_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_time__gt=F("start_time")), name="schedule_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="schedule_weekday_is_0_to_6"),
        ]


class TimeOff(models.Model):
    """Time when a therapist, or without one the whole clinic, is not there. Visits under it become blockers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="time_off")
    practitioner = models.ForeignKey(
        "booking.Practitioner", null=True, blank=True, on_delete=models.CASCADE, related_name="time_off"
    )
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="time_off_ends_after_it_starts")]
        indexes = [models.Index(fields=["start", "end"])]
