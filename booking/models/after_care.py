import uuid

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class AfterCareSettings(models.Model):
    """What a clinic says after visits where sources differ, and how long those on duty have to answer."""

    class Warmth(models.TextChoices):
        UNSAID = "", _("say nothing of it")
        GOOD = "good", _("fine if it feels good")
        AVOID = "avoid", _("not on that day")

    location = models.OneToOneField("booking.Location", primary_key=True, on_delete=models.CASCADE)
    heat = models.CharField(max_length=10, choices=Warmth.choices, blank=True)
    ice = models.CharField(max_length=10, choices=Warmth.choices, blank=True)
    no_flying_hours = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(336)])
    answer_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(5), MaxValueValidator(240)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer_minutes__gte=5, answer_minutes__lte=240), name="after_care_minutes_are_some"
            )
        ]

    def __str__(self) -> str:
        return f"{self.location}"


class OnCallTurn(models.Model):
    """Somebody answers when a patient needs help after a visit: on these weekdays, from and until these hours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="on_call_turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="on_call_turns")
    weekdays = ArrayField(models.PositiveSmallIntegerField())  # 0 is Monday
    start_time = models.TimeField()
    end_time = models.TimeField()  # not after the start: of the next day
    rank = models.PositiveSmallIntegerField(default=1)  # the lower is told first

    class Meta:
        ordering = ["rank", "start_time", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=9), name="on_call_rank_is_one_to_nine"),
            models.CheckConstraint(
                condition=Q(weekdays__len__gte=1, weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6]),
                name="on_call_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.start_time:%H:%M}-{self.end_time:%H:%M}"


class AfterCareAnswer(models.Model):
    """How a patient said they are after a visit. Append-only; in clear stands only how urgent it is."""

    class Urgency(models.IntegerChoices):
        NONE = 0, _("nothing to do")
        CLINIC = 1, _("wants a word")
        SAME_DAY = 2, _("sent to a doctor today")
        EMERGENCY = 3, _("told to get help at once")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="after_care_answers")
    answered_at = models.DateTimeField()
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices)
    content = EncryptedField()  # {"feeling", "signs", "words"}

    class Meta:
        ordering = ["answered_at", "id"]
        triggers = [
            pgtrigger.Protect(name="after_care_answer_is_append_only", operation=pgtrigger.Update),
            kept_on_hold("SELECT a.patient_id FROM booking_appointment a WHERE a.id = OLD.appointment_id"),
        ]

    def __str__(self) -> str:
        return f"{self.answered_at}"


class OnCallNotice(models.Model):
    """Somebody was told that a patient needs help. Each once for a task."""

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey("booking.Task", on_delete=models.CASCADE, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField()
    is_last = models.BooleanField(default=False)  # told because nobody on duty took it, or nobody was on duty

    class Meta:
        ordering = ["told_at", "id"]
        constraints = [models.UniqueConstraint(fields=["task", "user"], name="on_call_notice_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.told_at}"
