"""Visits that lie in time off, in a closed room or on a closed day: they stay, and staff must mend them."""

from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Cast, Substr

from booking.models import Appointment, Displacement, HolidayOverride, RoomClosure, TimeOff

_AT_THAT_TIME = Q(start__lt=OuterRef("end"), end__gt=OuterRef("start"))


def is_displaced(appointment: Appointment) -> bool:
    """Whether its therapist, its room or the whole clinic is not there at that time."""
    return Appointment.objects.filter(displacing() | room_closing(), pk=appointment.pk).exists()


def displacing() -> Q:
    """Whether the therapist or the whole clinic is away, as a condition inside a query over appointments."""
    away = TimeOff.objects.filter(
        _AT_THAT_TIME,
        Q(practitioner=OuterRef("practitioner")) | Q(practitioner__isnull=True, location=OuterRef("location")),
    )
    closed = HolidayOverride.objects.annotate(day=Cast(F("date"), CharField())).filter(
        location=OuterRef("location"), open=False, day=Substr(OuterRef("wall_start"), 1, 10)
    )
    return Q(Exists(away)) | Q(Exists(closed))


def asked_for_another_time() -> Q:
    """Whether the patient was asked, and may still answer."""
    return Q(Exists(Displacement.objects.filter(appointment=OuterRef("pk"), state=Displacement.State.ASKED)))


def room_closing() -> Q:
    """The same for the room alone: another room mends it."""
    return Q(Exists(RoomClosure.objects.filter(_AT_THAT_TIME, room=OuterRef("room"))))
