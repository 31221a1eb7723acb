"""Secret addresses for calendar programs: made, shown once, taken back."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import CalendarFeed, Location, Practitioner
from booking.services.constraints import named_constraints
from booking.services.locks import lock_resources
from intake.access import is_therapist, manages
from intake.errors import NotAllowed
from intake.models import Role, User
from intake.services.audit import record_event
from intake.tokens import hash_token, new_token

Shows = CalendarFeed.Shows


def make_feed(
    *, location: Location, practitioner: Practitioner | None, shows: Shows | str, by: User, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new address for the visits of a therapist (None: of the whole clinic), and its token, which nobody can be told
    again; the address before it ends.

    :raises NotAllowed: not a therapist's own, nor a manager's or the owner's to make; or initials for the owner, who
        knows no patients
    """
    _require_may(by, practitioner)
    if shows not in Shows.values:
        raise NotPossibleNow
    if shows == Shows.INITIALS and by.role == Role.OWNER:
        raise NotAllowed
    token = new_token()
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=[practitioner.pk if practitioner else None])
        Location.objects.select_for_update(no_key=True).get(pk=location.pk)
        for before in CalendarFeed.objects.filter(location=location, practitioner=practitioner, revoked_at=None):
            _end(before, by, now)
        feed = CalendarFeed.objects.create(
            location=location,
            practitioner=practitioner,
            shows=shows,
            token_hash=hash_token(token),
            made_by=by,
            made_at=now,
        )
        record_event(action="calendar-feed-made", entity=feed, by=by, details={"shows": str(shows)}, now=now)
    return feed, token


def revoke_feed(*, feed: CalendarFeed, by: User, now: datetime) -> None:
    """End an address at once; one that has ended stays so.

    :raises NotAllowed: as `make_feed`
    """
    _require_may(by, feed.practitioner)
    with transaction.atomic(durable=True):
        locked = CalendarFeed.objects.select_for_update(of=("self",)).get(pk=feed.pk)
        if locked.revoked_at is None:
            _end(locked, by, now)


def _end(feed: CalendarFeed, by: User, now: datetime) -> None:
    feed.revoked_at, feed.revoked_by = now, by
    feed.save(update_fields=["revoked_at", "revoked_by"])
    record_event(action="calendar-feed-revoked", entity=feed, by=by, now=now)


def _require_may(by: User, practitioner: Practitioner | None) -> None:
    own = is_therapist(by) and practitioner is not None and practitioner.user_id == by.pk
    if not (own or manages(by) or by.role == Role.OWNER):
        raise NotAllowed
