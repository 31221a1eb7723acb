"""How much one visitor may hold. Whoever counts has the turn of that session, range, form and contact until their
transaction ends, so that a burst can't slip through.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from booking.errors import TooManyHolds
from booking.models import Appointment, Location
from booking.rules.intervals import Interval
from booking.rules.limits import WAITING_OF_A_CONTACT, Asked, LiveHold, holds_too_many, lies_in
from booking.rules.walltime import start_of_day, wall_date
from booking.services.places import Place
from intake.models import Patient
from intake.origin import network_of
from intake.services.patients import PatientDetails
from intake.tokens import hash_token

Status = Appointment.Status


def range_held_from(address: str) -> str:
    """The hash of the address range that limits count by; empty for the clinic's own networks and if it is unknown."""
    if not address:
        return ""
    own = chain.from_iterable(Location.objects.values_list("own_networks", flat=True))
    return "" if lies_in(address, own) else hash_token(network_of(address))


def refuse_hoarding(hold: LiveHold, *, course: UUID | None, place: Place, now: datetime) -> None:
    """Whether one more would be too much, all sessions of a course counting as one.

    :raises TooManyHolds: with what to do in words
    """
    mine = Q(held_by=hold.held_by)
    if hold.held_from:
        mine |= Q(held_from=hold.held_from)
    if hold.screening is not None:
        mine |= Q(screening=hold.screening)
    rows = Appointment.objects.filter(mine, status=Status.PROPOSED, hold_expires_at__gt=now)
    if course is not None:
        rows = rows.exclude(course=course)
    found = rows.values_list(
        Coalesce("course_id", "pk"), "held_by", "held_from", "screening_id", "practitioner_id", "start", "end"
    )
    live = [
        LiveHold(booking, held_by, held_from, screening, practitioner, Interval(start, end))
        for booking, held_by, held_from, screening, practitioner, start, end in found
    ]
    asked = Asked(hold, *_day_of(place))
    if holds_too_many(asked, live, share_percent=place.location.day_share_percent):
        raise TooManyHolds


def refuse_too_many_waiting(hold: Appointment, *, who: Patient | PatientDetails, now: datetime) -> None:
    """Whether this contact has too many visits that nobody has paid or decided yet. A family that books together,
    several people from one browser, is not counted against itself.

    :raises TooManyHolds: with what to do in words
    """
    contact = Q(patient__email__iexact=who.email) if who.email else Q()
    if who.phone:
        contact |= Q(patient__phone=who.phone)
    if not contact or not hold.held_from:
        return
    waiting = Appointment.objects.filter(contact, status=Status.PENDING, start__gt=now).exclude(pk=hold.pk)
    waiting = waiting.exclude(Q(course__isnull=False) & Q(course=hold.course_id))
    same_person = Q(patient__given_name__iexact=who.given_name, patient__birth_date=who.birth_date)
    counted = waiting.exclude(Q(held_by=hold.held_by) & ~same_person)
    several = counted.aggregate(bookings=Count(Coalesce("course_id", "pk"), distinct=True))["bookings"]
    if several >= WAITING_OF_A_CONTACT:
        raise TooManyHolds


def turns_of_contact(who: Patient | PatientDetails) -> Collection[str]:
    """The turns to take before the visits of this contact are counted."""
    return {f"contact:{hash_token(said.casefold())}" for said in (who.email, str(who.phone or "")) if said}


def _day_of(place: Place) -> tuple[Interval, timedelta]:
    """The clinic's day of the visit, and what the therapist works on it."""
    zone = place.location.time_zone
    day = wall_date(place.visit.start, zone)
    whole = Interval(start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone))
    worked = [one.end - one.start for one in place.windows if whole.start <= one.start < whole.end]
    return whole, sum(worked, timedelta())
