"""The calendars that other programs read: which there are, and what stands in them. Never why anybody comes."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from booking.models import Appointment, CalendarFeed
from intake.access import is_therapist, manages
from intake.models import Role, User
from intake.tokens import hash_token

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=366)
_SHOWN: Final = (
    Appointment.Status.PENDING,
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.CHECKED_IN,
    Appointment.Status.FULFILLED,
    Appointment.Status.NOSHOW,
)


def feed_by_token(token: str) -> CalendarFeed | None:
    """The calendar that this address still opens; that of a therapist who has left opens no more."""
    live = CalendarFeed.objects.filter(token_hash=hash_token(token), revoked_at=None)
    return live.exclude(practitioner__active=False).select_related("practitioner", "location").first()


def feeds_visible_to(user: User) -> QuerySet[CalendarFeed]:
    """The addresses in use that this person may end: a therapist's own; all, for managers and the owner."""
    live = CalendarFeed.objects.filter(revoked_at=None).select_related("practitioner", "location", "made_by")
    ordered = live.order_by("practitioner__name", "made_at")
    if manages(user) or user.role == Role.OWNER:
        return ordered
    return ordered.filter(practitioner__user=user) if is_therapist(user) else ordered.none()


def visits_in(feed: CalendarFeed, *, now: datetime) -> QuerySet[Appointment]:
    """The visits of a month back and a year ahead, in order. What is cancelled is not among them."""
    visits = Appointment.objects.filter(
        location=feed.location, status__in=_SHOWN, start__gte=now - BACK, start__lt=now + AHEAD
    )
    if feed.practitioner_id:
        visits = visits.filter(practitioner=feed.practitioner)
    return visits.select_related("patient", "practitioner").order_by("start", "pk")
