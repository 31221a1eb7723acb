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
    """A service without needles, and the room for it (None: it needs none). `keeps_time`: it takes the visit's own
    time and room, whatever it takes elsewhere.
    """

    service: HealthcareService
    room_id: UUID | None
    keeps_time: bool = False


def needle_free_offer(appointment: Appointment, *, now: datetime) -> Offer | None:
    """The longest service without needles, booked online, that fits into this visit's time: same therapist, and in
    person if the visit is; its own room if that suits, else another that is free.

    Who is here already is never sent away for want of a room or of minutes: they stay where they are.
    """
    offers = list(_offers(appointment, now))
    best = max(offers, key=lambda offer: (offer.service.minutes, -offer.service.position), default=None)
    if best is None and appointment.status == Appointment.Status.ARRIVED:
        return _where_they_are(appointment)
    return best


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


def _where_they_are(appointment: Appointment) -> Offer | None:
    """The clinic's shortest service without needles, in the time and room of somebody who has arrived."""
    without = HealthcareService.objects.filter(modality=HealthcareService.Modality.NONE, currency=appointment.currency)
    shortest = without.exclude(room_kind="").order_by("minutes", "position", "pk").first()
    return Offer(shortest, appointment.room_id, keeps_time=True) if shortest else None


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
