"""What is agreed to, in words: shown before anybody agrees, and kept with the visit word for word."""

import json
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

from django.utils.translation import gettext as _

from booking.feeds.amounts import money
from booking.feeds.moments import moment, zone_name
from booking.feeds.package_words import words_of_session
from booking.rules.terms import BEFORE, Agreed, without_paying_first


def terms_text(agreed: Agreed, *, payment: str, zone: str, currency: str, now: datetime) -> str:
    """Everything that holds for a visit paid in that way (online, desk, none, package), a sentence a line."""
    chosen = agreed if payment == "online" else without_paying_first(agreed)
    by_package = words_of_session(chosen, currency) if payment == "package" else None
    lines = by_package or [words_of_paying(chosen, currency), *card_words(chosen, currency)]
    return "\n".join([*lines, *terms_words(chosen, zone=zone, currency=currency, now=now)])


def stamp_of(agreed: Agreed, *, zone: str, currency: str, now: datetime) -> str:
    """A mark of what is shown: it is another one as soon as a sum, a time or a word is."""
    ways = ("online", "desk") if agreed.way in BEFORE and agreed.or_at_desk else ("online",)
    texts = [terms_text(agreed, payment=way, zone=zone, currency=currency, now=now) for way in ways]
    return sha256(json.dumps([sums_of(agreed), texts]).encode()).hexdigest()[:32]


def sums_of(agreed: Agreed) -> dict[str, int | str | bool]:
    """The numbers as they are kept: minor units, flags, and the time in ISO 8601."""
    return asdict(agreed) | {"free_until": agreed.free_until.isoformat()}


def words_of_paying(agreed: Agreed, currency: str) -> str:
    """When how much is paid."""
    now, later = money(agreed.pay_now, currency), money(agreed.at_the_clinic, currency)
    if agreed.way == "full":
        because = _("You pay all of it when you book, %(now)s, because visits were missed before.")
        return (because if agreed.because_of_misses else _("You pay %(now)s now.")) % {"now": now}
    if agreed.way == "deposit":
        return _("You pay a deposit of %(now)s now, and %(later)s at the clinic.") % {"now": now, "later": later}
    if agreed.way == "keep-card":
        if not agreed.at_the_clinic:
            return _("You leave a card with us. Nothing is taken now.")
        return _("You leave a card with us. Nothing is taken now. You pay %(later)s at the clinic.") % {"later": later}
    if agreed.way == "desk":
        return _("You pay %(later)s at the clinic.") % {"later": later}
    if agreed.at_the_clinic:
        return _("There is nothing to pay now. You pay %(later)s at the clinic.") % {"later": later}
    return _("There is nothing to pay now.")


def terms_words(agreed: Agreed, *, zone: str, currency: str, now: datetime) -> list[str]:
    """What it means to cancel, to move and not to come. Times are the clinic's."""
    words = [_about_cancelling(agreed, zone=zone, currency=currency, now=now)]
    if agreed.no_show_fee:
        words.append(_("If you don't come, it costs %(fee)s.") % {"fee": money(agreed.no_show_fee, currency)})
    if agreed.forgives_first_miss:
        words.append(_("The first time you cancel late, move late or don't come, it costs nothing."))
    words.append(_("You never pay a fee because of your health answers, because you are ill, or when we cancel."))
    return words


def words_of_card() -> str:
    """What somebody agrees to who leaves a card."""
    return _(
        "We keep your card for the fees named here and nothing else. Somebody at the clinic looks first, and waits a"
        " day before anything is taken."
    )


def card_words(agreed: Agreed, currency: str) -> list[str]:
    """What it means to pay, or to leave a card, when booking."""
    words = []
    if agreed.pay_now:
        pending = _("Your bank may show %(sum)s as pending until your visit is certain. It is taken then, or let go.")
        words.append(pending % {"sum": money(agreed.pay_now, currency)})
    if agreed.keeps_card:
        words.append(words_of_card())
    return words


def _about_cancelling(agreed: Agreed, *, zone: str, currency: str, now: datetime) -> str:
    fee, until = money(agreed.late_fee, currency), moment(agreed.free_until, zone)
    if not agreed.late_fee:
        return _("You can cancel free of charge until the visit begins.")
    if now <= agreed.free_until:
        words = _("Free to cancel or move until %(until)s (%(zone)s). After that it costs %(fee)s.")
        return words % {"until": until, "zone": zone_name(zone), "fee": fee}
    return _("This visit is soon: once it is booked, cancelling or moving it costs %(fee)s.") % {"fee": fee}
