"""The terms of a package in plain words: what is shown before it is paid, and kept with it."""

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from booking.feeds.amounts import money
from booking.models import HealthcareService, PackageOffer
from booking.rules.packages import USABLE_AGAIN, share


def terms_of(offer: PackageOffer) -> list[str]:
    """One sentence or two for each term, in the reader's language."""
    return [
        _("%(sessions)s visits for %(price)s. %(each)s")
        % {"sessions": offer.sessions, "price": money(offer.price_amount, offer.currency), "each": _each(offer)},
        _("For: %(services)s.") % {"services": ", ".join(_name(one) for one in offer.services.all())},
        ngettext(
            "You can use it for visits within %(months)s month from the day you pay.",
            "You can use it for visits within %(months)s months from the day you pay.",
            offer.valid_months,
        )
        % {"months": offer.valid_months},
        _("A visit from your package needs no deposit."),
        _(
            "The visit goes back to your package if you cancel in time, if we cancel, or if your health or your answers"
            " speak against it. It can then be used for %(days)s more days at least."
        )
        % {"days": USABLE_AGAIN.days},
        _(
            "A late cancellation or a missed visit never costs more than the visit itself. If its fee is that high, the"
            " visit is used up. If the fee is lower, the visit goes back to your package and you owe the fee."
        ),
        _(
            "Until it ends, you can have your money back for the visits you have not used: their share of the price,"
            " the way you paid."
        ),
        _("It is for one person and can't be passed on."),
    ]


def name_of(offer: PackageOffer) -> str:
    """Its name in the reader's language."""
    return offer.name_fr if offer.name_fr and (get_language() or "").startswith("fr") else offer.name


def _each(offer: PackageOffer) -> str:
    first = share(1, price=offer.price_amount, sessions=offer.sessions)
    last = share(offer.sessions, price=offer.price_amount, sessions=offer.sessions)
    if first == last:
        return _("Each visit counts as %(share)s.") % {"share": money(first, offer.currency)}
    return _("Each visit counts as %(first)s or %(last)s.") % {
        "first": money(first, offer.currency),
        "last": money(last, offer.currency),
    }


def _name(service: HealthcareService) -> str:
    return service.name_fr if service.name_fr and (get_language() or "").startswith("fr") else service.name
