"""When it is night for a reader: by the hours and the zone that they chose, else by the clinic's."""

from datetime import time

from django.conf import settings

from booking.models import Appointment, Location
from booking.reminders.models import Communication, ContactPreference
from booking.rules.reminders import QuietHours
from intake.models import Patient

# A text rings. Where nobody has set any hours, none goes out between these.
NIGHT_OF_TEXTS = (time(21), time(8))


def quiet_hours_of(appointment: Appointment, *, channel: str = Communication.Channel.EMAIL) -> QuietHours | None:
    """The quiet hours that a message about this visit keeps, if any."""
    return quiet_hours(patient=appointment.patient, place=appointment.location, channel=channel)


def quiet_hours(*, patient: Patient | None, place: Location | None, channel: str) -> QuietHours | None:
    """The quiet hours of a reader: their own, else the clinic's in the reader's zone; texts always have some."""
    own = ContactPreference.objects.filter(patient=patient).first() if patient else None
    zone = (own.time_zone if own else "") or (place.time_zone if place else settings.CLINIC_TIME_ZONE)
    chosen = [(own.quiet_from, own.quiet_until)] if own else []
    chosen += [(place.quiet_from, place.quiet_until)] if place else []
    chosen += [NIGHT_OF_TEXTS] if channel == Communication.Channel.SMS else []
    for begins, ends in chosen:
        if begins is not None and ends is not None:
            return None if begins == ends else QuietHours(begins, ends, zone)
    return None
