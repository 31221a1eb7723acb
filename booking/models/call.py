"""Calls to patients about a coming visit."""

from typing import Final

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Call(models.Model):
    """One try to reach a patient by phone about a visit, and what came of it. Append-only: the last one counts."""

    class Outcome(models.TextChoices):
        CALLING = "calling", _("is calling")
        COMING = "coming", _("said they are coming")
        CANT_COME = "cant-come", _("said they can't come")
        OTHER_TIME = "other-time", _("asked for another time")
        TOLD = "told", _("was told")
        LEFT_MESSAGE = "left-message", _("left a message")
        NO_ANSWER = "no-answer", _("no answer")
        WRONG_NUMBER = "wrong-number", _("wrong number")

    id = models.BigAutoField(primary_key=True)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="calls")
    number = models.PositiveSmallIntegerField()  # of the visit's calls, from 1: two people can't both note the next one
    schedule_version = models.PositiveIntegerField()  # of the time that was spoken of
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["appointment", "number"]
        constraints = [models.UniqueConstraint(fields=["appointment", "number"], name="call_number_once")]
        triggers = [pgtrigger.Protect(name="call_is_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.outcome


REACHED: Final = (Call.Outcome.COMING, Call.Outcome.CANT_COME, Call.Outcome.OTHER_TIME, Call.Outcome.TOLD)
