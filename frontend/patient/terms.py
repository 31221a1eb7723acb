"""What a visit costs, now and later, and until when it can be cancelled: figures from the rules that charge."""

from dataclasses import dataclass
from datetime import datetime

from booking.models import Appointment, Cover
from booking.rules import policy
from booking.rules.covers import deposit_beside
from booking.selectors.covers import split_of
from booking.selectors.fees import late_fee_of


@dataclass(frozen=True, slots=True)
class Terms:
    """Minor units of `currency`. `free_until` may lie in the past: then it costs from the first moment."""

    price: int
    deposit: int
    currency: str
    free_until: datetime
    late_fee: int
    no_show_fee: int
    is_free_now: bool
    by_payer: int = 0
    payer: str = ""

    @property
    def later(self) -> int:
        return self.price - self.by_payer - self.deposit


def terms_of_hold(hold: Appointment, *, cover: Cover | None = None, now: datetime) -> Terms:
    """The terms as a booking made now would keep them; `cover` is who pays for the patient."""
    place = hold.location
    free_until = policy.free_cancel_until(start=hold.start, hours=place.free_cancel_hours)
    shares = split_of(hold, cover)
    return Terms(
        price=hold.price_amount,
        deposit=deposit_beside(hold.deposit_amount, patient=shares.patient),
        by_payer=shares.payer,
        payer=cover.payer.name if cover else "",
        currency=hold.currency,
        free_until=free_until,
        late_fee=policy.share_of(hold.deposit_amount, place.late_fee_percent),
        no_show_fee=policy.share_of(hold.deposit_amount, place.no_show_fee_percent),
        is_free_now=now <= free_until,
    )


def terms_of_visit(visit: Appointment, *, now: datetime) -> Terms:
    """The terms that were agreed to when it was booked."""
    free_until = visit.free_cancel_until or visit.start
    return Terms(
        price=visit.price_amount,
        deposit=visit.deposit_amount,
        by_payer=visit.payer_amount,
        payer=visit.cover.payer.name if visit.cover else "",
        currency=visit.currency,
        free_until=free_until,
        late_fee=visit.late_fee_amount,
        no_show_fee=visit.no_show_fee_amount,
        is_free_now=now <= free_until,
    )


def fee_now(visit: Appointment, *, now: datetime) -> int:
    """What cancelling or moving this visit costs its patient at this moment."""
    return policy.fee_for_cancelling(
        reason="patient",
        free_until=visit.free_cancel_until,
        late_fee=late_fee_of(visit),
        confirmed=visit.status == Appointment.Status.BOOKED,
        now=now,
    )


def answer_due(hold: Appointment, *, now: datetime) -> datetime:
    """Until when a therapist answers a request made now."""
    place = hold.location
    return policy.decide_by(
        start=hold.start,
        response_hours=place.review_response_hours,
        weekly=place.weekly_hours,
        zone=place.time_zone,
        since=now,
        now=now,
    )
