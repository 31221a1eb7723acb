"""A thousand cancellations through the waitlist, with people who press twice, say yes and no at once, and sweeps beside
each other: no double yes, no lost swap, order kept.
"""

from collections import Counter
from datetime import datetime
from uuid import UUID

import pytest

from booking.models import Appointment, Offer
from booking.services.freed_offers import offer_freed_times
from booking.services.offers import accept_offer, decline_offer
from config.invariants import broken_promises
from tests.booking.services.waitlist_storm import Storm, answer_in_turn
from tests.factories.booking import make_clinic
from tests.races.crowd import at_once

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
GONE = {"hold-expired", "not-possible-now", "slot-taken", "try-again"}


def accept(offer: UUID, now: datetime) -> None:
    accept_offer(offer=Offer.objects.get(pk=offer), payment="none", policies_accepted=True, now=now)


def decline(offer: UUID, now: datetime) -> None:
    decline_offer(offer=Offer.objects.get(pk=offer), now=now)


def sweep(now: datetime) -> None:
    offer_freed_times(now=now)


class Crowd:
    """Every tenth answer is a crowd: two say yes, one says no, and two sweeps run, all in the same moment."""

    def __init__(self) -> None:
        self.number = 0
        self.outcomes: Counter[str] = Counter()

    def __call__(self, offer: Offer, how: str, now: datetime) -> list[str]:
        self.number += 1
        if self.number % 10 or how in ("late", "silence"):
            return answer_in_turn(offer, how, now)
        said = ((accept, (offer.pk, now)),) * 2 + (((decline, (offer.pk, now)),) if how != "yes" else ())
        came = at_once(*said, *((sweep, (now,)),) * 2)
        self.outcomes += came
        return [*came.elements()]


def test_a_thousand_cancellations() -> None:
    crowd = Crowd()
    storm = Storm(make_clinic(), seed=11, answer=crowd)
    storm.blow(1000)
    print(f"{len(storm.taken)} took a time, {storm.swaps} of them a swap; the crowds: {dict(crowd.outcomes)}")
    assert storm.broken == []
    assert set(crowd.outcomes) <= {"done"} | GONE
    assert storm.cancelled >= 1000
    assert storm.swaps > 100
    names = ("guards", "therapist-once", "room-once", "patient-once", "wall-time", "offered-once")
    assert [one for one in broken_promises(now=storm.clock) if one.name in names] == []
    assert not Appointment.objects.filter(status="proposed").exists()
