"""What can be offered instead of needling at the same time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.models import Appointment, HealthcareService
from booking.rules.availability import RoomChoice, pick_room
from booking.selectors.openings import rooms_for, shape_of, taken_between


@dataclass(frozen=True, slots=True)
class Offer:
    """A service without needles, and the room for it (None: it needs none)."""

    service: HealthcareService
    room_id: UUID | None


def needle_free_offer(appointment: Appointment, *, now: datetime) -> Offer | None:
    """The longest service without needles, booked online, that fits into this visit's time: same therapist, and in
    person if the visit is; its own room if that suits, else another that is free.
    """
    offers = list(_offers(appointment, now))
    return max(offers, key=lambda offer: (offer.service.minutes, -offer.service.position), default=None)


def needle_free_service_for(appointment: Appointment, *, now: datetime) -> HealthcareService | None:
    """The service of that offer."""
    offer = needle_free_offer(appointment, now=now)
    return offer.service if offer else None


def _offers(appointment: Appointment, now: datetime) -> Iterator[Offer]:
    candidates = HealthcareService.objects.filter(
        modality=HealthcareService.Modality.NONE,
        online=True,
        practitioners=appointment.practitioner_id,
        currency=appointment.currency,
    )
    for service in candidates.exclude(pk=appointment.service_id):
        needed = shape_of(service).occupied(appointment.start)
        in_person = bool(service.room_kind)
        fits = appointment.occupied.lower <= needed.start and needed.end <= appointment.occupied.upper
        if not fits or in_person != bool(appointment.service.room_kind):
            continue
        room_id = _room_for(service, appointment, now) if in_person else None
        if room_id or not in_person:
            yield Offer(service, room_id)


def _room_for(service: HealthcareService, appointment: Appointment, now: datetime) -> UUID | None:
    if appointment.room is not None and service.room_kind in appointment.room.kinds:
        return appointment.room.pk
    needed = shape_of(service).occupied(appointment.start)
    _, rooms_taken = taken_between(needed.start, needed.end, besides=appointment, now=now)
    suitable = rooms_for(service, [appointment.location_id])
    room = pick_room(
        [RoomChoice(one.pk, one.name, tuple(one.kinds)) for one in suitable], taken=rooms_taken, occupied=needed
    )
    return room.id if room else None
