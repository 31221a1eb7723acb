"""What is agreed with therapists about their pay."""

from collections import defaultdict
from uuid import UUID

from booking.models import Location, PaySplit, Practitioner
from booking.selectors.accounts import first_open_day


def splits_of_therapists(location: Location) -> list[tuple[Practitioner, list[tuple[PaySplit, bool]]]]:
    """Each active therapist's shares, the latest first, and whether no closed month has used it."""
    open_from, found = first_open_day(location), defaultdict[UUID, list[tuple[PaySplit, bool]]](list)
    for split in PaySplit.objects.order_by("-valid_from"):
        found[split.practitioner_id].append((split, split.valid_from >= open_from))
    return [(one, found[one.pk]) for one in Practitioner.objects.filter(active=True)]
