import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Schedule(models.Model):
    """A therapist's hours, or a break in them, on one weekday, in the clinic's wall time: 09:00 stays 09:00 when the
    clocks change.
    """

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
    every_weeks = models.PositiveSmallIntegerField(
        default=1, help_text=_("2 is every other week, counted from the week of the first date.")
    )
    is_break = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_time__gt=F("start_time")), name="schedule_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="schedule_weekday_is_0_to_6"),
            models.CheckConstraint(
                condition=Q(every_weeks=1) | Q(every_weeks__range=(2, 8), first_date__isnull=False),
                name="schedule_turns_count_from_a_date",
            ),
        ]


class DaySchedule(models.Model):
    """Other hours on one date, in wall time: instead of the week's, or besides. Without times: not working that day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.CASCADE, related_name="day_schedules")
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="day_schedules")
    date = models.DateField()
    start_time = models.TimeField(null=True, blank=True)
    end_time = models.TimeField(null=True, blank=True)
    replaces = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__isnull=False, end_time__gt=F("start_time"))
                | Q(start_time__isnull=True, end_time__isnull=True, replaces=True),
                name="day_schedule_has_times_or_is_off",
            )
        ]
        indexes = [models.Index(fields=["practitioner", "date"], name="booking_day_practit_idx")]


class HolidayOverride(models.Model):
    """The clinic is open on a public holiday, or closed on a date that is none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.CASCADE, related_name="holiday_overrides")
    date = models.DateField()
    open = models.BooleanField()
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["location", "date"], name="holiday_override_once_a_day")]


class Absence(models.Model):
    """A stretch of time that somebody said by the clock. Moments decide; what the clock showed is kept beside them, so
    that they can follow when a law changes the clocks. Empty: the moments themselves were meant.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    start = models.DateTimeField()
    end = models.DateTimeField()
    wall_start = models.CharField(max_length=19, blank=True, default="")  # "2026-12-01T09:00:00" in time_zone
    wall_end = models.CharField(max_length=19, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        abstract = True


class TimeOff(Absence):
    """Time when a therapist, or without one the whole clinic, is not there. Visits under it become blockers."""

    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="time_off")
    practitioner = models.ForeignKey(
        "booking.Practitioner", null=True, blank=True, on_delete=models.CASCADE, related_name="time_off"
    )
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="time_off_ends_after_it_starts")]
        indexes = [models.Index(fields=["start", "end"])]


class BusyTime(Absence):
    """Time in which a therapist's own calendar says busy. Never what for: only when."""

    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.CASCADE, related_name="busy_times")
    source_name = models.CharField(max_length=60)
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="busy_time_ends_after_it_starts")]
        indexes = [models.Index(fields=["practitioner", "start", "end"], name="booking_busy_practit_idx")]
