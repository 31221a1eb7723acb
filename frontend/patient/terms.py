"""What a visit costs, now and later, and until when it can be cancelled or moved: from the rules that charge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from booking.feeds.amounts import money
from booking.feeds.package_words import words_of_session
from booking.feeds.terms_words import card_words, stamp_of, terms_words, words_of_paying
from booking.models import Appointment, Cover
from booking.rules import policy
from booking.rules.packages import by_session
from booking.rules.terms import Agreed, without_paying_first
from booking.selectors.fees import late_fee_of
from booking.selectors.packages import next_session, usable_package
from booking.selectors.terms import agreed_for, agreed_of
from booking.services.moves import may_patient_move
from frontend.templatetags.presentation import moment
from intake.models import Patient


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one visit, and how it is said. Minor units of `currency`; `free_until` may lie in the past: then
    it costs from the first moment. `stamp` is the mark of what is shown.
    """

    agreed: Agreed
    currency: str
    words: Sequence[str] = ()
    stamp: str = ""
    start: datetime | None = None
    payer: str = ""

    @property
    def price(self) -> int:
        return self.agreed.price

    @property
    def by_payer(self) -> int:
        return self.agreed.by_payer

    @property
    def deposit(self) -> int:
        return self.agreed.pay_now

    @property
    def later(self) -> int:
        return self.agreed.at_the_clinic

    @property
    def free_until(self) -> datetime:
        return self.agreed.free_until

    @property
    def free_hours(self) -> int:
        """How long before the visit it is free, in whole hours."""
        return int((self.start - self.agreed.free_until) / timedelta(hours=1)) if self.start else 0

    @property
    def late_fee(self) -> int:
        return self.agreed.late_fee

    @property
    def no_show_fee(self) -> int:
        return self.agreed.no_show_fee

    @property
    def card_words(self) -> Sequence[str]:
        """What it means to pay, or leave a card, when booking."""
        return card_words(self.agreed, self.currency)

    def words_of(self, payment: str) -> str:
        """When how much is paid by whoever chooses so."""
        chosen = self.agreed if payment == "online" else without_paying_first(self.agreed)
        return words_of_paying(chosen, self.currency)

    def label_of(self, payment: str) -> str:
        """The same on a button to choose."""
        way, part = self.agreed.way, self.agreed.pay_now + self.agreed.at_the_clinic
        now, later = money(self.agreed.pay_now, self.currency), money(part, self.currency)
        if payment == "package":
            return gettext("Use a visit from my package")
        if payment == "desk" or (payment == "none" and part):
            without = gettext("Pay at the clinic, and leave no card: %(sum)s")
            return (without if way == "keep-card" else gettext("Pay at the clinic: %(sum)s")) % {"sum": later}
        return {
            "full": gettext("Pay now by card: %(sum)s") % {"sum": now},
            "deposit": gettext("Pay the deposit now by card: %(sum)s. Then %(rest)s at the clinic.")
            % {"sum": now, "rest": money(self.agreed.at_the_clinic, self.currency)},
            "keep-card": gettext("Leave my card, and pay at the clinic: %(sum)s") % {"sum": later},
        }.get(way, gettext("Nothing to pay now"))


def terms_of_hold(hold: Appointment, *, who: object = None, cover: Cover | None = None, now: datetime) -> Terms:
    """The terms as a booking of `who` made now would keep them; `cover` is who pays for the patient."""
    agreed = agreed_for(hold, who=who, cover=cover)
    said: dict[str, Any] = {"zone": hold.time_zone, "currency": hold.currency, "now": now}
    return Terms(
        agreed=agreed,
        currency=hold.currency,
        words=terms_words(agreed, **said),
        stamp=stamp_of(agreed, **said),
        start=hold.start,
        payer=cover.payer.name if cover else "",
    )


def words_with_package(hold: Appointment, agreed: Agreed, *, who: object) -> list[str]:
    """What it means that their package pays; nothing where it can't."""
    package = usable_package(hold, who) if isinstance(who, Patient) else None
    if package is None:
        return []
    _number, worth = next_session(package)
    return words_of_session(by_session(agreed, worth=worth), hold.currency)


def terms_of_visit(visit: Appointment, *, now: datetime) -> Terms:
    """The terms that were agreed to when it was booked."""
    agreed = agreed_of(visit)
    return Terms(
        agreed=agreed,
        currency=visit.currency,
        words=terms_words(agreed, zone=visit.time_zone, currency=visit.currency, now=now),
        payer=visit.cover.payer.name if visit.cover else "",
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
