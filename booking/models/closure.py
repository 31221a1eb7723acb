import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from booking.models.schedule import Absence


class RoomClosure(Absence):
    """Time when a room can't be used. Visits in it become blockers; nobody can be booked into it."""

    room = models.ForeignKey("booking.Room", on_delete=models.CASCADE, related_name="closures")
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="room_closure_ends_after_it_starts")
        ]
        indexes = [models.Index(fields=["start", "end"])]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}"


class Displacement(models.Model):
    """What was done about a visit that could not take place as booked, and what came of it.

    While it is asked, the patient holds a link to other times that are kept until `answer_by`: the offers whose group
    is this row's id.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        MOVED = "moved", _("moved")
        CANCELLED = "cancelled", _("cancelled")
        UNANSWERED = "unanswered", _("no answer")
        SETTLED = "settled", _("settled otherwise")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="displacements")
    closure_id = models.UUIDField()  # of the time off, the closed room or the closed day
    wall_start = models.CharField(max_length=16)  # when the visit was to be, in the clinic's wall time
    state = models.CharField(max_length=12, choices=State.choices)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answer_by = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at", "id"]
        indexes = [
            models.Index(fields=["closure_id"]),
            models.Index(fields=["answer_by"], condition=Q(state="asked"), name="displacement_asked"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="asked", answer_by__isnull=False, decided_at__isnull=True)
                | (~Q(state="asked") & Q(decided_at__isnull=False)),
                name="displacement_asked_until_decided",
            ),
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(state="asked"), name="displacement_asked_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wall_start} {self.state}"
