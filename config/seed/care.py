"""Who answers after visits at the demonstration clinic, and what its notes say."""

from datetime import datetime, time

from booking.models import Location, Practitioner
from booking.services.on_call import TurnDetails, add_turn, save_after_care
from intake.models import Role, User

_WEEK = range(5)
_ALL_DAYS = range(7)


def look_after_visits(*, location: Location, now: datetime) -> None:
    """By day a therapist answers, then the next; in the evening and at weekends a manager."""
    owner, manager = (User.objects.filter(role=role).order_by("email")[0] for role in (Role.OWNER, Role.MANAGER))
    therapists = [one.user for one in Practitioner.objects.filter(active=True).select_related("user").order_by("name")]
    day = [TurnDetails(user, _WEEK, time(8), time(18), rank) for rank, user in enumerate(therapists[:2], start=1)]
    for turn in (*day, TurnDetails(manager, _ALL_DAYS, time(18), time(22), 1)):
        add_turn(location=location, details=turn, by=owner, now=now)
    save_after_care(location=location, heat="good", ice="", no_flying_hours=None, answer_minutes=15, by=owner, now=now)
