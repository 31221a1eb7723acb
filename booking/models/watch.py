"""Whether the machinery works: when each part was last seen at it, and when it stood still."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Pulse(models.Model):
    """When a part was last seen at work. One row for each, written over and over."""

    class Part(models.TextChoices):
        BEAT = "beat", _("clock")
        WORKER = "worker", _("worker")

    part = models.CharField(max_length=10, choices=Part.choices, primary_key=True)
    seen_at = models.DateTimeField()
    queued = models.PositiveIntegerField(null=True)  # sweeps that waited in the broker then, as a worker saw it

    def __str__(self) -> str:
        return f"{self.part} {self.seen_at:%Y-%m-%dT%H:%M:%SZ}"


class Standstill(models.Model):
    """A time in which work stood still. The owner is told once of its beginning and once of its end."""

    began_at = models.DateTimeField()
    problems = ArrayField(models.CharField(max_length=20))  # what was wrong when it began, as in rules.health
    over_at = models.DateTimeField(null=True)
    # Who tells the owner has a minute for it; then another may, so that none is lost if one is killed.
    leased_until = models.DateTimeField(null=True)
    beginning_told_at = models.DateTimeField(null=True)
    end_told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(over_at__isnull=True), name="standstill_one_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%dT%H:%MZ} {', '.join(self.problems)}"
