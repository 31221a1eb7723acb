"""What a visit costs, now and later, and until when it can be cancelled or moved: from the rules that charge."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from booking.models import Appointment, Cover
from booking.rules import policy
from booking.rules.covers import deposit_beside
from booking.selectors.covers import split_of
from booking.selectors.fees import late_fee_of
from booking.services.moves import may_patient_move
from frontend.templatetags.presentation import moment


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


def why_no_move(visit: Appointment, *, now: datetime) -> str:
    """Why its patient can't move this visit here any more; empty while they can."""
    place, made = visit.location, visit.moves_made
    if may_patient_move(visit, now=now):
        return ""
    if place.moves_allowed == 0:
        return gettext("This visit can't be moved here, only by phone.")
    if place.moves_allowed is not None and made >= place.moves_allowed:
        once = gettext("This visit can't be moved here any more: you have moved it once already.")
        often = gettext("This visit can't be moved here any more: you have moved it %(times)s times already.")
        return once if made == 1 else often % {"times": made}
    until = moment(visit.start - timedelta(hours=place.move_notice_hours), visit.time_zone)
    return gettext("This visit can't be moved here any more: that was possible until %(until)s.") % {"until": until}
