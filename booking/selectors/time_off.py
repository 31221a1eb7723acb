"""Visits that lie in time off: they stay, and staff must mend them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import Appointment, TimeOff
from booking.rules.lifecycle import COMING


def is_displaced(appointment: Appointment) -> bool:
    """Whether its therapist, or the whole clinic, is away at that time."""
    return TimeOff.objects.filter(
        Q(practitioner=appointment.practitioner_id) | Q(practitioner__isnull=True, location=appointment.location_id),
        start__lt=appointment.end,
        end__gt=appointment.start,
    ).exists()


def displacing() -> Exists:
    """The same as a condition inside a query over appointments."""
    return Exists(
        TimeOff.objects.filter(
            Q(practitioner=OuterRef("practitioner")) | Q(practitioner__isnull=True, location=OuterRef("location")),
            start__lt=OuterRef("end"),
            end__gt=OuterRef("start"),
        )
    )


def displaced_by(time_off: TimeOff, *, now: datetime) -> QuerySet[Appointment]:
    """Coming visits that lie in this time off, in order."""
    hit = Appointment.objects.filter(
        status__in=COMING, start__lt=time_off.end, end__gt=max(time_off.start, now)
    ).order_by("start", "pk")
    if time_off.practitioner_id is None:
        return hit.filter(location=time_off.location_id)
    return hit.filter(practitioner=time_off.practitioner_id)
