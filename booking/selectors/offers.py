"""What can be offered instead of needling at the same time."""

from booking.models import Appointment, HealthcareService
from booking.selectors.openings import shape_of


def needle_free_service_for(appointment: Appointment) -> HealthcareService | None:
    """The longest service without needles, booked online, that fits into this visit's time, therapist and room."""
    candidates = HealthcareService.objects.filter(
        modality=HealthcareService.Modality.NONE,
        online=True,
        practitioners=appointment.practitioner_id,
        currency=appointment.currency,
    )
    fitting = [one for one in candidates.exclude(pk=appointment.service_id) if _fits(one, appointment)]
    return max(fitting, key=lambda one: (one.minutes, -one.position), default=None)


def _fits(service: HealthcareService, appointment: Appointment) -> bool:
    room = appointment.room
    if service.room_kind and (room is None or service.room_kind not in room.kinds):
        return False
    needed = shape_of(service).occupied(appointment.start)
    return bool(appointment.occupied.lower <= needed.start and needed.end <= appointment.occupied.upper)
