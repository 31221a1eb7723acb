"""Offering freed times to those who wait: the first in line whom a time fits, then the next.

Each offer is a transaction of its own. It claims the row of the freed time with SKIP LOCKED, so two sweeps never serve
the same time; nobody ever waits for that row, so it may be locked before everything else.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import BookingError, NotPossibleNow, SlotNotOffered, SlotTaken, TryAgain
from booking.models import FreedTime, HealthcareService, Offer, Practitioner, WaitlistEntry
from booking.reminders.waiting import send_offer
from booking.reminders.ways import can_be_written_to
from booking.rules.availability import Slot
from booking.rules.intervals import Interval
from booking.rules.waitlist import best_slot, next_asking, offer_ends
from booking.rules.walltime import wall_date
from booking.selectors.openings import Notice
from booking.selectors.slots import free_times
from booking.selectors.waitlist import InLine, due_freed_times, line_for, offer_hours_of
from booking.services.batches import work_off
from booking.services.constraints import named_constraints
from booking.services.offers import MadeOffer, Terms, expire_offers, make_offer
from booking.services.states import require_clinic
from intake.errors import IncompleteAnswers
from intake.models import User

log = logging.getLogger(__name__)
_TRIES = 3
_SOON = timedelta(minutes=1)


class _NotOurs(Exception):
    """Another sweep is at this freed time, it is done with, or it is being booked at this moment."""


class _FreeNearby:
    """What is free on the freed stretch's days, looked up once for each service until something changes."""

    def __init__(self, freed: FreedTime, now: datetime) -> None:
        self.freed, self.now = freed, now
        self._known: dict[UUID, list[Slot]] = {}

    def slots(self, service: HealthcareService) -> list[Slot]:
        if service.pk not in self._known:
            zone = self.freed.location.time_zone
            self._known[service.pk] = free_times(
                service=service,
                practitioner=self.freed.practitioner,
                location=self.freed.location,
                from_date=wall_date(self.freed.start, zone),
                to_date=wall_date(self.freed.end, zone),
                now=self.now,
            ).slots
        return self._known[service.pk]

    def best_for(self, one: InLine, *, not_before: datetime) -> Slot | None:
        """The best of it for somebody in line that does not begin before that moment."""
        return best_slot(
            self.slots(one.entry.service),
            freed=Interval(self.freed.start, self.freed.end),
            wanted=one.wanted,
            not_before=not_before,
            zone=self.freed.location.time_zone,
        )

    def forget(self) -> None:
        self._known.clear()


def offer_freed_times(*, now: datetime) -> int:
    """End what ran out and offer every freed time that is due; how many offers were made. Safe twice and beside itself.

    At night a time waits for the morning. One that nobody is left for is done with: it stays free for all. Whoever is
    answering another offer may say no to that, and is asked about this one then.
    """
    expire_offers(now=now)
    made: list[int] = []
    work_off(due_freed_times(now=now)[:100], lambda freed: made.append(_serve(freed, now)))
    return sum(made)


def offer_by_hand(
    *, entry: WaitlistEntry, practitioner: Practitioner, start: datetime, by: User, now: datetime
) -> MadeOffer:
    """Offer a free time to somebody who waits, whoever else is in line; the clinic's notice is waived.

    :raises NotPossibleNow: they wait no longer, have an offer already or no address, or it is night
    :raises NotCleared, SlotTaken, SlotNotOffered: as any hold
    """
    require_clinic(by)
    if not can_be_written_to(entry.patient, "waitlist-offer"):
        raise NotPossibleNow(_("There is no way to write to them. Please call them and book the time."))
    ends = offer_ends(now, offer_hours_of(entry.location))
    if ends is None:
        raise NotPossibleNow(_("Nobody is written to at this hour. Please call them."))
    terms = _terms(entry, practitioner, start, ends)
    with named_constraints(), transaction.atomic(durable=True):
        return _make_and_tell(terms, by=by, now=now)


def _serve(freed: FreedTime, now: datetime) -> int:
    """Go down the line until the freed stretch is filled or nobody is left."""
    hours = offer_hours_of(freed.location)
    ends = offer_ends(now, hours)
    if ends is None:
        FreedTime.objects.filter(pk=freed.pk, handled_at=None).update(due_at=next_asking(now, hours))
        return 0
    made, free, may_want_it = 0, _FreeNearby(freed, now), False
    try:
        for one in line_for(freed, now=now):
            if one.is_answering:
                may_want_it = may_want_it or free.best_for(one, not_before=ends) is not None
            else:
                made += _ask(one, free, ends, now)
    except (_NotOurs, TryAgain):
        return made  # whoever comes next in line is not asked before this one: the next sweep goes on
    if not made and may_want_it:
        FreedTime.objects.filter(pk=freed.pk, handled_at=None).update(due_at=now + _SOON)
    elif not made:
        _close(freed, now)
    return made


def _ask(one: InLine, free: _FreeNearby, ends: datetime, now: datetime) -> bool:
    """Offer them what fits best of the freed stretch as it is now.

    :raises _NotOurs, TryAgain: not now
    """
    freed, is_request = free.freed, False
    for _try in range(_TRIES):
        notice = Notice(is_request=is_request).minutes_at(freed.location)
        slot = free.best_for(one, not_before=ends + timedelta(minutes=notice))
        if slot is None:
            return False
        free.forget()  # whatever becomes of it, some of it may be taken afterwards
        try:
            return _offer(one.entry, freed, slot, ends, now)
        except SlotTaken:
            continue  # booked a moment ago; perhaps a quarter of an hour later still fits
        except SlotNotOffered:
            if is_request:
                return False
            is_request = True  # what a therapist decides first takes more notice; a later time may still fit
        except TryAgain:
            raise
        except (BookingError, IncompleteAnswers) as refusal:
            log.info("Waitlist entry %s is passed over: %s", one.entry.pk, refusal.code)
            return False
    raise _NotOurs


def _offer(entry: WaitlistEntry, freed: FreedTime, slot: Slot, ends: datetime, now: datetime) -> bool:
    with named_constraints(), transaction.atomic(durable=True):
        rows = FreedTime.objects.select_for_update(no_key=True, skip_locked=True)
        if rows.filter(pk=freed.pk, handled_at=None).first() is None:
            raise _NotOurs
        _make_and_tell(_terms(entry, freed.practitioner, slot.start, ends, freed), now=now)
        return True


def _make_and_tell(terms: Terms, *, by: User | None = None, now: datetime) -> MadeOffer:
    made = make_offer(terms=terms, by=by, now=now)
    send_offer(
        kind="waitlist-offer",
        hold=made.offer.hold,
        patient=terms.patient,
        token=made.token,
        until=terms.expires_at,
        now=now,
    )
    return made


def _terms(
    entry: WaitlistEntry, practitioner: Practitioner, start: datetime, ends: datetime, freed: FreedTime | None = None
) -> Terms:
    return Terms(
        service=entry.service,
        practitioner=practitioner,
        start=start,
        expires_at=ends,
        entry=entry,
        instead_of=entry.swap_for,
        freed_time=freed,
    )


def _close(freed: FreedTime, now: datetime) -> None:
    asked = Offer.objects.filter(freed_time=freed, status=Offer.Status.OPEN)
    if not asked.exists():
        FreedTime.objects.filter(pk=freed.pk, handled_at=None).update(handled_at=now)
