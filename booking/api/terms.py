"""The terms of a visit as they are told to programs, and told again where they have changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from booking.api.serializers import TermsOut
from booking.errors import TermsChanged
from booking.feeds.terms_words import stamp_of, terms_text
from booking.models import Appointment
from booking.selectors.covers import online_cover
from booking.selectors.terms import agreed_for


def terms_told(hold: Appointment, *, who: object = None, now: datetime) -> dict[str, Any]:
    """What holds for a booking of this hold, for `who` or somebody new: as `TermsOut` takes it."""
    agreed = agreed_for(hold, who=who, cover=online_cover(who, hold))
    said: dict[str, Any] = {"zone": hold.time_zone, "currency": hold.currency, "now": now}
    sums = {
        name: {"amount": getattr(agreed, name), "currency": hold.currency}
        for name in ("pay_now", "at_the_clinic", "late_fee", "no_show_fee")
    }
    return {
        **sums,
        "way": agreed.way,
        "or_at_desk": agreed.or_at_desk,
        "free_cancel_until": agreed.free_until,
        "forgives_first_miss": agreed.forgives_first_miss,
        "keeps_card": agreed.keeps_card,
        "text": terms_text(agreed, payment="online", **said),
        "stamp": stamp_of(agreed, **said),
    }


@contextmanager
def changed_terms_told(hold: Appointment, *, who: object, now: datetime) -> Iterator[None]:
    """Whoever agreed to other terms than those that hold is told what holds."""
    try:
        yield
    except TermsChanged as changed:
        told = TermsOut(terms_told(hold, who=who, now=now), context={"time_zone": hold.time_zone})
        raise TermsChanged(terms=told.data) from changed
